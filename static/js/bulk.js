// Counts what is ticked, ticks a whole page, and says when more is chosen than there are seats left.
// The server counts again; these numbers are for the person who looks at them.
import { announce } from "./announce.js";

const format = (number) => number.toLocaleString(document.documentElement.lang || undefined);

export function part(root, all) {
  for (const bar of all(root, ".bcn-bulk")) start(bar);
}

function start(bar) {
  // form.elements also holds the boxes in the table, which belong to the form by their form attribute.
  const form = bar.closest("form");
  const boxes = () => [...form.elements].filter((box) => box.type === "checkbox" && box.name === bar.dataset.name);
  const scope = (value) => bar.querySelector(`input[name="scope"][value="${value}"]`);
  const count = bar.querySelector("[data-bulk-count]");
  const over = bar.querySelector("[data-bulk-over]");
  const left = bar.dataset.seatsLeft === "" ? null : Number(bar.dataset.seatsLeft);

  function show() {
    const ticked = boxes().filter((box) => box.checked).length;
    const chosen = scope("matching")?.checked ? Number(bar.dataset.matching) : ticked;
    count.textContent = `${count.dataset.bulkCount} (${format(ticked)})`;
    bar.toggleAttribute("data-active", chosen > 0);
    if (!over || left === null) return;
    const tooMany = chosen > left;
    if (tooMany && over.hidden) announce(over.textContent);
    over.hidden = !tooMany;
  }

  bar.addEventListener("change", (event) => {
    if (event.target.name !== "scope") return;
    const ticks = event.target.value !== "ticked";
    if (ticks) for (const box of boxes()) box.checked = true;
    show();
  });
  document.addEventListener("change", (event) => {
    if (event.target.form !== form || event.target.name !== bar.dataset.name) return;
    // Taking one tick away means: not all of them.
    const own = scope("ticked");
    if (!event.target.checked && own) own.checked = true;
    show();
  });
  show();
}
