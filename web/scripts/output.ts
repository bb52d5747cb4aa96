// What a cell shows below itself.

import { button, make } from "./dom";
import type { Place, Shown } from "./protocol";

export class Output {
  readonly element = make("div", { class: "lesson-output", role: "region", hidden: true });

  constructor(label: string) {
    this.element.setAttribute("aria-label", label);
  }

  clear(): void {
    this.element.replaceChildren();
    this.element.hidden = true;
  }

  show({ kind, text }: Shown): void {
    if (kind === "stdout" || kind === "stderr") this.#print(kind, text);
    else if (kind === "png") this.#put(picture(text));
    else if (kind === "html") this.#put(framed(text));
  }

  /** A sentence of the page itself, with a button that leads to a place. */
  say(text: string, place?: Place, go?: (place: Place) => void): void {
    const line = make("p", { class: "lesson-note", role: "status" }, text);
    if (place?.cell && go) line.append(" ", button("Go there", () => go(place)));
    this.#put(line);
  }

  error(text: string, place: Place, go: (place: Place) => void): void {
    this.#put(make("pre", { class: "lesson-error" }, text));
    if (place.cell) this.#put(button(`Go to line ${place.line}`, () => go(place)));
  }

  #print(kind: "stdout" | "stderr", text: string): void {
    let last = this.element.lastElementChild;
    if (!last?.matches(`pre.lesson-${kind}`)) {
      last = make("pre", { class: `lesson-${kind}`, tabindex: "0" });
      this.#put(last);
    }
    const carriage = text.lastIndexOf("\r");
    if (carriage >= 0 && text[carriage + 1] !== "\n") {
      const whole = (last.textContent ?? "") + text; // a line that is written over
      last.textContent = whole.replace(/[^\n]*\r(?!\n)/g, "");
    } else last.append(text);
  }

  #put(element: Element): void {
    this.element.append(element);
    this.element.hidden = false;
  }
}

function picture(base64: string): HTMLElement {
  const source = `data:image/png;base64,${base64}`;
  return make("img", { src: source, alt: "The picture that this cell draws", loading: "lazy" });
}

/** HTML from Python, in a frame that can run nothing. */
function framed(html: string): HTMLElement {
  const frame = make("iframe", { sandbox: "allow-same-origin", title: "What this cell shows" });
  frame.addEventListener("load", () => {
    const root = frame.contentDocument?.documentElement;
    if (root) frame.style.height = `${root.scrollHeight + 4}px`;
  });
  frame.srcdoc = html;
  return frame;
}
