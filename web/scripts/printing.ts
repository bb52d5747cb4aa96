// What a cell prints, in the worker: sent in pieces, so that an endless loop that prints does not
// bury the page in messages.

import type { Shown } from "./protocol";

const PAUSE = 50; // milliseconds between two pieces
const MOST = 100_000; // characters that are sent for one request

export class Printing {
  #kind: "stdout" | "stderr" = "stdout";
  #text = "";
  #sent = 0;
  #last = 0;

  constructor(private readonly send: (shown: Shown) => void) {}

  /** Begin another request. */
  begin(): void {
    this.flush();
    this.#sent = 0;
  }

  show(shown: Shown): void {
    if (shown.kind !== "stdout" && shown.kind !== "stderr") {
      this.flush();
      this.send(shown);
      return;
    }
    if (this.#sent > MOST) return;
    if (shown.kind !== this.#kind) this.flush();
    this.#kind = shown.kind;
    this.#text += shown.text;
    this.#sent += shown.text.length;
    if (this.#sent > MOST) this.#text += "\n… (more was printed than is shown)\n";
    if (performance.now() - this.#last > PAUSE || this.#sent > MOST) this.flush();
  }

  flush(): void {
    if (!this.#text) return;
    this.send({ kind: this.#kind, text: this.#text });
    this.#text = "";
    this.#last = performance.now();
  }
}
