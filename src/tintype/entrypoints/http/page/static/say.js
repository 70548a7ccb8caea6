// What screen readers are told while the page changes.
let place = null;

export function announceIn(element) {
  place = element;
}

export function say(text) {
  if (place) place.textContent = text;
}
