// What the page and the worker, in which Python runs, say to each other.

/** A module that the learner has finished, to be laid over the framework. */
export interface Finished {
  module: string;
  text: string;
}

export interface Start {
  op: "start";
  /** The module whose lesson this is; none for a page of the framework's network. */
  module: string | null;
  /** Cell to what it is called, such as "cell 9". */
  names: Record<string, string>;
  finished: Finished[];
}

export interface Run {
  op: "run";
  cell: string;
  code: string;
}

export interface Check {
  op: "check";
  /** The units to check; all of the module if there are none. */
  titles: string[];
  /** Checks that ran out of time, and after how many seconds. */
  late: Record<string, number>;
  /** Columns that a line may take. */
  width: number;
}

/** Teach the network of the milestone anew. */
export interface Train {
  op: "train";
  epochs: number;
}

/** Have the network take weights from a file. */
export interface Open {
  op: "open";
  name: string;
  content: Uint8Array;
}

/** Have the network read an image: 784 numbers from 0 to 1, from paper to ink. */
export interface Read {
  op: "read";
  image: Float32Array;
}

/** Tell what a question asks before its experiment is run. */
export interface Ask {
  op: "form";
  question: string;
}

/** Run the experiment behind a question. */
export interface Explore {
  op: "explore";
  question: string;
  settings: Record<string, string>;
  guess: string | null;
}

export type Request = Run | Check | Train | Open | Read | Ask | Explore;

export interface Place {
  cell: string | null;
  line: number | null;
}

export interface RunResult extends Place {
  outcome: "done" | "waiting" | "error";
  /** The traceback, or the line that says what is waited for. */
  text: string;
}

export interface CheckResult extends Place {
  check: string;
  unit: string;
  outcome: "passed" | "failed" | "error" | "timeout" | "waiting";
  mistake: string | null;
  exercise: string | null;
  /** Which hint for the exercise speaks of it; null for the next one. */
  hint: number | null;
}

export interface Verdict {
  passed: boolean;
  /** What `tito test` says, each line with its style. */
  lines: [style: string, text: string][];
  results: CheckResult[];
}

/** Where a training is, of its epoch so far. */
export interface Progress {
  epoch: number;
  batch: number;
  batches: number;
  loss: number | null;
  accuracy: number;
  images_per_second: number;
  seconds: number;
}

/** A network that was taught. */
export interface Trained {
  accuracy: number;
  mistakes: { image: number[]; label: number; read: number }[];
  weights: Uint8Array;
  /** For each unit of the first layer, its weights. */
  patterns: number[][];
}

export interface Reading {
  probabilities: number[];
  hidden: number[];
}

export interface Setting {
  name: string;
  meaning: string;
  value: string;
  choices: string[];
  low: number | null;
  high: number | null;
  whole: boolean;
}

export interface Form {
  guess: string;
  choices: string[];
  settings: Setting[];
}

/** Something that Python shows: a stream's text, HTML, a PNG in base64, a check that begins. */
export interface Shown {
  kind: "stdout" | "stderr" | "html" | "png" | "check" | "progress";
  text: string;
}

export type FromWorker =
  | { type: "starting"; text: string; bytes: number }
  | { type: "ready"; modules: string }
  | { type: "shown"; shown: Shown }
  | { type: "result"; id: number; result: unknown }
  /** Python itself has ended if `id` is null; otherwise what was asked for has failed. */
  | { type: "failed"; id: number | null; text: string };

export type ToWorker = Start | { op: "halt" } | { op: "ask"; id: number; request: Request };
