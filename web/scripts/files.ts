// Work as files: saved as the notebook or the .py, taken back from either, and all of it as one.

import type { Bar } from "./bar";
import type { Cell } from "./cell";
import { button, make } from "./dom";
import { download } from "./download";
import type { Kept } from "./keeping";
import type { Lesson, Notebook } from "./lesson";
import type { AllWork, KeptCell } from "./work";

interface Parts {
  lesson: Lesson;
  cells: Cell[];
  kept: Kept;
  bar: Bar;
  mount: HTMLElement;
}

export function addFiles({ lesson, cells, kept, bar, mount }: Parts): void {
  const texts = new Map(cells.map((cell) => [cell.data.id, cell]));
  const textOf = (id: string): string | undefined => texts.get(id)?.text;
  const name = `${lesson.module}_dev`;

  const dialog = make("dialog", { class: "lesson-dialog", "aria-labelledby": "your-work" });
  const said = make("p", { class: "lesson-note", role: "status" });
  const input = make("input", { type: "file", accept: ".ipynb,.py,.json", id: "lesson-file" });
  input.addEventListener("change", () => void open());

  const saveNotebook = button("Save as a notebook", () =>
    download(`${name}.ipynb`, asNotebook(lesson, textOf), "application/x-ipynb+json"),
  );
  const saveFile = button("Save as a .py", () =>
    download(`${name}.py`, asFile(lesson, textOf), "text/x-python"),
  );
  const saveAll = button("Save the work of all modules", () => void exportAll());
  dialog.append(
    make("h2", { id: "your-work" }, "Your work"),
    make(
      "p",
      {},
      "This browser keeps what you write, on this device alone. To have it elsewhere, save it. ",
      "tito test --file, tito module complete and this page take both files.",
    ),
    make("p", {}, saveNotebook, " ", saveFile, " ", saveAll),
    make(
      "p",
      {},
      make("label", { for: "lesson-file" }, "Open a notebook, a .py, or the work of all modules: "),
      input,
    ),
    said,
    make("p", {}, button("Close", () => dialog.close())),
  );
  document.body.append(dialog);
  const openDialog = (): void => {
    said.textContent = "";
    dialog.showModal();
  };
  bar.add(button("Your work", openDialog));
  mount.append(
    make(
      "p",
      { class: "lesson-note" },
      "You can write in the code below, and run it. What you write stays in this browser. ",
      button("Save or open your work", openDialog),
    ),
  );
  showOrphans();

  async function open(): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    said.textContent = await take(await file.text(), file.name);
    input.value = "";
  }

  /** Take a file back into the page; says what came of it. */
  async function take(text: string, file: string): Promise<string> {
    const json = parsed(text);
    if (isAllWork(json)) return takeAll(json);
    if (text.trimStart().startsWith("{") && !isNotebook(json)) {
      return `${file} is neither a notebook nor work that was saved here.`;
    }
    const codes = isNotebook(json) ? codeOf(json) : codeCells(text);
    const taken = match(codes, cells);
    for (const [cell, code] of taken) if (code !== cell.text) cell.write(code);
    if (!taken.size) return `Nothing in ${file} belongs to a cell of this lesson.`;
    return `Taken from ${file}: ${count(taken.size, "cell")}. Ctrl-Z in a cell brings back what was there.`;
  }

  /** Take all work in; where there is other work in the same cells, ask first. */
  async function takeAll(work: AllWork): Promise<string> {
    const replaced = await kept.replacedBy(work);
    if (!replaced.length) return takeCells(work, work.cells);
    const theirs = work.cells.filter(
      ({ module, cell }) => !replaced.some((mine) => mine.module === module && mine.cell === cell),
    );
    const choose = (cells: KeptCell[]): void => {
      choices.remove();
      void takeCells(work, cells).then((text) => (said.textContent = text));
    };
    const choices = make(
      "p",
      {},
      button("Replace what is here", () => choose(work.cells)),
      " ",
      button("Keep what is here, and take the rest", () => choose(theirs)),
    );
    said.after(choices);
    return `There is other work of yours here in ${count(replaced.length, "cell")}.`;
  }

  async function takeCells(work: AllWork, taken: KeptCell[]): Promise<string> {
    await kept.take({ ...work, cells: taken });
    for (const { module, cell, text } of taken) {
      if (module === lesson.module) texts.get(cell)?.put(text);
    }
    const modules = new Set(taken.map(({ module }) => module)).size;
    return `Taken: ${count(taken.length, "cell")} of ${count(modules, "module")}.`;
  }

  async function exportAll(): Promise<void> {
    const all = JSON.stringify(await kept.exported(), null, 1);
    download("tinytorch-work.json", `${all}\n`, "application/json");
  }

  /** The lesson has changed under work that was begun before: have both beside each other. */
  function showOrphans(): void {
    for (const { exercises, text, cell: id } of kept.orphans) {
      const cell = cells.find(({ data }) => data.exercises.some((name) => exercises.includes(name)));
      const shown = make("pre", { class: "lesson-solution", tabindex: "0" }, text);
      const note = make("details", { class: "lesson-orphan", "data-cell": id });
      const what = cell ? "This cell of the lesson" : "A cell that you wrote in";
      const since = cell ? "has changed since you wrote yours" : "is no longer in the lesson";
      note.append(make("summary", {}, `${what} ${since}. Your lines are kept: show them`), shown);
      if (cell) note.append(button("Put them into the cell", () => cell.write(text)));
      if (cell) cell.element.prepend(note);
      else mount.append(note);
    }
  }
}

