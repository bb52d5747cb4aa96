// The buttons of a cell.

import type { Cell } from "./cell";
import { button, make } from "./dom";
import type { Session } from "./session";

export function addControls(cell: Cell, session: Session): void {
  if (cell.data.kind === "check") return;
  const run = (): void => {
    if (!session.busy) void session.run(cell);
  };
  cell.pressed = run;
  const what = make("span", { class: "lesson-cell-name" }, title(cell));
  const reset = button("As handed out", () => cell.write(cell.original));
  reset.title = "Put the cell back as it was handed out. Ctrl-Z in the editor undoes it.";
  cell.changed = () => {
    reset.hidden = cell.text === cell.original;
  };
  cell.changed();
  const buttons = [reset];
  if (cell.data.kind !== "given") {
    const press = button("Run", run, `Run ${cell.name}`);
    press.className = "lesson-run";
    buttons.unshift(press);
  }
  cell.element.querySelector(".lesson-code")?.before(
    make("div", { class: "lesson-cell-head" }, what, ...buttons),
  );
}

function title({ name, data }: Cell): string {
  const number = name.replace("cell", "Cell");
  if (data.exercises.length) return `${number}: write ${data.exercises.join(", ")}`;
  return data.kind === "given" ? `${number}, given` : number;
}
