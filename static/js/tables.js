// A table that fits needs no stop in the tab order; one that scrolls sideways does. The server assumes the latter.
const fit = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth + 1;
    if (scrolls) {
      target.tabIndex = 0;
      target.setAttribute("role", "region");
      target.setAttribute("aria-label", target.dataset.label);
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) target.removeAttribute(name);
    }
  }
});

export function part(root, all) {
  for (const table of all(root, ".bcn-table")) fit.observe(table);
}
