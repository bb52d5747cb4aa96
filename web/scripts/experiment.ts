// A systems question in the page: a guess, settings to play with, and this browser's own answer.

import { Bar } from "./bar";
import { button, make } from "./dom";
import { workOffline } from "./offline";
import { Output } from "./output";
import type { Form, Setting } from "./protocol";
import { Ended, Python } from "./python";
import { finishedModules } from "./work";

const SLIDER = 1000; // its positions
const WIDE = 100; // a range whose ends are this many times apart is walked by factors

const mount = document.getElementById("experiment");
if (mount?.dataset.question) void begin(mount, mount.dataset.question);

async function begin(mount: HTMLElement, question: string): Promise<void> {
  let busy = false;
  let again = false;
  let guessed: string | null | undefined; // not yet; none; or a guess
  const bar = new Bar(() => python.stop());
  const python: Python = new Python(
    async () => ({ module: null, names: {}, finished: await finishedModules() }),
    () => bar.show(python.state, busy),
  );
  const said = make("p", { class: "lesson-note", role: "status" });
  const output = new Output("The answer");
  const cell = make("div", { class: "lesson-cell" });
  const open = button("Answer it here, in this browser", () => void start());
  open.className = "lesson-run";
  cell.append(make("div", { class: "lesson-cell-head" }, open), said, output.element);
  mount.append(cell);

  async function start(): Promise<void> {
    open.disabled = true;
    said.textContent = "Python is starting.";
    try {
      const form = await python.ask<Form>({ op: "form", question }, () => {});
      open.parentElement?.replaceWith(fields(form));
      said.textContent = "Guess first. Then change a setting, and see what it does.";
    } catch (error) {
      said.textContent = explanation(error);
      open.disabled = false;
    }
  }

  function fields(form: Form): HTMLElement {
    const guess = form.choices.length
      ? make("select", { id: "guess" }, ...["", ...form.choices].map((choice) => make("option", {}, choice)))
      : make("input", { id: "guess", inputmode: "decimal" });
    const answer = (value: string | null): void => {
      guessed = value;
      void run();
    };
    const take = (): void => {
      if (guess.value.trim()) answer(guess.value);
      else said.textContent = "There is no guess yet.";
    };
    guess.addEventListener("keydown", (event) => (event as KeyboardEvent).key === "Enter" && take());
    return make(
      "div",
      { class: "lesson-form" },
      make("div", {}, make("label", { for: "guess" }, form.guess), guess),
      make("div", {}, button("That is my guess", take), button("No guess, show it", () => answer(null))),
      ...form.settings.map((setting) => field(setting)),
    );
  }

  function field(setting: Setting): HTMLElement {
    const { name, meaning, value, choices, low, high } = setting;
    const label = make("label", { for: `set-${name}` }, make("code", {}, name), ` ${meaning}`);
    if (choices.length) {
      const select = make("select", { id: `set-${name}`, "data-setting": name }, ...choices.map((choice) => make("option", {}, choice)));
      select.value = value;
      select.addEventListener("change", changed);
      return make("div", {}, label, select);
    }
    const input = make("input", { id: `set-${name}`, value, "data-setting": name });
    input.addEventListener("change", changed);
    if (low === null || high === null) return make("div", {}, label, input);
    const slider = make("input", { type: "range", min: "0", max: `${SLIDER}`, "aria-label": meaning });
    slider.value = `${position(Number(value), setting)}`;
    slider.addEventListener("input", () => {
      input.value = valueAt(Number(slider.value), setting);
    });
    slider.addEventListener("change", changed);
    input.addEventListener("change", () => {
      slider.value = `${position(Number(input.value), setting)}`;
    });
    return make("div", {}, label, slider, input);
  }

  function changed(): void {
    if (guessed !== undefined) void run();
  }

  /** Run the experiment; what is changed meanwhile makes it run once more. */
  async function run(): Promise<void> {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again) {
        again = false;
        await runOnce();
      }
    } finally {
      busy = false;
      bar.show(python.state, busy);
    }
  }

  async function runOnce(): Promise<void> {
    const settings = Object.fromEntries(
      [...cell.querySelectorAll<HTMLInputElement>("[data-setting]")].map((input) => [
        input.dataset.setting as string,
        input.value,
      ]),
    );
    said.textContent = "Working it out.";
    try {
      const html = await python.ask<string>(
        { op: "explore", question, settings, guess: guessed ?? null },
        ({ kind, text }) => {
          if (kind !== "progress") return;
          const { share, doing } = JSON.parse(text) as { share: number; doing: string };
          said.textContent = `${Math.round(100 * share)}%: ${doing}`;
        },
      );
      output.clear();
      output.show({ kind: "html", text: html });
      said.textContent = "";
    } catch (error) {
      said.textContent = explanation(error);
    }
  }

  document.documentElement.dataset.lesson = "ready";
  await workOffline(bar);
}

/** Where a value is on its slider. */
function position(value: number, { low, high }: Setting): number {
  if (low === null || high === null || !Number.isFinite(value)) return 0;
  const share = byFactors(low, high)
    ? Math.log(value / low) / Math.log(high / low)
    : (value - low) / (high - low);
  return Math.round(SLIDER * share);
}

/** The value at a position of a slider, with three digits that count. */
function valueAt(position: number, { low, high, whole }: Setting): string {
  if (low === null || high === null) return "";
  const share = position / SLIDER;
  const value = byFactors(low, high) ? low * (high / low) ** share : low + share * (high - low);
  const rounded = Number(value.toPrecision(3));
  const within = Math.max(low, Math.min(high, rounded));
  return `${whole ? Math.round(within) : within}`;
}

function byFactors(low: number, high: number): boolean {
  return low > 0 && high / low > WIDE;
}

function explanation(error: unknown): string {
  if (!(error instanceof Ended)) throw error;
  if (error.why === "stopped") return "Stopped. Python starts afresh.";
  const last = error.message.trim().split("\n").at(-1) ?? "";
  return last.replace(/^[\w.]*Error: /, "");
}
