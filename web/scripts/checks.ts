// Checks below the exercises, and the finish of the module.

import type { Cell } from "./cell";
import { button, make } from "./dom";
import { asFile } from "./files";
import type { Hints } from "./hints";
import type { Kept } from "./keeping";
import type { Lesson } from "./lesson";
import type { Place } from "./protocol";
import { blamed, type Session } from "./session";
import { isFailure, showVerdict } from "./verdict";

interface Parts {
  lesson: Lesson;
  cells: Cell[];
  session: Session;
  go: (place: Place) => void;
  kept: Kept;
  hints: Hints;
}

export function addChecks({ lesson, cells, session, go, kept, hints }: Parts): void {
  let exercises: Cell[] = [];
  for (const cell of cells) {
    if (cell.data.kind === "exercise") exercises.push(cell);
    if (cell.data.kind !== "check") continue;
    const check = checkButton(cell, cell.data.arguments);
    for (const exercise of exercises) exercise.pressed = check;
    exercises = [];
  }
  addFinish();

  /** A check in the place of a cell; what presses it. */
  function checkButton(cell: Cell, titles: string[]): () => void {
    const verdict = make("div", { class: "lesson-check-verdict", role: "status" });
    const press = (): void => {
      if (!session.busy) void check(cell, titles, verdict);
    };
    const name = titles.length ? titles.join(", ") : "all of the module";
    const element = button("Check", press, `Check ${name}`);
    element.className = "lesson-check";
    cell.element.prepend(
      make("div", { class: "lesson-cell-head" }, element, make("span", {}, name)),
      verdict,
    );
    return press;
  }

  async function check(last: Cell, titles: string[], element: HTMLElement): Promise<boolean> {
    const say = (text: string, place?: Place): void => {
      const note = make("p", { class: "lesson-note" }, text);
      if (place?.cell) note.append(" ", button("Go there", () => go(place)));
      element.replaceChildren(note);
    };
    say("Checking…");
    const verdict = await session.check(last, titles, columnsOf(element), say);
    if (!verdict) return false;
    showVerdict(element, verdict, go, hints);
    const tried = blamed(verdict.results.filter(isFailure));
    hints.offerSolutions(tried);
    for (const { cell: id, line, outcome } of verdict.results) {
      if (outcome === "passed" || !line) continue;
      cells.find((cell) => cell.data.id === id)?.edit().mark(line);
      break;
    }
    await kept.change((module) => {
      module.tried = [...new Set([...module.tried, ...tried])];
    });
    return verdict.passed;
  }

  /** At the end of the lesson: all checks, and then the module is the learner's own. */
  function addFinish(): void {
    const last = cells.at(-1);
    if (!last || !cells.some((cell) => cell.data.kind === "check")) return;
    const verdict = make("div", { class: "lesson-check-verdict", role: "status" });
    const finish = async (): Promise<void> => {
      if (session.busy || !(await check(last, [], verdict))) return;
      await kept.finish(asFile(lesson, (id) => cells.find(({ data }) => data.id === id)?.text));
      const said = `Module ${lesson.digits} is finished: the lessons after it run on your own.`;
      verdict.append(make("p", { class: "lesson-note" }, said));
    };
    const element = button(`Finish module ${lesson.digits}`, () => void finish());
    element.className = "lesson-check lesson-finish";
    last.element.after(
      make("div", { class: "lesson-cell", "data-kind": "check", id: "finish" }, element, verdict),
    );
  }
}

/** How many characters of a verdict fit beside one another. */
function columnsOf(element: HTMLElement): number {
  const probe = make("pre", { class: "lesson-verdict" }, "0".repeat(100));
  probe.style.width = "max-content";
  element.append(probe);
  const style = getComputedStyle(probe);
  const padding = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
  const character = (probe.getBoundingClientRect().width - padding) / 100;
  probe.remove();
  return Math.max(30, Math.min(100, Math.floor((element.clientWidth - padding) / character)));
}
