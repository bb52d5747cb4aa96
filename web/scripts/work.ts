// A learner's work, kept in the browser: each keystroke, for each cell, across tabs.

import { done, NAME, openDatabase, readAll } from "./database";
import type { Finished } from "./protocol";

/** A cell that a learner has written in. */
export interface KeptCell {
  module: string;
  cell: string;
  text: string;
  /** What the cell was when it was handed out. */
  original: string;
  exercises: string[];
  /** The edition of the lesson that it was written in. */
  edition: string;
  /** Counts how often it has been written, so that no tab writes over what it has not seen. */
  version: number;
  /** The tab that has written it last. */
  tab: string;
}

/** What else is known of a learner and a module. */
export interface KeptModule {
  module: string;
  /** How many hints were opened, by exercise. */
  hints: Record<string, number>;
  /** The exercises that were tried. */
  tried: string[];
  /** The module as it was when all its checks passed. */
  finished: { text: string; edition: string; date: string } | null;
}

/** All of a learner's work, to be carried to another machine. */
export interface AllWork {
  format: "tinytorch-work";
  version: 1;
  cells: KeptCell[];
  modules: KeptModule[];
}

export interface Listener {
  /** Another tab has written a cell. */
  changedElsewhere(cell: string, text: string): void;
  /** Another tab has written what this one has not seen, and this one writes, too. */
  conflict(cell: string, theirs: string, keepMine: () => void, takeTheirs: () => void): void;
  /** Nothing can be kept. */
  failed(reason: string): void;
}

interface News {
  module: string;
  cell: string;
  text: string;
  version: number;
}

export class Work {
  readonly #database: Promise<IDBDatabase>;
  readonly #channel = new BroadcastChannel(NAME);
  readonly #tab = `${Date.now()}-${Math.random()}`;
  readonly #versions = new Map<string, number>();
  readonly #writing = new Map<string, number>();

  constructor(
    private readonly module: string,
    private readonly edition: string,
    private readonly listener: Listener,
  ) {
    this.#database = openDatabase();
    this.#channel.onmessage = ({ data }: MessageEvent<News>) => this.#hear(data);
  }

  /** The cells of this module that were written in before. */
  async cells(): Promise<KeptCell[]> {
    const kept = await this.#all<KeptCell>("cells");
    const mine = kept.filter(({ module }) => module === this.module);
    for (const { cell, version } of mine) this.#versions.set(cell, version);
    try {
      return this.#withUnfinished(mine);
    } catch (error) {
      this.listener.failed(reasonOf(error));
      return mine;
    }
  }

