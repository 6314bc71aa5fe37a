// One message of the conversation, as it is or while it streams.

import { h, icon } from "../common/dom.js";
import { time } from "../common/format.js";
import { turnDetails, turnFacts } from "./facts.js";
import { operationList } from "./operation_list.js";
import type { Message, Mode, Operation, Turn } from "./wire.js";

export interface MessageActions {
  modelLabel(turn: Turn): string;
  isFree(turn: Turn): boolean;
  copy(message: Message): void;
  retry(message: Message): void;
  retryWith(message: Message): void;
  compare(turn: Turn): void;
  use(turn: Turn): void;
  insert(text: string): void;
}

const ASKED: Record<Mode, string> = { ask: "Ask", write: "Write", edit: "Edit" };

export function ownMessage(message: Pick<Message, "content" | "mode" | "created_at">): HTMLElement {
  const kind = message.mode ? `${ASKED[message.mode]} · ` : "";
  return h("article", { class: "message mine", "aria-label": "You" }, h("div", { class: "said" }, message.content), h("div", { class: "message-kind" }, `${kind}${time(message.created_at)}`));
}

const ENDINGS: Record<string, string> = {
  max_tokens: "The answer reached its length limit and was cut here.",
  refusal: "The model declined to answer this.",
  content_filter: "The provider's filter stopped the answer here.",
};

export function answer(message: Message, actions: MessageActions): HTMLElement {
  const { turn } = message;
  const said = h("div", { class: "said" });
  // The server has sanitised this HTML; it is the only markup the page ever takes as markup.
  said.innerHTML = message.html;
  for (const link of said.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  const element = h("article", { class: "message theirs", "aria-label": "Assistant", "data-id": message.id }, who(turn ? actions.modelLabel(turn) : ""), said);
  if (!turn) return element;
  if (!message.html.trim()) said.replaceWith(h("div", { class: "said thinking" }, silent(turn)));
  const operations = operationList(turn.operations, actions.insert);
  if (operations) element.append(operations);
  const ending = turn.state === "done" ? ENDINGS[turn.stop_reason ?? ""] : undefined;
  if (ending) element.append(h("div", { class: "message-problem calm" }, ending));
  const trouble = problem(message, turn, actions);
  if (trouble) element.append(trouble);
  if (turn.version && !turn.version.applied) element.append(beside(turn, actions));
  element.append(foot(message, turn, actions));
  return element;
}

function silent(turn: Turn): string {
  if (turn.version) return turn.mode === "write" ? `Wrote version ${turn.version.number}.` : `Made version ${turn.version.number}.`;
  if (turn.state === "stopped") return "Stopped before the first word.";
  if (turn.state === "done") return turn.mode === "edit" ? "Changed nothing." : "The answer is empty.";
  return "Nothing was written.";
}

export function who(model: string): HTMLElement {
  return h("div", { class: "who" }, icon("model"), "Assistant", h("span", { class: "model" }, model));
}

function problem(message: Message, turn: Turn, actions: MessageActions): HTMLElement | null {
  if (turn.state === "stopped") return h("div", { class: "message-problem calm" }, "You stopped this. What was written so far is kept.");
  if (turn.state !== "failed" && turn.state !== "interrupted") return null;
  const text = turn.error?.message ?? (turn.state === "interrupted" ? "The server stopped while this was being written. What had arrived is kept." : "The model could not answer.");
  const acts = h("div", { class: "acts" });
  if (turn.state === "interrupted" || turn.error?.retryable !== false) acts.append(h("button", { type: "button", class: "button small", onclick: () => actions.retry(message) }, icon("retry"), "Retry"));
  acts.append(h("button", { type: "button", class: "button small", onclick: () => actions.retryWith(message) }, "Other model…"));
  return h("div", { class: `message-problem${turn.state === "interrupted" ? " calm" : ""}` }, h("span", {}, text), acts);
}

function beside(turn: Turn, actions: MessageActions): HTMLElement {
  return h(
    "div",
    { class: "beside" },
    h("span", {}, `Version ${turn.version?.number} stands beside your text.`),
    h(
      "div",
      { class: "acts" },
      h("button", { type: "button", class: "button small", onclick: () => actions.compare(turn) }, "Compare"),
      h("button", { type: "button", class: "button small primary", onclick: () => actions.use(turn) }, "Use it"),
    ),
  );
}

function foot(message: Message, turn: Turn, actions: MessageActions): HTMLElement {
  const facts = turnFacts(turn, actions.isFree(turn));
  const button = (name: string, label: string, run: () => void): HTMLElement => h("button", { type: "button", class: "button quiet", onclick: run }, icon(name), label);
  const row = h("div", { class: "message-foot" }, facts ? h("span", { class: "facts", title: turnDetails(turn) }, facts) : h("span", { class: "facts" }));
  if (message.content.trim()) row.append(button("copy", "Copy", () => actions.copy(message)));
  if (turn.state === "done" || turn.state === "stopped") row.append(button("retry", "Retry with…", () => actions.retryWith(message)));
  return row;
}

/** An answer while it is being written: plain text, a caret, what the wait is for. */
export class StreamingAnswer {
  readonly element: HTMLElement;
  private readonly text = document.createTextNode("");
  private readonly said: HTMLElement;
  private readonly hint = h("div", { class: "thinking", role: "status" });
  private readonly model = h("span", { class: "model" });
  private readonly done = h("div");
  private readonly operations: Operation[] = [];

  constructor(private readonly insert: (text: string) => void) {
    const label = h("div", { class: "who" }, icon("model"), "Assistant", this.model);
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
    this.say("");
  }

  append(delta: string): void {
    this.text.appendData(delta);
    this.said.classList.add("begun");
    this.say("");
  }

  say(hint: string): void {
    if (this.hint.textContent !== hint) this.hint.textContent = hint;
  }

  operation(operation: Operation): void {
    this.operations.push(operation);
    const list = operationList(this.operations, this.insert);
    if (list) this.done.replaceChildren(list);
    this.say("");
  }
}
