// Coding by keyboard: passages by j and k, words by the arrow keys or the mouse, the kind
// by a digit. Each step is an ordinary address, so that Back and a crash lose nothing.

const screen = document.querySelector<HTMLElement>("[data-coding]");

// Offsets are counted in characters of the text as people see them, not in the units of
// this language: one for every code point.
const points = (s: string): number => [...s].length;

function offsetIn(spoken: HTMLElement, node: Node, offset: number): number {
  const r = document.createRange();
  r.selectNodeContents(spoken);
  r.setEnd(node, offset);
  return points(r.toString());
}

// chosen is what is selected within one passage.
function chosen(): { unit: HTMLElement; from: number; to: number } | null {
  const s = getSelection();
  if (!s || s.isCollapsed || s.rangeCount === 0) {
    return null;
  }
  const r = s.getRangeAt(0);
  const spoken = (r.startContainer.parentElement ?? document.body).closest<HTMLElement>("[data-spoken]");
  const unit = spoken?.closest<HTMLElement>("[data-unit]");
  if (!spoken || !unit || !spoken.contains(r.endContainer)) {
    return null;
  }
  return { unit, from: offsetIn(spoken, r.startContainer, r.startOffset), to: offsetIn(spoken, r.endContainer, r.endOffset) };
}

const current = (): HTMLElement | null =>
  (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("[data-unit]") ??
  document.querySelector<HTMLElement>("[data-unit][aria-current]");

function go(kind: string): void {
  const c = chosen();
  const unit = c?.unit ?? current();
  if (!unit) {
    return;
  }
  const to = new URL(unit.dataset.code ?? "", location.href);
  const here = new URL(location.href).searchParams;
  if (c) {
    to.searchParams.set("from", String(c.from));
    to.searchParams.set("to", String(c.to));
  } else if (here.get("at") === unit.dataset.unit && here.has("to")) {
    to.searchParams.set("from", here.get("from") ?? "0");
    to.searchParams.set("to", here.get("to") ?? "0");
  }
  to.searchParams.set("kind", kind);
  location.assign(to);
}

// Words of the passage in focus are chosen by the arrow keys: right and left move, with
// Shift they widen and narrow.
function moveWord(unit: HTMLElement, forward: boolean, extend: boolean): void {
  const spoken = unit.querySelector<HTMLElement>("[data-spoken]");
  const s = getSelection();
  if (!spoken || !s) {
    return;
  }
  if (!s.anchorNode || !spoken.contains(s.anchorNode)) {
    s.collapse(spoken, 0);
    s.modify("extend", "forward", "word");
    return;
  }
  if (!extend) {
    if (forward) {
      s.collapseToEnd();
    } else {
      s.collapseToStart();
      s.modify("move", "backward", "word");
    }
  }
  s.modify("extend", forward ? "forward" : "backward", "word");
  if (!spoken.contains(s.focusNode)) {
    s.selectAllChildren(spoken);
  }
}

function focusUnit(by: number): void {
  const all = [...document.querySelectorAll<HTMLElement>("[data-unit]")];
  const at = all.indexOf(current() as HTMLElement);
  all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

const kindKeys = ["incident", "detention_stage", "question_asked", "leg", "hiding_period", "exploitation", "episode", "person", "relationship"];

if (screen) {
  document.addEventListener("keydown", (e) => {
    const form = document.querySelector<HTMLFormElement>("[data-coding-form]");
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && form) {
      e.preventDefault();
      form.requestSubmit();
      return;
    }
    const t = e.target;
    if (t instanceof HTMLInputElement || t instanceof HTMLTextAreaElement || t instanceof HTMLSelectElement || e.ctrlKey || e.metaKey || e.altKey ||
      document.documentElement.dataset.keys === "off") {
      return;
    }
    const unit = current();
    if (/^[1-9]$/.test(e.key)) {
      go(kindKeys[Number(e.key) - 1]);
    } else if (e.key === "j" || e.key === "k") {
      e.stopImmediatePropagation();
      focusUnit(e.key === "j" ? 1 : -1);
    } else if (unit && (e.key === "ArrowRight" || e.key === "ArrowLeft")) {
      moveWord(unit, e.key === "ArrowRight", e.shiftKey);
    } else {
      return;
    }
    e.preventDefault();
  }, true);

  // A click on a kind takes the words chosen by the mouse along.
  for (const a of document.querySelectorAll<HTMLAnchorElement>("[data-kind]")) {
    a.addEventListener("click", (e) => {
      if (chosen()) {
        e.preventDefault();
        go(a.dataset.kind ?? "");
      }
    });
  }

  // With a form open, the first question is in focus; else the passage is. The browser
  // itself goes to the passage that the address names, so this comes after that.
  addEventListener("load", () => requestAnimationFrame(() => {
    const first = document.querySelector<HTMLElement>(
      "[data-coding-form] .question:not([hidden]) :is(input, select, textarea):not(#f-record, #f-basis)");
    const unit = document.querySelector<HTMLElement>("[data-unit][aria-current]");
    (first ?? unit)?.focus({ preventScroll: first !== null });
  }));
}
