// One alternative while it is written: its name, what it does, the words so far.

import type { Models } from "../chat/models.js";
import { sentence } from "../chat/outcome.js";
import { followTurn } from "../chat/turn_stream.js";
import { turnDetails, turnFacts } from "../chat/facts.js";
import { h, icon } from "../common/dom.js";
import { count } from "../common/format.js";
import { countWords } from "../editor/word_count.js";
import type { Alternative } from "./wire.js";

export class Column {
  readonly head: HTMLElement;
  readonly body: HTMLElement;
  private readonly facts = h("div", { class: "alternative-facts" });
  private readonly acts = h("div", { class: "alternative-acts" });
  private readonly text = document.createTextNode("");
  private readonly leaveStream: () => void;

  constructor(readonly one: Alternative, models: Models, private readonly stop: () => void, private readonly ended: () => void) {
    const model = models.label(one.turn);
    this.head = h("div", { class: "alternative-head" }, h("h3", {}, one.label), one.label === model ? null : h("div", { class: "alternative-model" }, model), this.facts, this.acts);
    this.body = h("div", { class: "alternative-stream", "aria-busy": String(one.turn.state === "running"), "aria-label": one.label }, this.text, h("span", { class: "caret" }));
    this.leaveStream = one.turn.state === "running" ? this.follow() : () => undefined;
    if (one.turn.state !== "running") this.settle();
  }

  private follow(): () => void {
    this.say("Thinking…");
    this.acts.append(h("button", { type: "button", class: "button small", onclick: this.stop }, icon("stop"), "Stop"));
    return followTurn(this.one.id, {
      started: (attempt) => {
        if (attempt > 1 && this.one.turn.mode === "write") this.text.data = "";
      },
      text: (delta) => {
        this.text.appendData(delta);
        this.say(count(countWords(this.text.data), "word"));
      },
      thinking: () => this.say("Thinking…"),
      waiting: (seconds, message) => this.say(`${sentence(message)} Trying again in ${Math.round(seconds)} s…`),
      operation: ({ placed, text }) => this.text.appendData(`${this.text.data ? "\n\n" : ""}${placed ? "" : "(not placed) "}${text ?? "A passage is taken out."}`),
      usage: () => undefined,
      version: () => undefined,
      ended: () => {
        this.settle();
        this.ended();
      },
      broken: () => this.say("The connection broke; picking it up again…"),
    });
  }

  private settle(): void {
    this.acts.replaceChildren();
    this.body.setAttribute("aria-busy", "false");
    this.body.querySelector(".caret")?.remove();
  }

  private say(text: string): void {
    if (this.facts.textContent !== text) this.facts.textContent = text;
  }

  /** The end of it: words, price, and what can be done. */
  show(one: Alternative, free: boolean, take: (() => void) | null, taken: boolean): void {
    const { turn, words } = one;
    const price = turnFacts(turn, free);
    this.facts.replaceChildren(...[words === null ? "" : count(words, "word"), price].filter(Boolean).join(" · "));
    this.facts.title = turnDetails(turn);
    if (turn.state === "stopped" || turn.state === "interrupted") this.facts.append(h("span", { class: "tag warn" }, turn.state === "stopped" ? "Stopped" : "Cut off"));
    if (taken) this.acts.replaceChildren(h("span", { class: "tag accent" }, "In your text"));
    else if (take) this.acts.replaceChildren(h("button", { type: "button", class: "button small", onclick: take }, icon("check"), "Take this"));
    if (turn.version === null) this.head.append(h("div", { class: `message-problem${turn.state === "failed" ? "" : " calm"}` }, sentence(turn.error?.message ?? (turn.text.trim() || "This one made no text."))));
  }

  leave(): void {
    this.leaveStream();
  }
}
