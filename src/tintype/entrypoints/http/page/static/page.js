// Everything here adds to a page that works without it.
import { watchCard } from "./card.js";
import { copyOnClick } from "./copy.js";
import { announceIn } from "./say.js";
import { uploadFrom } from "./upload.js";

document.documentElement.classList.add("with-script");
announceIn(document.querySelector("#announcement"));
copyOnClick(document.body);

const form = document.querySelector("#upload");
if (form) uploadFrom(form);

for (const card of document.querySelectorAll("main > [data-image]")) watchCard(card);
