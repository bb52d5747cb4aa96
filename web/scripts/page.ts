// The entry of a lesson's page: turns the cells that can be read into cells that run.

import { Bar } from "./bar";
import { Cell } from "./cell";
import { addChecks } from "./checks";
import { addControls } from "./controls";
import { addHints } from "./hints";
import { handedOut, type Lesson, readLesson } from "./lesson";
import { workOffline } from "./offline";
import type { Place } from "./protocol";
import { Python } from "./python";
import { Session } from "./session";
import { addFiles } from "./files";
import { keepWork } from "./keeping";

const mount = document.getElementById("lesson");
if (mount?.dataset.module) void begin(mount.dataset.module, mount);

async function begin(module: string, mount: HTMLElement): Promise<void> {
  const lesson = await readLesson(module);
  const cells = cellsOf(lesson);
  const byId = new Map(cells.map((cell) => [cell.data.id, cell]));
  const bar = new Bar(() => python.stop());

  const go = ({ cell: id, line }: Place): void => {
    const cell = id && byId.get(id);
    if (!cell) return;
    const editor = cell.edit();
    if (line) {
      editor.mark(line);
      editor.goTo(line);
    } else editor.focus();
  };
  const kept = await keepWork(lesson, cells, bar);
  const python: Python = new Python(
    async () => ({
      module,
      names: Object.fromEntries(cells.map((cell) => [cell.data.id, cell.name])),
      finished: await kept.finishedBefore(),
    }),
    () => update(),
  );
  const update = (): void => {
    bar.show(python.state, session.busy, python.modules.includes("yours") ? python.modules : "");
    document.documentElement.classList.toggle("lesson-busy", session.busy);
  };
  const session = new Session(cells, python, go, update);

  const hints = addHints(lesson, kept);
  for (const cell of cells) addControls(cell, session);
  addChecks({ lesson, cells, session, go, kept, hints });
  addFiles({ lesson, cells, kept, bar, mount });
  for (const cell of cells) {
    whenNear(cell.element, () => cell.data.kind === "check" || cell.edit());
    cell.element.addEventListener("focusin", () => python.start(), { once: true });
  }
  document.documentElement.dataset.lesson = "ready";
  await workOffline(bar);
}

/** The cells that are on the page, in order. */
function cellsOf(lesson: Lesson): Cell[] {
  return lesson.cells.flatMap((data) => {
    const element = document.getElementById(`cell-${data.id}`);
    return element ? [new Cell(element, data, handedOut(lesson, data.id))] : [];
  });
}

/** Call once an element comes near to what is seen: a lesson has more editors than are looked at. */
function whenNear(element: Element, call: () => void): void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      call();
    },
    { rootMargin: "800px" },
  );
  observer.observe(element);
}
