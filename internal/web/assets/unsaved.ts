// What is typed into a form is kept, sealed on this machine, until it is saved: a crash, a
// lock or a closed window loses nothing. Nothing is kept in the browser.

const wait = 400; // milliseconds after the last key

type Values = [string, string][];

function valuesOf(form: HTMLFormElement): Values {
  const out: Values = [];
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && !name.startsWith("unsaved")) {
      out.push([name, value]);
    }
  }
  return out;
}

// fill puts values back: the nth value of a name into its nth box, choices by their value.
function fill(form: HTMLFormElement, values: Values): void {
  const nth = new Map<string, number>();
  const chosen = new Set(values.map(([n, v]) => n + "\n" + v));
  for (const e of form.elements) {
    if (e instanceof HTMLInputElement && (e.type === "checkbox" || e.type === "radio")) {
      e.checked = chosen.has(e.name + "\n" + e.value);
    } else if (e instanceof HTMLSelectElement && e.multiple) {
      for (const o of e.options) {
        o.selected = chosen.has(e.name + "\n" + o.value);
      }
    } else if (e instanceof HTMLSelectElement || e instanceof HTMLTextAreaElement || e instanceof HTMLInputElement && e.type !== "hidden" && e.type !== "file") {
      const at = nth.get(e.name) ?? 0; // a list and a box beside it may share a name
      nth.set(e.name, at + 1);
      e.value = values.filter(([n]) => n === e.name)[at]?.[1] ?? "";
      if (e instanceof HTMLSelectElement && e.selectedIndex < 0) {
        e.selectedIndex = 0;
      }
    }
  }
  form.dispatchEvent(new Event("input"));
}

function post(path: string, fields: Record<string, string>): Promise<Response> {
  return fetch(path, { method: "POST", body: new URLSearchParams(fields), keepalive: true });
}

const pending = new Set<() => Promise<unknown>>();

// flush keeps at once what waits to be kept.
export async function flush(): Promise<void> {
  await Promise.allSettled([...pending].map((keep) => keep()));
}

function watch(form: HTMLFormElement, at: number): void {
  const here = new URL(location.href);
  const put = [...here.searchParams].filter(([name]) => name.startsWith("put.")); // dates that the life calendar found
  for (const name of ["done", "words", ...put.map(([n]) => n)]) {
    here.searchParams.delete(name);
  }
  const again = form.dataset.unsaved ?? ""; // the form came back with its problems: it is filled in already
  const name = again || here.pathname + here.search + (at > 0 ? "#" + String(at) : "");
  const page = crypto.randomUUID();
  for (const [field, value] of [["unsaved", name], ["unsaved.page", page]]) {
    const mark = document.createElement("input");
    mark.type = "hidden";
    mark.name = field;
    mark.value = value;
    form.append(mark);
  }

  let timer = 0;
  let saved = "";
  const keep = async (): Promise<void> => {
    clearTimeout(timer);
    pending.delete(keep);
    const values = JSON.stringify(valuesOf(form));
    if (values !== saved) {
      saved = values;
      const answer = await post("/unsaved", { form: name, page, values });
      form.dataset.kept = answer.ok ? "yes" : "no";
    }
  };
  const listen = (): void => {
    saved = JSON.stringify(valuesOf(form));
    form.addEventListener("input", () => {
      clearTimeout(timer);
      pending.add(keep);
      timer = window.setTimeout(() => { void keep(); }, wait);
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      pending.delete(keep);
    });
  };
  if (again) {
    listen();
    return;
  }
  void fetch("/unsaved?form=" + encodeURIComponent(name)).then(async (answer) => {
    if (answer.status === 200) {
      fill(form, await answer.json() as Values);
      for (const [field, value] of put) {
        const box = form.elements.namedItem(field.slice(4));
        if (box instanceof HTMLInputElement) {
          box.value = value;
        }
      }
      const note = document.getElementById("restored");
      const box = note?.querySelector<HTMLInputElement>("[name=form]");
      if (note && box) {
        box.value = name;
        note.hidden = false;
      }
    }
    form.dataset.kept = answer.status === 200 ? "yes" : "ready"; // what is back is kept: nobody is held up on leaving
    listen();
  });
}

[...document.querySelectorAll<HTMLFormElement>("form[data-keep]")].forEach(watch);
window.addEventListener("pagehide", () => { void flush(); });
