// Hints that unfold one at a time, and the solution for those who have tried.

import { button, make } from "./dom";
import type { Kept } from "./keeping";
import type { Lesson } from "./lesson";

interface Exercise {
  names: string[];
  hints: HTMLDetailsElement[];
  solutions: HTMLElement;
}

export class Hints {
  constructor(
    private readonly exercises: Exercise[],
    private readonly lesson: Lesson,
  ) {}

  /** Offer to show the solutions of these exercises. */
  offerSolutions(names: string[]): void {
    for (const { names: those, solutions } of this.exercises) {
      for (const name of those) if (names.includes(name)) this.#offer(name, solutions);
    }
  }

  has(name: string): boolean {
    return this.#of(name).length > 0;
  }

  /** Open a hint, by its number, or the next one; those before it can be seen then, too. */
  open(name: string, number: number | null): void {
    const hints = this.#of(name);
    const next = hints.findIndex((hint) => !hint.open);
    const index = number ? number - 1 : next < 0 ? hints.length - 1 : next;
    for (const hint of hints.slice(0, index + 1)) hint.hidden = false;
    const hint = hints[index];
    if (!hint) return;
    hint.open = true;
    hint.querySelector("summary")?.focus();
    hint.scrollIntoView({ block: "center" });
  }

  #of(name: string): HTMLDetailsElement[] {
    return this.exercises.find(({ names }) => names.includes(name))?.hints ?? [];
  }

  #offer(name: string, place: HTMLElement): void {
    const solution = this.lesson.solutions[name];
    if (!solution || place.querySelector(`[data-exercise="${name}"]`)) return;
    const shown = make("pre", { class: "lesson-solution", tabindex: "0", hidden: true }, solution);
    const press = button(`Show a solution of ${name}`, () => {
      shown.hidden = !shown.hidden;
      press.setAttribute("aria-expanded", String(!shown.hidden));
    });
    press.setAttribute("aria-expanded", "false");
    place.append(make("div", { "data-exercise": name }, press, shown));
  }
}

/** Fold the hints so that each shows when the one before it was opened. */
export function addHints(lesson: Lesson, kept: Kept): Hints {
  const exercises = exercisesOnPage();
  const hints = new Hints(exercises, lesson);
  for (const { names, hints: blocks } of exercises) {
    const seen = Math.max(0, ...names.map((name) => kept.module.hints[name] ?? 0));
    blocks.forEach((block, index) => {
      block.hidden = index > seen;
      block.addEventListener("toggle", () => {
        if (!block.open) return;
        const next = blocks[index + 1];
        if (next) next.hidden = false;
        else hints.offerSolutions(names);
        void kept.change((module) => {
          for (const name of names) {
            module.hints[name] = Math.max(module.hints[name] ?? 0, index + 1);
          }
        });
      });
    });
    if (blocks.length && seen >= blocks.length) hints.offerSolutions(names);
  }
  hints.offerSolutions(kept.module.tried);
  return hints;
}

function exercisesOnPage(): Exercise[] {
  const found: Exercise[] = [];
  let current: Exercise | null = null;
  for (const element of document.querySelectorAll("p > strong:first-child, details")) {
    if (element instanceof HTMLDetailsElement) {
      if (current && /^Hint \d/.test(element.querySelector("summary")?.textContent ?? "")) {
        current.hints.push(element);
        element.after(current.solutions);
      }
    } else if (element.textContent?.startsWith("Exercise")) {
      const names = [...element.querySelectorAll("code")].map((code) => code.textContent ?? "");
      const solutions = make("div", { class: "lesson-solutions" });
      current = { names, hints: [], solutions };
      element.parentElement?.after(solutions);
      found.push(current);
    }
  }
  return found;
}
