// A canvas to draw a digit on, and the drawing as MNIST has its images.

import { button, make } from "./dom";

const SIZE = 28; // pixels of an image of MNIST, whose digits are within 20 of them
const BOX = 20;
const CANVAS = 280;
const PEN = 22;

export class Drawing {
  readonly element: HTMLElement;
  readonly #canvas = make("canvas", {
    class: "lesson-canvas",
    width: `${CANVAS}`,
    height: `${CANVAS}`,
    role: "img",
    tabindex: "0",
    "aria-label":
      "Draw a digit with the mouse or a finger; with the keyboard, the arrow keys move the pen, and space puts it down or lifts it.",
  });
  readonly #context = this.#canvas.getContext("2d", { willReadFrequently: true });
  #pen: [number, number] | null = null;

  constructor(private readonly changed: (image: Float32Array | null) => void) {
    this.element = make(
      "div",
      { class: "lesson-drawing" },
      this.#canvas,
      button("Clear", () => this.clear()),
    );
    const canvas = this.#canvas;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#pen = this.#place(event);
      this.#line(this.#pen, this.#pen);
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.#pen || !canvas.hasPointerCapture(event.pointerId)) return;
      const now = this.#place(event);
      this.#line(this.#pen, now);
      this.#pen = now;
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      canvas.addEventListener(end, () => {
        this.#pen = null;
      });
    }
    this.#followKeys();
  }

  clear(): void {
    this.#context?.clearRect(0, 0, CANVAS, CANVAS);
    this.changed(null);
  }

  #followKeys(): void {
    const STEP = 14;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, -STEP],
      ArrowDown: [0, STEP],
    };
    let place: [number, number] = [CANVAS / 2, CANVAS / 4];
    let isDown = false;
    this.#canvas.addEventListener("keydown", (event) => {
      const move = moves[event.key];
      if (event.key === " ") {
        isDown = !isDown;
        if (isDown) this.#line(place, place);
      } else if (move) {
        const clamp = (value: number): number => Math.max(PEN, Math.min(CANVAS - PEN, value));
        const next: [number, number] = [clamp(place[0] + move[0]), clamp(place[1] + move[1])];
        if (isDown) this.#line(place, next);
        place = next;
      } else return;
      event.preventDefault();
    });
  }

  #line(from: [number, number], to: [number, number]): void {
    const context = this.#context;
    if (!context) return;
    Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    this.changed(this.#image());
  }

  #place(event: PointerEvent): [number, number] {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [
      ((event.clientX - left) / width) * CANVAS,
      ((event.clientY - top) / height) * CANVAS,
    ];
  }

  /** Scaled into a box, and its centre of mass in the middle, from 0 (paper) to 1 (ink). */
  #image(): Float32Array | null {
    const pixels = this.#context?.getImageData(0, 0, CANVAS, CANVAS).data;
    if (!pixels) return null;
    let [left, top, right, bottom, mass, centreX, centreY] = [CANVAS, CANVAS, -1, -1, 0, 0, 0];
    for (let y = 0; y < CANVAS; y++) {
      for (let x = 0; x < CANVAS; x++) {
        const ink = pixels[4 * (y * CANVAS + x) + 3] ?? 0;
        if (ink === 0) continue;
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
        [mass, centreX, centreY] = [mass + ink, centreX + x * ink, centreY + y * ink];
      }
    }
    if (right < 0) return null;
    const scale = BOX / Math.max(right - left + 1, bottom - top + 1);
    const small = make("canvas", { width: `${SIZE}`, height: `${SIZE}` }).getContext("2d");
    if (!small) return null;
    small.imageSmoothingQuality = "high";
    const [x, y] = [centreX, centreY].map((centre) => SIZE / 2 - (centre / mass) * scale);
    small.drawImage(this.#canvas, x ?? 0, y ?? 0, CANVAS * scale, CANVAS * scale);
    const shrunk = small.getImageData(0, 0, SIZE, SIZE).data;
    const image = Float32Array.from({ length: SIZE ** 2 }, (_, i) => (shrunk[4 * i + 3] ?? 0) / 255);
    const darkest = Math.max(...image); // thin lines grow pale where they are shrunk
    return image.map((value) => value / darkest);
  }
}
