// What the server reported stands on the page and stays. A live region that is already filled when the page loads is
// silent, so the words are also spoken once.
import { announce } from "./announce.js";

export function part(root, all) {
  const texts = all(root, ".bcn-messages .bcn-alert").map((alert) => alert.textContent);
  if (texts.length) announce(texts.join(" "));
}
