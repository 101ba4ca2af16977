// The page of a chain: one key a kind of account, n the next contradiction, e a further
// account of the row that has the focus.

const add = document.querySelector<HTMLElement>("[data-chain]");

document.addEventListener("keydown", (e) => {
  const t = e.target;
  if (!add || t instanceof HTMLInputElement || t instanceof HTMLTextAreaElement || t instanceof HTMLSelectElement || e.ctrlKey || e.metaKey || e.altKey || document.documentElement.dataset.keys === "off") {
    return;
  }
  if (e.key === "n") {
    const all = [...document.querySelectorAll<HTMLElement>("[data-clash]")];
    all[(all.indexOf(document.activeElement as HTMLElement) + 1) % Math.max(1, all.length)]?.focus();
  } else if (e.key === "e") {
    const edit = t instanceof Element ? t.closest<HTMLElement>("[data-edit]")?.dataset.edit : undefined;
    if (!edit) {
      return;
    }
    location.assign(edit);
  } else {
    const b = add.querySelector<HTMLElement>(`[data-key="${CSS.escape(e.key)}"]`);
    if (!b) {
      return;
    }
    b.click();
  }
  e.preventDefault();
  e.stopImmediatePropagation();
}, true);
