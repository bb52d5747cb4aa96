// The network of the milestone, in the worker: taught a little at a time, so that it can be halted.

import type { Reading, Shown, Trained } from "./protocol";
import { plain, type Pyodide, type PyProxy } from "./pyodide";

// Seconds of training between two points of the curves.
const SLICE = 0.25;

export class Digits {
  readonly #network: PyProxy;
  #halted = false;

  constructor(
    private readonly python: Pyodide,
    private readonly show: (kind: Shown["kind"], text: string) => void,
    private readonly fetchData: () => Promise<void>,
  ) {
    this.#network = python.pyimport("tito.milestones.in_page").Digits();
  }

  halt(): void {
    this.#halted = true;
  }

  async train(epochs: number): Promise<Trained> {
    await this.fetchData();
    this.#halted = false;
    this.#network.begin(epochs);
    for (;;) {
      const progress = this.#network.go_on(SLICE);
      if (progress === undefined) break;
      this.show("progress", JSON.stringify(plain(progress)));
      await new Promise((resolve) => setTimeout(resolve)); // so that a halt is heard
      if (this.#halted) break;
    }
    return {
      ...plain<Pick<Trained, "accuracy" | "mistakes">>(this.#network.test()),
      weights: plain(this.#network.weights()),
      patterns: plain(this.#network.patterns()),
    };
  }

  /** Take weights from a file; the patterns of the first layer. */
  open(name: string, content: Uint8Array): number[][] {
    this.#network.open(name, this.python.toPy(content));
    return plain(this.#network.patterns());
  }

  read(image: Float32Array): Reading {
    return plain(this.#network.read(this.python.toPy(image)));
  }
}
