// Starts every behavior, once for the page and again for each part that htmx brings in.
// Each start is guarded: one broken part must not stop the others, and without any of them the page still works.
import characterCount from "@uswds/uswds/js/usa-character-count";
import comboBox from "@uswds/uswds/js/usa-combo-box";
import * as bulk from "./bulk.js";
import * as errors from "./errors.js";
import * as forms from "./forms.js";
import * as menus from "./menus.js";
import * as messages from "./messages.js";
import * as progress from "./progress.js";
import * as tables from "./tables.js";

const behaviors = {
  // A long choice list asks to become a combo box by carrying data-combo.
  "combo box": {
    page: () => comboBox.on(document.body),
    part(root) {
      for (const select of all(root, "select[data-combo]")) {
        if (select.closest(".usa-combo-box")) continue;
        const box = document.createElement("div");
        box.className = "usa-combo-box";
        const hint = select.querySelector('option[value=""]');
        if (hint) box.dataset.placeholder = hint.textContent;
        (select.closest(".bcn-select") ?? select).replaceWith(box);
        box.append(select);
      }
      comboBox.init(root);
      // The new input takes over the name and the id; hint, error and state are left behind, so they follow here.
      for (const box of all(root, ".usa-combo-box")) {
        const select = box.querySelector("select");
        const input = box.querySelector('input[role="combobox"]');
        for (const name of ["aria-describedby", "aria-invalid", "required"]) {
          if (select.hasAttribute(name)) input?.setAttribute(name, select.getAttribute(name));
        }
      }
    },
  },
  "character count": {
    page: () => characterCount.on(document.body),
    part: (root) => characterCount.init(root),
  },
  errors,
  forms,
  menus,
  messages,
  bulk,
  progress,
  tables,
};

function all(root, selector) {
  const found = [...root.querySelectorAll(selector)];
  return root.matches?.(selector) ? [root, ...found] : found;
}

function guarded(name, step, root) {
  if (!step) return;
  try {
    step(root, all);
  } catch (error) {
    console.error(`Beacon: "${name}" did not start.`, error);
  }
}

const seen = new WeakSet();

function start(root) {
  if (seen.has(root)) return;
  seen.add(root);
  for (const [name, { part }] of Object.entries(behaviors)) guarded(name, part, root);
}

for (const [name, { page }] of Object.entries(behaviors)) guarded(name, page);
start(document.body);
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
