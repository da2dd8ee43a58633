// The navigation folds on narrow screens; small panels (<details data-popup>) close on Escape, on a click elsewhere
// and when focus moves on.
export function page() {
  const button = document.querySelector("[data-menu-button]");
  const menu = button && document.getElementById(button.getAttribute("aria-controls"));
  button?.addEventListener("click", () => {
    const open = menu.toggleAttribute("data-open");
    button.setAttribute("aria-expanded", String(open));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const popup = event.target.closest?.("details[data-popup][open]") ?? document.querySelector("details[data-popup][open]");
    if (popup) {
      popup.open = false;
      popup.querySelector("summary").focus();
    } else if (menu?.hasAttribute("data-open") && (menu.contains(event.target) || event.target === button)) {
      button.click();
      button.focus();
    }
  });

  const closeOthers = (event) => {
    for (const popup of document.querySelectorAll("details[data-popup][open]")) {
      if (!popup.contains(event.target)) popup.open = false;
    }
  };
  document.addEventListener("click", closeOthers);
  document.addEventListener("focusin", closeOthers);

  document.addEventListener("click", (event) => {
    const popup = event.target.closest("[data-popup-close]")?.closest("details[data-popup]");
    if (!popup) return;
    popup.open = false;
    popup.querySelector("summary").focus();
  });
}

export function part(root, all) {
  for (const button of all(root, "[data-popup-close]")) button.hidden = false;
}
