// An answer while it is being written: plain text, a caret, what the wait is for.

import { h } from "../common/dom.js";
import { who } from "./message_view.js";
import { operationList } from "./operation_list.js";
import { sentence } from "./outcome.js";
import type { Operation } from "./wire.js";

/** An answer while it is being written: plain text, a caret, what the wait is for. */
export class StreamingAnswer {
  readonly element: HTMLElement;
  private readonly text = document.createTextNode("");
  private readonly said: HTMLElement;
  private readonly hint = h("div", { class: "thinking", role: "status" });
  private readonly model = h("span", { class: "model" });
  private readonly done = h("div");
  private readonly operations: Operation[] = [];
  private counting = 0;

  constructor(private readonly insert: (text: string) => void) {
    const label = who(this.model);
    this.said = h("div", { class: "said plain" }, this.text, h("span", { class: "caret" }));
    this.element = h("article", { class: "message theirs", "aria-label": "Assistant", "aria-busy": "true" }, label, this.said, this.hint, this.done);
  }

  named(model: string): void {
    this.model.textContent = model;
  }

  restart(): void {
    this.text.data = "";
    this.said.classList.remove("begun");
    this.operations.length = 0;
    this.done.replaceChildren();
    this.say("Thinking…");
  }

  append(delta: string): void {
    this.text.appendData(delta);
    this.said.classList.add("begun");
    this.say("");
  }

  say(hint: string): void {
    this.over();
    if (this.hint.textContent !== hint) this.hint.textContent = hint;
  }

  /** Counts the seconds down until the model is asked again; read out once, not every second. */
  wait(seconds: number, why: string): void {
    let left = Math.max(1, Math.round(seconds));
    this.say(`${sentence(why)} Trying again `);
    const clock = h("span", { "aria-hidden": "true" }, `in ${left} s…`);
    this.hint.append(clock);
    this.counting = window.setInterval(() => {
      left -= 1;
      if (left > 0) clock.textContent = `in ${left} s…`;
      else this.say("Trying again…");
    }, 1_000);
  }

  /** Stops the clock: nothing more will come, or something else is said. */
  over(): void {
    clearInterval(this.counting);
  }

  operation(operation: Operation): void {
    this.operations.push(operation);
    const list = operationList(this.operations, this.insert);
    if (list) this.done.replaceChildren(list);
    this.say("");
  }
}
