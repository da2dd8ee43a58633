// Asks how far a job is: every 2 s for 20 s, then every 5 s, after two minutes every 15 s; never while the page is
// hidden, and no more once the job is over. The live region speaks at the start, at each quarter and at the end.
import { announce } from "./announce.js";

const runs = new Map();

function pause(run) {
  const seconds = (Date.now() - run.since) / 1000;
  if (run.trouble || seconds > 120) return 15000;
  return seconds > 20 ? 5000 : 2000;
}

function ask(element) {
  if (!element.isConnected) return;
  if (document.hidden) {
    document.addEventListener("visibilitychange", () => ask(element), { once: true });
    return;
  }
  window.htmx?.trigger(element, "beacon:poll");
}

export function part(root, all) {
  for (const element of all(root, "[data-progress]")) start(element);
}

function start(element) {
  const { url, done, total } = element.dataset;
  const finished = "finished" in element.dataset;
  const known = runs.has(url);
  const run = runs.get(url) ?? { since: Date.now(), quarter: 0, trouble: false };
  run.trouble = false;
  if (finished) {
    if (known) announce(element.textContent);
    runs.delete(url);
    return;
  }
  const quarter = Number(total) > 0 ? Math.floor((4 * Number(done)) / Number(total)) : 0;
  if (!known || quarter > run.quarter) {
    const words = (part) => element.querySelector(`[data-progress-${part}]`).textContent;
    announce(`${words("label")}. ${words("count")}`);
  }
  run.quarter = quarter;
  runs.set(url, run);
  setTimeout(() => ask(element), pause(run));
}

export function page() {
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      const element = event.target.closest?.("[data-progress]");
      const run = element && runs.get(element.dataset.url);
      if (!run) return;
      run.trouble = true;
      element.querySelector("[data-progress-trouble]").hidden = false;
      setTimeout(() => ask(element), pause(run));
    });
  }
}
