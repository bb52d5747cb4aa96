// Running and checking cells in the order of the lesson, one thing at a time.

import type { Cell } from "./cell";
import type { CheckResult, Place, RunResult, Shown, Verdict } from "./protocol";
import { Ended, type Python } from "./python";

// Python is started again for each check that does not come to an end; this many are enough.
const MOST_RESTARTS = 4;

export class Session {
  /** Whether something is running. */
  busy = false;

  constructor(
    private readonly cells: Cell[],
    private readonly python: Python,
    private readonly go: (place: Place) => void,
    private readonly changed: () => void,
  ) {}

  /** Run a cell, after what stands above it, as far as that has not run as it is now. */
  async run(cell: Cell): Promise<void> {
    await this.#alone(async () => {
      cell.output.clear();
      try {
        if (await this.#runAbove(cell, false, cell)) await this.#runOne(cell);
      } catch (error) {
        cell.output.say(explanation(error));
      }
    });
  }

  /**
   * Check units of the module on what the cells down to `last` define.
   *
   * Returns nothing if they could not be checked; `say` has told why.
   */
  async check(
    last: Cell,
    titles: string[],
    width: number,
    say: (text: string, place?: Place) => void,
  ): Promise<Verdict | null> {
    return this.#alone(async () => {
      const late: Record<string, number> = {};
      for (let restarts = 0; ; restarts++) {
        let begun = { name: "", limit: 0 };
        let timer = 0;
        const show = ({ kind, text }: Shown): void => {
          if (kind !== "check") return;
          const next = JSON.parse(text) as { name: string; sentence: string; limit: number };
          clearTimeout(timer);
          begun = next;
          timer = setTimeout(() => this.python.stop("late"), 1000 * next.limit);
          say(next.sentence);
        };
        try {
          if (!(await this.#runAbove(last, true, null, say))) return null;
          return await this.python.ask<Verdict>({ op: "check", titles, late, width }, show);
        } catch (error) {
          const isLate = error instanceof Ended && error.why === "late";
          if (!isLate || restarts === MOST_RESTARTS) {
            say(explanation(error));
            return null;
          }
          late[begun.name] = begun.limit;
        } finally {
          clearTimeout(timer);
        }
      }
    });
  }

  /** Whether a cell has run as it is now. */
  isFresh(cell: Cell): boolean {
    return (
      cell.ran?.generation === this.python.generation &&
      cell.ran.text === cell.text &&
      cell.ran.above === this.#libraryAbove(cell)
    );
  }

  async #runAbove(
    last: Cell,
    onlyLibrary: boolean,
    asker: Cell | null,
    say: (text: string, place?: Place) => void = (text, place) =>
      asker?.output.say(text, place, this.go),
  ): Promise<boolean> {
    this.python.start();
    for (const cell of this.cells) {
      if (cell === asker) break;
      const counts = cell.exported || (!onlyLibrary && cell.data.kind === "experiment");
      if (counts && !this.isFresh(cell)) {
        cell.output.clear();
        const { outcome, ...place } = await this.#runOne(cell);
        if (outcome === "error" && cell.exported) {
          say(`It stops at an error in ${cell.name}, which is shown below that cell.`, place);
          return false;
        }
      }
      if (cell === last) break;
    }
    return true;
  }

  async #runOne(cell: Cell): Promise<RunResult> {
    const text = cell.text;
    const above = this.#libraryAbove(cell);
    const request = { op: "run", cell: cell.data.id, code: text } as const;
    const result = await this.python.ask<RunResult>(request, (shown) => cell.output.show(shown));
    cell.ran = { text, above, generation: this.python.generation };
    if (result.outcome === "error") {
      cell.output.error(result.text, result, this.go);
      if (result.cell === cell.data.id) cell.edit().mark(result.line);
    } else if (result.outcome === "waiting") cell.output.say(result.text, result, this.go);
    return result;
  }

  /** The part of the library that stands above a cell: where it changes, all below is out of date. */
  #libraryAbove(cell: Cell): string {
    const above = this.cells.slice(0, this.cells.indexOf(cell));
    return above
      .filter((cell) => cell.exported)
      .map((cell) => cell.text)
      .join("\n");
  }

  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    this.busy = true;
    this.changed();
    try {
      return await work();
    } finally {
      this.busy = false;
      this.changed();
    }
  }
}

/** The exercises to blame for what failed. */
export function blamed(results: CheckResult[]): string[] {
  return results.flatMap(({ exercise }) => (exercise ? [exercise] : []));
}

function explanation(error: unknown): string {
  if (!(error instanceof Ended)) throw error;
  switch (error.why) {
    case "stopped":
      return "Stopped. Nothing that you wrote is lost; Python starts afresh, and what is needed runs again.";
    case "late":
      return "Stopped: it does not come to an end. Python starts afresh.";
    case "failed":
    case "crashed":
      return `Python has ended, and the next run starts another. Its last words: ${lastLine(error.message)}`;
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) || "none";
}
