// An image's card, as the server draws it, until nothing more will happen to it.
import { say } from "./say.js";

const FIRST_LOOK_MILLISECONDS = 300;
const RAREST_LOOK_MILLISECONDS = 3000;

export async function showCard(place, imageId) {
  return watchCard(await draw(place, imageId));
}

export async function watchCard(card) {
  let patience = FIRST_LOOK_MILLISECONDS;
  while (card.dataset.final !== "yes") {
    await new Promise((resolve) => setTimeout(resolve, patience));
    patience = Math.min(patience * 1.5, RAREST_LOOK_MILLISECONDS);
    card = await draw(card, card.dataset.image).catch(() => card); // the service may be away a while
  }
  say(`${card.dataset.name}: ${card.querySelector(".state").textContent}`);
  return card;
}

async function draw(place, imageId) {
  const answer = await fetch(`${document.body.dataset.root}/images/${imageId}/card`);
  if (!answer.ok) throw new Error(`The card of ${imageId} cannot be shown.`);
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  const card = document.importNode(drawn.querySelector("article"), true);
  place.replaceWith(card);
  return card;
}