  /** The cells, with what a tab was closed over before the database had it. */
  #withUnfinished(kept: KeptCell[]): KeptCell[] {
    const cells = new Map(kept.map((cell) => [cell.cell, cell]));
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(this.#note(""))) continue;
      const noted = JSON.parse(localStorage.getItem(key) ?? "") as KeptCell;
      const before = cells.get(noted.cell);
      if (before && before.version > noted.version && before.tab !== noted.tab) {
        this.#versions.set(noted.cell, noted.version); // so that both are offered
      } else cells.set(noted.cell, { ...noted, version: before?.version ?? 0 });
      void this.keep(noted.cell, noted.text, noted.original, noted.exercises);
    }
    return [...cells.values()];
  }

  /** Where a text is noted until the database has it: this is done before the next keystroke. */
  #note(cell: string): string {
    return `${NAME}:${this.module}:${cell}`;
  }

  async modules(): Promise<KeptModule[]> {
    return this.#all<KeptModule>("modules");
  }

  /** Keep the text of a cell. */
  async keep(cell: string, text: string, original: string, exercises: string[]): Promise<void> {
    const kept: KeptCell = {
      ...{ module: this.module, cell, text, original, exercises, edition: this.edition },
      version: this.#versions.get(cell) ?? 0,
      tab: this.#tab,
    };
    this.#writing.set(cell, (this.#writing.get(cell) ?? 0) + 1);
    try {
      localStorage.setItem(this.#note(cell), JSON.stringify(kept));
      const theirs = await this.#write(kept);
      if (this.#writing.get(cell) === 1) localStorage.removeItem(this.#note(cell));
      if (theirs === null) return;
      this.listener.conflict(
        cell,
        theirs.text,
        () => {
          this.#versions.set(cell, theirs.version);
          void this.keep(cell, text, original, exercises);
        },
        () => this.#versions.set(cell, theirs.version),
      );
    } catch (error) {
      this.listener.failed(reasonOf(error));
    } finally {
      this.#writing.set(cell, (this.#writing.get(cell) ?? 1) - 1);
    }
  }

  /** Change what is known of the module. */
  async change(edit: (module: KeptModule) => void): Promise<void> {
    try {
      const database = await this.#database;
      const transaction = database.transaction("modules", "readwrite");
      const store = transaction.objectStore("modules");
      const request = store.get(this.module) as IDBRequest<KeptModule | undefined>;
      request.onsuccess = () => {
        const module = request.result ?? unknownModule(this.module);
        edit(module);
        store.put(module);
      };
      await done(transaction);
    } catch (error) {
      this.listener.failed(reasonOf(error));
    }
  }

  /** All work in all modules. */
  async exported(): Promise<AllWork> {
    return {
      format: "tinytorch-work",
      version: 1,
      cells: await this.#all<KeptCell>("cells"),
      modules: await this.#all<KeptModule>("modules"),
    };
  }

  /** The cells in which there is other work here than in `work`. */
  async replacedBy(work: AllWork): Promise<KeptCell[]> {
    const here = await this.#all<KeptCell>("cells");
    return here.filter(
      ({ module, cell, text, original }) =>
        text !== original &&
        work.cells.some((their) => their.module === module && their.cell === cell && their.text !== text),
    );
  }

  /** Put in work from another machine, in the place of what is here in the same cells. */
  async take(work: AllWork): Promise<void> {
    const database = await this.#database;
    const transaction = database.transaction(["cells", "modules"], "readwrite");
    const cells = transaction.objectStore("cells");
    for (const kept of work.cells) {
      const { module, cell, text } = kept;
      const request = cells.get([module, cell]) as IDBRequest<KeptCell | undefined>;
      request.onsuccess = () => {
        const version = Math.max(request.result?.version ?? 0, kept.version) + 1;
        cells.put({ ...kept, version, tab: this.#tab });
        transaction.addEventListener("complete", () => {
          if (module === this.module) this.#versions.set(cell, version);
          this.#channel.postMessage({ module, cell, text, version } satisfies News);
        });
      };
    }
    const modules = transaction.objectStore("modules");
    for (const kept of work.modules) {
      const request = modules.get(kept.module) as IDBRequest<KeptModule | undefined>;
      request.onsuccess = () => modules.put(together(request.result, kept));
    }
    await done(transaction);
  }

  /** Write a cell, unless another tab has: then what it has written. */
  async #write(kept: KeptCell): Promise<KeptCell | null> {
    const { module, cell, text } = kept;
    const database = await this.#database;
    const transaction = database.transaction("cells", "readwrite");
    const store = transaction.objectStore("cells");
    const request = store.get([module, cell]) as IDBRequest<KeptCell | undefined>;
    let theirs: KeptCell | null = null;
    let version = 0;
    request.onsuccess = () => {
      const before = request.result;
      const known = this.#versions.get(cell) ?? 0;
      if (before && before.version !== known) {
        theirs = before;
        return;
      }
      version = known + 1;
      transaction.addEventListener("abort", () => this.#versions.set(cell, known));
      store.put({ ...kept, version });
      this.#versions.set(cell, version);
    };
    await done(transaction);
    if (theirs === null) {
      this.#channel.postMessage({ module, cell, text, version } satisfies News);
    }
    return theirs;
  }

  #hear({ module, cell, text, version }: News): void {
    if (module !== this.module || this.#writing.get(cell)) return;
    this.#versions.set(cell, version);
    this.listener.changedElsewhere(cell, text);
  }

  async #all<Kept>(store: string): Promise<Kept[]> {
    try {
      const database = await this.#database;
      const transaction = database.transaction(store);
      const request = transaction.objectStore(store).getAll() as IDBRequest<Kept[]>;
      await done(transaction);
      return request.result;
    } catch (error) {
      this.listener.failed(reasonOf(error));
      return [];
    }
  }
}

/** The modules that the learner has finished: none in a browser that keeps nothing. */
export async function finishedModules(): Promise<Finished[]> {
  const modules = await readAll<KeptModule>("modules").catch(() => []);
  return modules.flatMap(({ module, finished }) =>
    finished ? [{ module, text: finished.text }] : [],
  );
}

/** What is known of a module here and on another machine. */
function together(here: KeptModule | undefined, there: KeptModule): KeptModule {
  if (!here) return there;
  const hints = { ...here.hints };
  for (const [name, count] of Object.entries(there.hints)) {
    hints[name] = Math.max(hints[name] ?? 0, count);
  }
  return {
    module: here.module,
    hints,
    tried: [...new Set([...here.tried, ...there.tried])],
    finished: there.finished ?? here.finished,
  };
}

export function unknownModule(module: string): KeptModule {
  return { module, hints: {}, tried: [], finished: null };
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "QuotaExceededError") {
    return "the disk, or the browser's share of it, is full";
  }
  return error instanceof Error ? error.message : String(error);
}
