// Small pictures of 28 by 28 numbers: images of digits, and what a unit looks for.

import { make } from "./dom";

const SIZE = 28;

/** An image in grey: `numbers` from 0 (paper) to `most` (ink). */
export function imageOf(numbers: ArrayLike<number>, most: number, label: string): HTMLElement {
  return painted(label, (index) => {
    const shade = 255 - (255 * (numbers[index] ?? 0)) / most;
    return [shade, shade, shade];
  });
}

/** The weights of a unit: orange where ink counts for it, blue where it counts against it. */
export function patternOf(weights: ArrayLike<number>, label: string): HTMLElement {
  const most = Math.max(1e-9, ...Array.from(weights, Math.abs));
  return painted(label, (index) => {
    const share = (weights[index] ?? 0) / most;
    const pale = 255 * (1 - Math.abs(share));
    return share > 0 ? [255, 140 + pale * 0.45, pale] : [pale, 140 + pale * 0.45, 255];
  });
}

function painted(label: string, colour: (index: number) => number[]): HTMLCanvasElement {
  const canvas = make("canvas", {
    class: "lesson-picture",
    width: `${SIZE}`,
    height: `${SIZE}`,
    role: "img",
    "aria-label": label,
  });
  const data = new ImageData(SIZE, SIZE);
  for (let index = 0; index < SIZE ** 2; index++) {
    data.data.set([...colour(index), 255], 4 * index);
  }
  canvas.getContext("2d")?.putImageData(data, 0, 0);
  return canvas;
}
