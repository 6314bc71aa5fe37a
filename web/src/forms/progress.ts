// The list of steps: where the person is, what is done, what is wrong again; and how much of what is needed is there.

import { byId } from "../common/dom.js";
import type { FormState } from "./wire.js";

const SAID = { open: "", done: "done", wrong: "needs another look" } as const;
const NARROW = "(max-width: 900px)";

export class Progress {
  private readonly items = [...document.querySelectorAll<HTMLElement>(".form-progress li")];
  private readonly box = document.querySelector<HTMLDetailsElement>(".progress-box");

  constructor(go: (step: string) => void) {
    for (const item of this.items) {
      item.querySelector("a")?.addEventListener("click", (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(item.dataset["step"] ?? "");
      });
    }
    const narrow = matchMedia(NARROW);
    const fold = (): void => void (this.box && (this.box.open = !narrow.matches));
    narrow.addEventListener("change", fold);
    fold();
  }

  /** A form that was not delivered with its draft comes with links that lead nowhere. */
  of(address: string): void {
    for (const item of this.items) item.querySelector("a")?.setAttribute("href", `${address}/${item.dataset["step"] ?? ""}`);
  }

  states(state: FormState): void {
    for (const { name, state: how } of state.steps) {
      const item = this.items.find(({ dataset }) => dataset["step"] === name);
      if (!item) continue;
      item.dataset["state"] = how;
      const said = item.querySelector(".step-state");
      if (said) said.textContent = SAID[how] ? `, ${SAID[how]}` : "";
    }
  }

  here(step: string): void {
    this.items.forEach((item, index) => {
      const link = item.querySelector("a");
      if (item.dataset["step"] === step) {
        link?.setAttribute("aria-current", "step");
        byId("progress-now").textContent = `Step ${index + 1} of ${this.items.length}: ${item.querySelector(".step-title")?.textContent ?? ""}`;
      } else link?.removeAttribute("aria-current");
    });
    if (this.box && matchMedia(NARROW).matches) this.box.open = false;
  }

  filled(percent: number): void {
    byId<HTMLMeterElement>("completion").value = percent;
    byId("completion-text").textContent = `${percent} % of what is needed`;
  }
}
