// One polite live region for the whole page. What comes close together is spoken together, and it is emptied again so
// that nobody reads old news at the end of the page.
let waiting = [];
let timer;

export function announce(text) {
  waiting.push(text.replace(/\s+/g, " ").trim());
  clearTimeout(timer);
  // A region that changes in the same breath as the page loads is not spoken.
  timer = setTimeout(speak, 200);
}

function speak() {
  const region = document.getElementById("announcer");
  if (!region) return;
  region.textContent = waiting.join(" ");
  waiting = [];
  timer = setTimeout(() => (region.textContent = ""), 8000);
}