/** The exercise notebook with the learner's cells in it, in the layout in which Jupyter saves. */
export function asNotebook(lesson: Lesson, textOf: (id: string) => string | undefined): string {
  const cells = lesson.notebook.cells.map((cell) => {
    const text = textOf(cell.id);
    return text === undefined ? cell : { ...cell, source: text.split(/(?<=\n)/) };
  });
  return `${JSON.stringify({ ...lesson.notebook, cells }, null, 1)}\n`;
}

/** The lesson's .py with the learner's cells in it. */
export function asFile(lesson: Lesson, textOf: (id: string) => string | undefined): string {
  return lesson.file
    .map((piece) => (typeof piece === "string" ? piece : (textOf(piece.cell) ?? "")))
    .join("");
}

/** Which code belongs to which cell: what defines the same, or else stands at the same place. */
export function match(codes: string[], cells: Cell[]): Map<Cell, string> {
  const found = new Map<Cell, string>();
  const left = [...codes];
  const claim = (cell: Cell, fits: (code: string) => boolean): void => {
    const index = left.findIndex(fits);
    if (index < 0 || found.has(cell)) return;
    found.set(cell, left[index] as string);
    left.splice(index, 1);
  };
  const ours = cells.filter(({ data }) => data.kind !== "check");
  for (const cell of ours) claim(cell, (code) => code === cell.original);
  for (const cell of ours) {
    const names = definitions(cell.original);
    if (names.length) claim(cell, (code) => definitions(code).some((name) => names.includes(name)));
  }
  for (const cell of ours) {
    const first = firstLine(cell.original);
    claim(cell, (code) => firstLine(code) === first);
  }
  return found;
}

function firstLine(code: string): string {
  return code.split("\n").find((line) => line.trim() && !line.startsWith("#")) ?? "";
}

function definitions(code: string): string[] {
  return [...code.matchAll(/^(?:class|def)\s+(\w+)/gm)].map(([, name]) => name as string);
}

/** The code cells of a text in the percent format. */
function codeCells(text: string): string[] {
  const parts = text.replaceAll("\r\n", "\n").split(/^(# ?%%.*)$/m);
  const cells: string[] = [];
  for (let index = 1; index < parts.length; index += 2) {
    if (/\[(markdown|md|raw)\]/.test(parts[index] ?? "")) continue;
    const code = (parts[index + 1] ?? "").replace(/^\n+|\n+$/g, "");
    if (code) cells.push(code);
  }
  return cells.length ? cells : [text];
}

function codeOf({ cells }: Notebook): string[] {
  return cells
    .filter(({ cell_type }) => cell_type === "code")
    .map(({ source }) => (Array.isArray(source) ? source.join("") : String(source)));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isAllWork(json: unknown): json is AllWork {
  return (json as AllWork | null)?.format === "tinytorch-work";
}

function isNotebook(json: unknown): json is Notebook {
  return Array.isArray((json as Notebook | null)?.cells);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
