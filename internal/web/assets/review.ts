// One key a decision: s same, d different, u unsure, n the next.

const asked = document.querySelector<HTMLFormElement>("[data-review]");

document.addEventListener("keydown", (e) => {
  const t = e.target;
  if (!asked || t instanceof HTMLInputElement || e.ctrlKey || e.metaKey || e.altKey || document.documentElement.dataset.keys === "off") {
    return;
  }
  const b = asked.querySelector<HTMLElement>(`[data-key="${CSS.escape(e.key)}"]`);
  if (b) {
    e.preventDefault();
    e.stopImmediatePropagation();
    b.click();
  }
}, true);
