// The editor of a cell: CodeMirror, for Python, in the colours of the page.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

const markLine = StateEffect.define<number | null>();

/** The line that a mistake is in, until something is typed. */
const markedLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    if (transaction.docChanged) return Decoration.none;
    for (const effect of transaction.effects) {
      if (!effect.is(markLine)) continue;
      if (effect.value === null) return Decoration.none;
      const { doc } = transaction.state;
      const { from } = doc.line(Math.min(Math.max(1, effect.value), doc.lines));
      return Decoration.set(Decoration.line({ class: "lesson-marked" }).range(from));
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export interface EditorOptions {
  parent: HTMLElement;
  text: string;
  label: string;
  /** Called with each text that the learner makes of it. */
  changed: (text: string) => void;
  /** Called for Shift-Enter and Ctrl-Enter. */
  run: () => void;
}

export class Editor {
  readonly view: EditorView;

  constructor({ parent, text, label, changed, run }: EditorOptions) {
    const press = (): boolean => {
      run();
      return true;
    };
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          history(),
          python(),
          indentUnit.of("    "),
          indentOnInput(),
          bracketMatching(),
          lineNumbers(),
          syntaxHighlighting(classHighlighter),
          markedLine,
          keymap.of([
            { key: "Shift-Enter", run: press },
            { key: "Mod-Enter", run: press },
            indentWithTab, // Escape, then Tab, leaves the editor
            ...defaultKeymap,
            ...historyKeymap,
          ]),
          EditorView.contentAttributes.of({
            "aria-label": `${label}. Escape, then Tab, leaves the editor.`,
            tabindex: "0",
            autocapitalize: "off",
            autocorrect: "off",
            spellcheck: "false",
          }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed(update.state.doc.toString());
          }),
        ],
      }),
    });
  }

  set text(text: string) {
    const { doc } = this.view.state;
    this.view.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
  }

  focus(): void {
    this.view.focus();
  }

  /** Mark a line, counted from 1, or none. */
  mark(line: number | null): void {
    this.view.dispatch({ effects: markLine.of(line) });
  }

  /** Put the cursor on a line, and look at it. */
  goTo(line: number): void {
    const { doc } = this.view.state;
    const { from } = doc.line(Math.min(Math.max(1, line), doc.lines));
    this.view.dispatch({ selection: { anchor: from } });
    this.view.focus();
    const place = this.view.domAtPos(from).node;
    (place instanceof Element ? place : place.parentElement)?.scrollIntoView({ block: "center" });
  }
}
