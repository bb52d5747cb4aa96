// The page's hold on Python: starts it, asks it one thing at a time, and ends it.

import { HERE } from "./lesson";
import type { FromWorker, Request, Shown, Start } from "./protocol";

export type State =
  | { is: "off" }
  | { is: "starting"; text: string; bytes: number }
  | { is: "ready" }
  | { is: "busy"; text: string };

/** Why an answer did not come. */
export class Ended extends Error {
  constructor(
    /** Of these, only what has "failed" leaves Python as it was. */
    readonly why: "stopped" | "crashed" | "late" | "failed",
    message: string,
  ) {
    super(message);
  }
}

interface Asked {
  id: number;
  show: (shown: Shown) => void;
  resolve: (result: never) => void;
  reject: (error: Ended) => void;
}

export class Python {
  state: State = { is: "off" };
  /** Whose the modules of the framework are, in words. */
  modules = "";
  /** Counts the Pythons that have been started: what ran in another has to run again. */
  generation = 0;

  #worker: Worker | null = null;
  #begun: Promise<void> = Promise.resolve();
  #asked: Asked | null = null;
  #serial = 0;

  constructor(
    /** What Python is told first; asked at each start, since learners finish modules. */
    private readonly beginning: () => Promise<Omit<Start, "op">>,
    private readonly changed: () => void,
  ) {}

  /** Start Python, if it is not there yet. */
  start(): void {
    if (this.#worker) return;
    this.generation += 1;
    const worker = new Worker(new URL("worker.js", HERE), { type: "module" });
    this.#worker = worker;
    this.#become({ is: "starting", text: "Python", bytes: 0 });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    worker.onerror = (event) => this.#end("crashed", event.message);
    this.#begun = this.beginning().then((start) => worker.postMessage({ op: "start", ...start }));
  }

  /** Ask for something, and be told what is shown on the way. */
  ask<Result>(request: Request, show: (shown: Shown) => void): Promise<Result> {
    this.start();
    const id = ++this.#serial;
    return new Promise<Result>((resolve, reject) => {
      this.#asked = { id, show, resolve, reject };
      if (this.state.is === "ready") this.#become({ is: "busy", text: "" });
      const worker = this.#worker;
      void this.#begun.then(() => worker?.postMessage({ op: "ask", id, request }));
    });
  }

  /** End Python, whatever it is doing; another one starts at once. */
  stop(why: Ended["why"] = "stopped"): void {
    if (!this.#worker) return;
    this.#end(why, "");
    this.start();
  }

  /** Ask for no more than has been done so far. */
  halt(): void {
    this.#worker?.postMessage({ op: "halt" });
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case "starting":
        if (this.state.is === "busy") this.#become({ is: "busy", text: message.text });
        else if (this.state.is === "starting")
          this.#become({ is: "starting", text: message.text, bytes: message.bytes });
        break;
      case "ready":
        this.modules = message.modules;
        this.#become(this.#asked ? { is: "busy", text: "" } : { is: "ready" });
        break;
      case "shown":
        this.#asked?.show(message.shown);
        break;
      case "result":
        if (this.#asked?.id === message.id) {
          const { resolve } = this.#asked;
          this.#asked = null;
          this.#become({ is: "ready" });
          resolve(message.result as never);
        }
        break;
      case "failed":
        if (message.id === null) this.#end("crashed", message.text);
        else if (this.#asked?.id === message.id) {
          const { reject } = this.#asked;
          this.#asked = null;
          this.#become({ is: "ready" });
          reject(new Ended("failed", message.text));
        }
    }
  }

  #end(why: Ended["why"], message: string): void {
    this.#worker?.terminate();
    this.#worker = null;
    const asked = this.#asked;
    this.#asked = null;
    this.#become({ is: "off" });
    asked?.reject(new Ended(why, message));
  }

  #become(state: State): void {
    this.state = state;
    this.changed();
  }
}
