// Curves that grow: the loss and the accuracy of a training, as SVG.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 640;
const HEIGHT = 200;
const LEFT = 44;
const BOTTOM = 24;

export class Chart {
  readonly element = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "lesson-chart",
    role: "img",
  });
  readonly #curve = svg("polyline", { class: "lesson-curve" });
  readonly #points: [number, number][] = [];

  constructor(
    private readonly title: string,
    private readonly most: number,
    private readonly epochs: number,
    private readonly label: (value: number) => string,
  ) {
    for (const share of [0, 0.5, 1]) {
      const y = this.#y(share * most);
      const text = svg("text", { x: `${LEFT - 6}`, y: `${y + 4}`, "text-anchor": "end" });
      text.textContent = label(share * most);
      this.element.append(svg("line", { x1: `${LEFT}`, x2: `${WIDTH}`, y1: `${y}`, y2: `${y}` }), text);
    }
    for (let epoch = 0; epoch <= epochs; epoch++) {
      const text = svg("text", { x: `${this.#x(epoch)}`, y: `${HEIGHT - 6}`, "text-anchor": "middle" });
      text.textContent = `${epoch}`;
      this.element.append(text);
    }
    this.element.append(this.#curve);
    this.#name();
  }

  /** Add a point, after so many epochs. */
  add(epochs: number, value: number): void {
    this.#points.push([this.#x(epochs), this.#y(Math.min(value, this.most))]);
    this.#curve.setAttribute("points", this.#points.map((point) => point.join()).join(" "));
    this.#name(this.label(value));
  }

  #name(latest = "not begun"): void {
    this.element.setAttribute("aria-label", `${this.title}: ${latest}`);
  }

  #x(epochs: number): number {
    return LEFT + ((WIDTH - LEFT - 10) * epochs) / this.epochs;
  }

  #y(value: number): number {
    return 8 + (HEIGHT - BOTTOM - 8) * (1 - value / this.most);
  }
}

function svg(tag: string, attributes: Record<string, string>): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
