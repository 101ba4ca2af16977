// Conveniences on top of pages that work without script: single keys, rows by
// keyboard, and questions that show only when they apply. It writes no HTML.

import { flush } from "./unsaved";

const root = document.documentElement;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function lock(): void {
  const form = document.getElementById("lock");
  if (form instanceof HTMLFormElement) {
    // What was typed is kept first, but nothing holds up the lock.
    void Promise.race([flush(), new Promise((done) => { setTimeout(done, 300); })]).then(() => { form.requestSubmit(); });
  }
}

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("a.row")];

function step(by: number): void {
  const all = rows();
  const at = all.indexOf(document.activeElement as HTMLElement);
  all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

const places: Record<string, string> = { d: "/", p: "/list/person", i: "/list/interview", c: "/list/case", v: "/verify", l: "/ledger" };
let prefix = 0;

document.addEventListener("keydown", (e) => {
  if (e.key === "F8") { // the one key that always acts, even while typing
    e.preventDefault();
    lock();
    return;
  }
  if (e.key === "Escape" && typing(e.target)) {
    (e.target as HTMLElement).blur();
    return;
  }
  if (root.dataset.keys === "off" || typing(e.target) || e.ctrlKey || e.metaKey || e.altKey) {
    return;
  }
  const afterG = e.timeStamp - prefix < 1200;
  prefix = 0;
  if (afterG && places[e.key]) {
    location.assign(places[e.key]);
    return;
  }
  switch (e.key) {
    case "g":
      prefix = e.timeStamp;
      break;
    case "/":
      document.getElementById("q")?.focus();
      break;
    case "j":
      step(1);
      break;
    case "k":
      step(-1);
      break;
    case "?":
      location.assign("/help");
      break;
    default:
      return;
  }
  e.preventDefault();
});

// A question with a condition shows only while the condition holds. Terms below the
// one named begin with it, so the beginning is compared.
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-form]")) {
  const conditional = [...form.querySelectorAll<HTMLElement>("[data-when]")];
  const update = (): void => {
    const data = new FormData(form);
    for (const q of conditional) {
      const wanted = (q.dataset.is ?? "").split(" ").filter(Boolean);
      const given = data.getAll(q.dataset.when ?? "").map(String).filter(Boolean);
      q.hidden = !given.some((g) => wanted.length === 0 || wanted.some((w) => g === w || g.startsWith(w + ".")));
    }
  };
  form.addEventListener("input", update);
  update();

  // A half-filled form is not left by accident, unless it was kept.
  let dirty = false;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (e) => {
    if (dirty && form.dataset.kept !== "yes") {
      e.preventDefault();
    }
  });
}
