// The bar at the foot of the page: how Python is, the way to stop it, and what is to be said.

import { button, make } from "./dom";
import type { State } from "./python";

export class Bar {
  readonly #status = make("span", { class: "lesson-status", role: "status" });
  readonly #stop: HTMLButtonElement;
  readonly #buttons = make("span", { class: "lesson-bar-buttons" });
  readonly #notices = make("div", { class: "lesson-notices", role: "alert" });

  constructor(stop: () => void) {
    this.#stop = button("Stop", stop);
    this.#stop.className = "lesson-stop";
    this.#stop.hidden = true;
    this.#buttons.append(this.#stop);
    const bar = make("div", { class: "lesson-bar", role: "region", "aria-label": "Python" });
    bar.append(this.#notices, make("div", {}, this.#status, this.#buttons));
    document.body.append(bar);
    this.show({ is: "off" }, false);
  }

  show(state: State, busy: boolean, modules = ""): void {
    this.#stop.hidden = !busy;
    const words = inWords(state) + (modules ? `; ${modules}` : "");
    if (this.#status.textContent !== words) this.#status.textContent = words;
  }

  add(button: HTMLButtonElement): void {
    this.#buttons.append(button);
  }

  /** Say something that stays until it is dismissed; the same is said once. */
  notice(text: string, ...buttons: HTMLButtonElement[]): void {
    const said = [...this.#notices.children].map((notice) => notice.firstChild?.textContent);
    if (said.includes(text)) return;
    const notice = make("p", { class: "lesson-notice" }, make("span", {}, text));
    const dismiss = (): void => notice.remove();
    for (const each of buttons) each.addEventListener("click", dismiss);
    notice.append(...buttons, button("Dismiss", dismiss));
    this.#notices.append(notice);
  }
}

function inWords(state: State): string {
  switch (state.is) {
    case "off":
      return "Python starts when you write";
    case "starting": {
      const megabytes = (state.bytes / 1e6).toFixed(1);
      return `Python is starting: ${state.text}, ${megabytes} MB`;
    }
    case "ready":
      return "Python is ready";
    case "busy":
      return state.text ? `Python fetches ${state.text}` : "Python is at work";
  }
}
