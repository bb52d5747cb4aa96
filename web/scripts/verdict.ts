// A verdict below an exercise: the lines of `tito test`, with ways to the places that they name.

import { button, make } from "./dom";
import type { Hints } from "./hints";
import type { CheckResult, Place, Verdict } from "./protocol";

// A terminal is told the command for a hint here; a page has a button.
const HINT = "   hint      ";
const CONTINUED = " ".repeat(HINT.length);

export function showVerdict(
  element: HTMLElement,
  verdict: Verdict,
  go: (place: Place) => void,
  hints: Hints,
): void {
  let isHint = false;
  const lines = verdict.lines
    .filter(([, text]) => {
      isHint = text.startsWith(HINT) || (isHint && text.startsWith(CONTINUED));
      return !isHint;
    })
    .map(([style, text]) => make("span", { class: `lesson-line lesson-${style}` }, `${text}\n`));
  const buttons = [];
  const first = verdict.results.find(isFailure);
  if (first?.cell && first.line) {
    buttons.push(button(`Go to line ${first.line}`, () => go(first)));
  }
  if (first?.exercise && hints.has(first.exercise)) {
    const { exercise, hint } = first;
    buttons.push(button(`A hint for ${exercise}`, () => hints.open(exercise, hint)));
  }
  element.replaceChildren(
    make("pre", { class: "lesson-verdict", tabindex: "0" }, ...lines),
    make("div", { class: "lesson-ways" }, ...buttons),
  );
  element.classList.toggle("lesson-passed", verdict.passed);
  element.classList.toggle("lesson-failed", !verdict.passed);
}

export function isFailure({ outcome }: CheckResult): boolean {
  return outcome !== "passed" && outcome !== "waiting";
}
