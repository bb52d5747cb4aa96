// What the page and the worker, in which Python runs, say to each other.

/** A module that the learner has finished, to be laid over the framework. */
export interface Finished {
  module: string;
  text: string;
}

export interface Start {
  op: "start";
  module: string;
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

export type Request = Run | Check;

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

/** Something that Python shows: a stream's text, HTML, a PNG in base64, a check that begins. */
export interface Shown {
  kind: "stdout" | "stderr" | "html" | "png" | "check";
  text: string;
}

export type FromWorker =
  | { type: "starting"; text: string; bytes: number }
  | { type: "ready"; yours: string[] }
  | { type: "shown"; shown: Shown }
  | { type: "result"; id: number; result: unknown }
  | { type: "failed"; id: number | null; text: string };

export type ToWorker = Start | { op: "ask"; id: number; request: Request };
