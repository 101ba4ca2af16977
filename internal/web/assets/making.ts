// The page of a figure being made asks how far it is, and moves on when it is done. Nothing
// that has the focus is touched.

const every = 700; // milliseconds

interface Progress { step: string; done: number; of: number; to?: string }

async function follow(section: HTMLElement): Promise<void> {
  const answer = await fetch(section.dataset.making ?? "", { headers: { Accept: "application/json" } });
  if (!answer.ok || !(answer.headers.get("Content-Type") ?? "").startsWith("application/json")) {
    location.assign("/figures?done=gone"); // locked, or forgotten
    return;
  }
  const p = await answer.json() as Progress;
  if (p.to) {
    location.replace(p.to);
    return;
  }
  const step = section.querySelector("[role=status]");
  if (step && step.textContent !== p.step) {
    step.textContent = p.step; // read out only when another step begins
  }
  const bar = section.querySelector("progress");
  if (bar) {
    bar.max = p.of;
    bar.value = p.done;
  }
  window.setTimeout(() => { void follow(section); }, every);
}

const making = document.querySelector<HTMLElement>("[data-making]");
if (making) {
  window.setTimeout(() => { void follow(making); }, every);
}
