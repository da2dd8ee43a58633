// The error summary takes focus, its links move to the field itself, and the title says that there is an error.
export function part(root, all) {
  const [summary] = all(root, ".bcn-errors");
  if (!summary) return;
  summary.focus();
  const prefix = summary.dataset.titlePrefix;
  if (prefix && !document.title.startsWith(prefix)) document.title = `${prefix} ${document.title}`;
}

export function page() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest('.bcn-errors a[href^="#"]');
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    // The label comes into view with its field.
    (field.closest(".usa-form-group") ?? field).scrollIntoView({ block: "start" });
    field.focus({ preventScroll: true });
  });
}
