// Ties the cells of the page to what the browser keeps of them.

import type { Bar } from "./bar";
import type { Cell } from "./cell";
import { button } from "./dom";
import type { Lesson } from "./lesson";
import type { Finished } from "./protocol";
import {
  type AllWork,
  finishedModules,
  type KeptCell,
  type KeptModule,
  unknownModule,
  Work,
} from "./work";

export interface Kept {
  /** What was known of the module when the page was opened. */
  module: KeptModule;
  /** Work in cells that this edition of the lesson does not have. */
  orphans: KeptCell[];
  change(edit: (module: KeptModule) => void): Promise<void>;
  finish(text: string): Promise<void>;
  /** The modules that this one builds on and that are the learner's own. */
  finishedBefore(): Promise<Finished[]>;
  exported(): Promise<AllWork>;
  replacedBy(work: AllWork): Promise<KeptCell[]>;
  take(work: AllWork): Promise<void>;
}

export async function keepWork(lesson: Lesson, cells: Cell[], bar: Bar): Promise<Kept> {
  const byId = new Map(cells.map((cell) => [cell.data.id, cell]));
  const work = new Work(lesson.module, lesson.edition, {
    changedElsewhere: (id, text) => byId.get(id)?.put(text),
    conflict(id, theirs, keepMine, takeTheirs) {
      const take = (): void => {
        takeTheirs();
        byId.get(id)?.put(theirs);
      };
      bar.notice(
        `${byId.get(id)?.name ?? "A cell"} was changed in another tab as well.`,
        button("Keep what is here", keepMine),
        button("Take the other", take),
      );
    },
    failed: (reason) =>
      bar.notice(
        `This browser cannot keep your work: ${reason}. Save it as a file before you close the page.`,
      ),
  });
  const orphans = [];
  for (const kept of await work.cells()) {
    const cell = byId.get(kept.cell);
    if (cell) cell.put(kept.text);
    else if (kept.text !== kept.original) orphans.push(kept);
  }
  let asked = false;
  for (const cell of cells) {
    cell.written = (text) => {
      if (!asked) void navigator.storage?.persist?.(); // so that a full disk costs others' data first
      asked = true;
      void work.keep(cell.data.id, text, cell.original, cell.data.exercises);
    };
  }
  const known = await work.modules();
  return {
    module: known.find(({ module }) => module === lesson.module) ?? unknownModule(lesson.module),
    orphans,
    change: (edit) => work.change(edit),
    finish: (text) =>
      work.change((module) => {
        module.finished = { text, edition: lesson.edition, date: new Date().toISOString() };
      }),
    async finishedBefore() {
      return (await finishedModules()).filter(({ module }) => lesson.before.includes(module));
    },
    exported: () => work.exported(),
    replacedBy: (all) => work.replacedBy(all),
    take: (all) => work.take(all),
  };
}
