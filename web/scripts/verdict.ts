// A verdict below an exercise: the lines of `tito test`, with ways to the places that they name.

import { button, make } from "./dom";
import type { CheckResult, Place, Verdict } from "./protocol";

export function showVerdict(
  element: HTMLElement,
  verdict: Verdict,
  go: (place: Place) => void,
): void {
  const lines = verdict.lines.map(([style, text]) =>
    make("span", { class: `lesson-line lesson-${style}` }, `${text}\n`),
  );
  const failed = verdict.results.filter(isFailure);
  const places = failed.filter(({ cell, line }) => cell && line);
  element.replaceChildren(
    make("pre", { class: "lesson-verdict", tabindex: "0" }, ...lines),
    ...places.slice(0, 1).map((first) => button(`Go to line ${first.line}`, () => go(first))),
  );
  element.classList.toggle("lesson-passed", verdict.passed);
  element.classList.toggle("lesson-failed", !verdict.passed);
}

export function isFailure({ outcome }: CheckResult): boolean {
  return outcome !== "passed" && outcome !== "waiting";
}
