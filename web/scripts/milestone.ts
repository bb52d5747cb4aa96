// The milestone in the page: a network on the learner's own modules is taught, and reads what is drawn.

import { Bar } from "./bar";
import { Chart } from "./chart";
import { put, readAll } from "./database";
import { button, make } from "./dom";
import { download } from "./download";
import { Drawing } from "./drawing";
import { workOffline } from "./offline";
import { imageOf, patternOf } from "./pictures";
import type { Progress, Reading, Trained } from "./protocol";
import { Ended, Python } from "./python";
import { finishedModules } from "./work";

interface KeptWeights {
  milestone: "mnist";
  weights: Uint8Array;
  /** Where they are from, in words. */
  from: string;
}

const WEIGHTS = "weights.safetensors";
// Units of the first layer that are shown: those that say most.
const SHOWN = 12;

const mount = document.getElementById("milestone");
if (mount) void begin(mount);

async function begin(mount: HTMLElement): Promise<void> {
  const bar = new Bar(() => python.stop());
  const python: Python = new Python(
    async () => ({ module: null, names: {}, finished: await finishedModules() }),
    () => bar.show(python.state, false),
  );
  let weights: KeptWeights | null = null;
  let patterns: number[][] = [];
  let isTraining = false;

  // Teaching.
  const epochs = make("input", { type: "number", min: "1", max: "16", value: "2", id: "epochs" });
  const said = make("p", { class: "lesson-note", role: "status" });
  const curves = make("div", { class: "lesson-curves" });
  const mistakes = make("div", { class: "lesson-pictures" });
  const train = button("Train", () => void teach());
  const halt = button("Stop here", () => python.halt());
  const save = button("Save the weights", () => {
    if (weights) download(WEIGHTS, weights.weights, "application/octet-stream");
  });
  train.className = "lesson-run";
  halt.hidden = true;
  save.hidden = true;
  const controls = make(
    "div",
    { class: "lesson-cell-head" },
    make("label", { for: "epochs" }, "Epochs"),
    ...[epochs, train, halt, save],
  );
  document.getElementById("train")?.append(
    make("div", { class: "lesson-cell" }, controls, said, curves, mistakes),
  );

  async function teach(): Promise<void> {
    if (isTraining) return;
    isTraining = true;
    halt.hidden = false;
    train.disabled = true;
    const asked = Math.max(1, Math.min(16, Math.round(Number(epochs.value)) || 1));
    const loss = new Chart("Loss", 2.5, asked, (value) => value.toFixed(2));
    const accuracy = new Chart("Accuracy in training", 1, asked, (value) => `${Math.round(100 * value)}%`);
    curves.replaceChildren(
      make("figure", {}, loss.element, make("figcaption", {}, "Loss, by epochs")),
      make("figure", {}, accuracy.element, make("figcaption", {}, "Accuracy in training, by epochs")),
    );
    mistakes.replaceChildren();
    said.textContent = "Python and MNIST are on their way.";
    let latest: Progress | null = null;
    try {
      const trained = await python.ask<Trained>({ op: "train", epochs: asked }, ({ kind, text }) => {
        if (kind !== "progress") return;
        latest = JSON.parse(text) as Progress;
        const done = latest.epoch - 1 + latest.batch / latest.batches;
        if (latest.loss !== null) loss.add(done, latest.loss);
        accuracy.add(done, latest.accuracy);
        said.textContent = `${described(python)} ${inWords(latest, asked)}`;
      });
      const right = `${(100 * trained.accuracy).toFixed(2)}%`;
      const seconds = (latest as Progress | null)?.seconds.toFixed(1) ?? "0";
      said.textContent = `It reads ${right} of the 10,000 test images right, after ${seconds} s of training. ${described(python)}`;
      mistakes.append(
        ...trained.mistakes.map(({ image, label, read }) =>
          make(
            "figure",
            {},
            imageOf(image, 255, `A ${label}, read as ${read}`),
            make("figcaption", {}, `${label}, read as ${read}`),
          ),
        ),
      );
      await take({
        milestone: "mnist",
        weights: trained.weights,
        from: `These weights were trained in this browser: ${right} of the test images. ${described(python)}`,
      });
      patterns = trained.patterns;
      await put("weights", weights);
    } catch (error) {
      said.textContent = explanation(error);
    } finally {
      isTraining = false;
      halt.hidden = true;
      train.disabled = false;
    }
  }

  // Reading what is drawn.
  const from = make("p", { class: "lesson-note", role: "status" });
  const answer = make("p", { class: "lesson-answer", role: "status" });
  const bars = make("ol", { class: "lesson-probabilities", "aria-label": "Probabilities" });
  const units = make("div", { class: "lesson-pictures" });
  let waiting: Float32Array | null = null;
  let isReading = false;
  let loadedIn = 0; // the Python that has the weights
  const drawing = new Drawing((image) => void read(image));
  const input = make("input", { type: "file", accept: ".safetensors", id: "weights" });
  input.addEventListener("change", () => void open(input.files?.[0]));
  const place = make(
    "div",
    { class: "lesson-cell lesson-reader" },
    make("div", { class: "lesson-board" }, drawing.element, make("div", {}, answer, bars)),
    make("p", { class: "lesson-note" }, make("label", { for: "weights" }, `Weights from ${WEIGHTS}, or drop the file here: `), input),
    from,
    make("p", { class: "lesson-note" }, "The units of the first layer that say most. Orange: where ink counts for it; blue: where it counts against it."),
    units,
  );
  for (const event of ["dragover", "drop"] as const) {
    place.addEventListener(event, (drag) => {
      drag.preventDefault();
      if (event === "drop") void open(drag.dataTransfer?.files[0]);
    });
  }
  document.getElementById("draw")?.append(place);
  show(null);

  async function read(image: Float32Array | null): Promise<void> {
    waiting = image;
    if (image === null) show(null);
    if (isReading || isTraining) return;
    isReading = true;
    try {
      while (waiting) {
        if (!weights) {
          answer.textContent = "It has learned nothing yet: train it above, or open weights.";
          break;
        }
        await load();
        const next: Float32Array = waiting;
        waiting = null;
        show(await python.ask<Reading>({ op: "read", image: next }, () => {}));
      }
    } catch (error) {
      answer.textContent = explanation(error);
    } finally {
      isReading = false;
    }
  }

  /** See that Python has the weights. */
  async function load(): Promise<void> {
    python.start();
    if (!weights || loadedIn === python.generation) return;
    const { weights: content } = weights;
    patterns = await python.ask<number[][]>({ op: "open", name: WEIGHTS, content }, () => {});
    loadedIn = python.generation;
  }

  async function open(file: File | undefined): Promise<void> {
    if (!file) return;
    const content = new Uint8Array(await file.arrayBuffer());
    try {
      patterns = await python.ask<number[][]>({ op: "open", name: file.name, content }, () => {});
      await take({ milestone: "mnist", weights: content, from: `These weights are from ${file.name}.` });
    } catch (error) {
      from.textContent = explanation(error);
    }
    input.value = "";
  }

  async function take(taken: KeptWeights): Promise<void> {
    weights = taken;
    loadedIn = python.generation;
    from.textContent = taken.from;
    save.hidden = false;
    if (waiting) await read(waiting);
  }

  function show(reading: Reading | null): void {
    const probabilities = reading?.probabilities ?? Array<number>(10).fill(0);
    const surest = probabilities.indexOf(Math.max(...probabilities));
    bars.replaceChildren(
      ...probabilities.map((probability, digit) => {
        const percent = reading ? `${Math.round(100 * probability)}%` : "";
        const item = make("li", {}, make("span", {}, `${digit}`), make("span", { class: "lesson-share" }), make("span", {}, percent));
        item.style.setProperty("--share", `${probability}`);
        item.classList.toggle("lesson-surest", reading !== null && digit === surest);
        return item;
      }),
    );
    answer.textContent = reading ? `It reads ${surest === 8 ? "an" : "a"} ${surest}.` : "Draw a digit.";
    const hidden = reading?.hidden ?? [];
    const loudest = hidden.map((_, unit) => unit).sort((a, b) => (hidden[b] ?? 0) - (hidden[a] ?? 0));
    units.replaceChildren(
      ...loudest.slice(0, SHOWN).map((unit) => {
        const value = (hidden[unit] ?? 0).toFixed(1);
        const label = `Unit ${unit} says ${value}`;
        return make("figure", {}, patternOf(patterns[unit] ?? [], label), make("figcaption", {}, `${unit}: ${value}`));
      }),
    );
  }

  const kept = (await readAll<KeptWeights>("weights")).find(({ milestone }) => milestone === "mnist");
  if (kept) {
    weights = kept;
    from.textContent = kept.from;
    save.hidden = false;
  }
  mount.addEventListener("focusin", () => python.start(), { once: true });
  document.getElementById("draw")?.addEventListener("pointerdown", () => python.start(), { once: true });
  document.documentElement.dataset.lesson = "ready";
  await workOffline(bar);
}

function described(python: Python): string {
  return `Modules: ${python.modules}.`;
}

function inWords({ epoch, loss, accuracy, images_per_second }: Progress, epochs: number): string {
  const of = `Epoch ${epoch} of ${epochs}: loss ${loss?.toFixed(4) ?? "is no number"}`;
  const speed = Math.round(images_per_second).toLocaleString("en");
  return `${of}, accuracy ${(100 * accuracy).toFixed(1)}%, ${speed} images a second.`;
}

function explanation(error: unknown): string {
  if (!(error instanceof Ended)) throw error;
  if (error.why === "stopped") return "Stopped. What was trained before is kept.";
  const last = error.message.trim().split("\n").at(-1) ?? "";
  return `It did not work: ${last.replace(/^\w+Error: /, "")}`;
}
