// Buttons with data-copy put that text on the clipboard.
import { say } from "./say.js";

const SHOWN_MILLISECONDS = 1500;

export function copyOnClick(element) {
  element.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const copied = await copy(button.dataset.copy);
    const label = button.firstChild;
    const before = label.data;
    if (button.classList.contains("told")) return;
    button.classList.add("told");
    label.data = copied ? "Copied" : "Could not copy";
    say(label.data);
    setTimeout(() => {
      label.data = before;
      button.classList.remove("told");
    }, SHOWN_MILLISECONDS);
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
