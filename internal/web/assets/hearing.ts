// An interview: one key a turn, and a break clock that counts without a sound.

const hearing = document.querySelector<HTMLElement>("[data-hearing]");

function writing(t: EventTarget | null): boolean {
  return t instanceof HTMLInputElement && t.type !== "radio" || t instanceof HTMLTextAreaElement || t instanceof HTMLSelectElement;
}

document.addEventListener("keydown", (e) => {
  if (!hearing) {
    return;
  }
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.target instanceof HTMLTextAreaElement) {
    e.target.form?.querySelector<HTMLElement>("[data-submit]")?.click();
    return;
  }
  if (writing(e.target) || e.ctrlKey || e.metaKey || e.altKey || e.repeat || document.documentElement.dataset.keys === "off") {
    return;
  }
  const b = document.querySelector<HTMLElement>(`main [data-key="${CSS.escape(e.key)}"]`);
  if (!b) {
    return;
  }
  e.preventDefault();
  e.stopImmediatePropagation();
  if (b instanceof HTMLTextAreaElement) {
    b.focus();
  } else {
    b.click();
    b.closest("details")?.querySelector<HTMLElement>("select")?.focus();
  }
}, true);

const timer = document.querySelector<HTMLElement>("[data-timer]");
const minutes = timer?.querySelector<HTMLElement>("[data-minutes]");
const reminder = timer?.querySelector<HTMLElement>("[data-due]");

if (timer && minutes && reminder) {
  const began = Date.now() - Number(timer.dataset.seconds) * 1000;
  const every = Number(timer.dataset.every);
  const tick = (): void => {
    const passed = Math.floor((Date.now() - began) / 60000);
    minutes.textContent = String(passed);
    if (timer.dataset.timer === "talk" && passed >= every && !timer.classList.contains("due")) {
      timer.classList.add("due");
      reminder.textContent = reminder.dataset.due ?? "";
    }
  };
  setInterval(tick, 10000);
  document.addEventListener("visibilitychange", tick);
}
