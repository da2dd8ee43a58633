// A second click on a button that already works must not send the form twice.
const PAUSE = 5000;

export function page() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("method") !== "post" || event.defaultPrevented) return;
    const last = Number(form.dataset.sentAt ?? 0);
    if (Date.now() - last < PAUSE) event.preventDefault();
    else form.dataset.sentAt = Date.now();
  });
  // A page fetched back from memory may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent-at]")) delete form.dataset.sentAt;
  });
}
