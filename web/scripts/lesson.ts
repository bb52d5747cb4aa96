// What a page knows about its lesson, as `tito/site/lesson_data.py` writes it.

export type Kind = "given" | "exercise" | "check" | "question" | "experiment" | "set-up";

export interface CellData {
  id: string;
  /** Its place among the code cells of the notebook, as `tito test` counts them. */
  number: number;
  kind: Kind;
  /** What is to be written in it, by dotted name. */
  exercises: string[];
  /** What its check or its question is called with. */
  arguments: string[];
}

export interface NotebookCell {
  id: string;
  cell_type: "code" | "markdown";
  source: string[];
  [key: string]: unknown;
}

export interface Notebook {
  cells: NotebookCell[];
  [key: string]: unknown;
}

export interface Lesson {
  module: string;
  digits: string;
  /** The modules that come before it. */
  before: string[];
  /** Changes whenever the lesson does. */
  edition: string;
  notebook: Notebook;
  file: (string | { cell: string })[];
  cells: CellData[];
  /** Exercise to the code that answers it. */
  solutions: Record<string, string>;
}

/** The folder of the page's scripts, from which everything else is found. */
export const HERE = new URL(".", import.meta.url);

export async function readLesson(module: string): Promise<Lesson> {
  const answer = await fetch(new URL(`${module}.json`, HERE));
  if (!answer.ok) throw new Error(`The lesson ${module} could not be read: ${answer.status}.`);
  return (await answer.json()) as Lesson;
}

/** The text of a cell as it is handed out. */
export function handedOut(lesson: Lesson, id: string): string {
  const cell = lesson.notebook.cells.find((cell) => cell.id === id);
  if (!cell) throw new Error(`The lesson has no cell ${id}.`);
  return cell.source.join("");
}
