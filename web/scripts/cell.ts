// A code cell of the page: its editor, what it shows, and what of it has run.

import { Editor } from "./editor";
import type { CellData } from "./lesson";
import { Output } from "./output";

/** What stood in a cell, and above it in the library, when it ran, and in which Python. */
export interface Ran {
  text: string;
  above: string;
  generation: number;
}

export class Cell {
  readonly output: Output;
  text: string;
  ran: Ran | null = null;
  editor: Editor | null = null;
  /** Called with each text that the learner writes. */
  written: (text: string) => void = () => {};
  /** Called after each change of the text, whoever has made it. */
  changed: () => void = () => {};
  /** Called when the learner presses the keys that run a cell. */
  pressed: () => void = () => {};
  #fromElsewhere = false;

  constructor(
    readonly element: HTMLElement,
    readonly data: CellData,
    /** The text as it is handed out. */
    readonly original: string,
  ) {
    this.text = original;
    this.output = new Output(`Output of ${this.name}`);
    element.append(this.output.element);
  }

  get name(): string {
    return `cell ${this.data.number}`;
  }

  /** Whether the cell is part of what the module puts into the library. */
  get exported(): boolean {
    return this.data.kind === "given" || this.data.kind === "exercise";
  }

  /** Have an editor in the place of the text. */
  edit(): Editor {
    if (this.editor) return this.editor;
    const code = this.element.querySelector(".lesson-code");
    const focused = code?.contains(document.activeElement) ?? false;
    const parent = document.createElement("div");
    parent.className = "lesson-editor";
    code?.replaceWith(parent);
    this.editor = new Editor({
      parent,
      text: this.text,
      label: `Code of ${this.name}`,
      changed: (text) => this.#change(text),
      run: () => this.pressed(),
    });
    if (focused) this.editor.focus();
    return this.editor;
  }

  /** Put a text into the cell that is kept already. */
  put(text: string): void {
    this.#fromElsewhere = true;
    if (this.editor) this.editor.text = text;
    else {
      this.text = text;
      if (text !== this.original) this.edit(); // since its colours are those of the original
      this.changed();
    }
    this.#fromElsewhere = false;
  }

  /** Put a text into the cell as if the learner had written it. */
  write(text: string): void {
    this.edit().text = text;
  }

  #change(text: string): void {
    this.text = text;
    if (!this.#fromElsewhere) this.written(text);
    this.changed();
  }
}
