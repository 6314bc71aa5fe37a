// One message of the conversation, as it is or while it streams.

import { h, icon } from "../common/dom.js";
import { time } from "../common/format.js";
import { turnDetails, turnFacts } from "./facts.js";
import { siblingSwitch } from "./branches.js";
import { operationList } from "./operation_list.js";
import { earlyEnd, outcome, sentence } from "./outcome.js";
import type { Message, Mode, Turn } from "./wire.js";

export interface MessageActions {
  modelLabel(turn: Turn): string;
  isFree(turn: Turn): boolean;
  copy(message: Message): void;
  retry(message: Message): void;
  retryWith(message: Message): void;
  compare(turn: Turn): void;
  /** Opens the version the turn made, and what it changed. */
  open(turn: Turn): void;
  use(turn: Turn): void;
  insert(text: string): void;
  review(turn: Turn): void;
  applyRun(turn: Turn): void;
  /** Shows the branch of this message. */
  choose(id: string): void;
  /** Asks an earlier message otherwise. */
  edit(message: Message): void;
  alternatives(id: string): void;
}

const ASKED: Record<Mode, string> = { ask: "Ask", write: "Write", edit: "Edit" };

export function ownMessage(message: Pick<Message, "content" | "mode" | "created_at" | "action">): HTMLElement {
  const kind = [message.action, message.mode && ASKED[message.mode], ""].filter((part) => part !== null && part !== undefined).join(" · ");
  return h("article", { class: "message mine", "aria-label": "You" }, h("div", { class: "said" }, message.content), h("div", { class: "message-kind" }, `${kind}${time(message.created_at)}`));
}

/** The same with what can be done with it: asking otherwise, and switching between the ways it was asked. */
export function asked(message: Message, actions: MessageActions): HTMLElement {
  const element = ownMessage(message);
  element.dataset["id"] = message.id;
  const edit = h("button", { type: "button", class: "button quiet", "aria-label": "Edit this message", title: "Edit and send again; what followed stays", onclick: () => actions.edit(message) }, icon("pen"), "Edit");
  element.querySelector(".message-kind")?.replaceWith(h("div", { class: "message-foot" }, h("span", { class: "message-kind" }, element.querySelector(".message-kind")?.textContent ?? ""), siblingSwitch(message, actions.choose), edit));
  return element;
}

export function answer(message: Message, actions: MessageActions): HTMLElement {
  const { turn } = message;
  const element = h("article", { class: "message theirs", "aria-label": "Assistant", "data-id": message.id }, who(turn ? actions.modelLabel(turn) : ""), said(message.html));
  if (!turn) return element;
  element.append(...facts(message, turn, actions), foot(message, turn, actions));
  return element;
}

function said(html: string): HTMLElement | string {
  if (!html.trim()) return "";
  const element = h("div", { class: "said" });
  // The server has sanitised this HTML; it is the only markup the page ever takes as markup.
  element.innerHTML = html;
  for (const link of element.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  return element;
}

/** What became of the turn: its changes, its end, its version. */
function facts(message: Message, turn: Turn, actions: MessageActions): HTMLElement[] {
  const end = earlyEnd(turn);
  return [
    operationList(turn.operations, actions.insert),
    end === null ? null : h("div", { class: "message-problem calm" }, end),
    problem(message, turn, actions),
    result(turn, actions),
  ].filter((part) => part !== null);
}

function result(turn: Turn, actions: MessageActions): HTMLElement | null {
  const text = outcome(turn);
  if (text === null) return null;
  if (!turn.version) return h("div", { class: "outcome nothing" }, text);
  if (turn.proposals) return proposed(text, turn, actions);
  if (!turn.version.applied) return beside(text, turn, actions);
  const open = h("button", { type: "button", class: "link", title: "Show what it changed", onclick: () => actions.open(turn) }, `Version ${turn.version.number}`);
  return h("div", { class: "outcome" }, icon("check"), h("span", {}, text, " · ", open));
}

export function who(model: string | HTMLElement): HTMLElement {
  return h("div", { class: "who" }, icon("model"), "Assistant", typeof model === "string" ? h("span", { class: "model" }, model) : model);
}

function problem(message: Message, turn: Turn, actions: MessageActions): HTMLElement | null {
  if (turn.state === "stopped") return turn.text.trim() ? h("div", { class: "message-problem calm" }, "You stopped this. What was written so far is kept.") : null;
  if (turn.state !== "failed" && turn.state !== "interrupted") return null;
  const text = turn.error?.message ?? (turn.state === "interrupted" ? "The server stopped while this was being written. What had arrived is kept." : "The model could not answer.");
  const acts = h("div", { class: "acts" });
  if (turn.state === "interrupted" || turn.error?.retryable !== false) acts.append(h("button", { type: "button", class: "button small", onclick: () => actions.retry(message) }, icon("retry"), "Retry"));
  acts.append(h("button", { type: "button", class: "button small", onclick: () => actions.retryWith(message) }, "Other model…"));
  return h("div", { class: `message-problem${turn.state === "interrupted" ? " calm" : ""}` }, h("span", {}, sentence(text)), acts);
}

function proposed(text: string, turn: Turn, actions: MessageActions): HTMLElement {
  if (!turn.proposals?.pending) return h("div", { class: "outcome" }, icon("check"), h("span", {}, text));
  const dropped = turn.needs_confirmation?.dropped ?? [];
  const warning = dropped.length ? h("details", { class: "losses-note" }, h("summary", {}, `It would take away ${dropped.length === 1 ? "a paragraph" : `${dropped.length} paragraphs`}, so it waits for you.`), h("ul", { class: "losses" }, ...dropped.map((lost) => h("li", {}, lost)))) : null;
  const all = h("button", { type: "button", class: "button small", onclick: () => actions.applyRun(turn) }, dropped.length ? "Apply it all…" : "Accept all");
  return h("div", { class: "beside" }, h("span", {}, text), warning, h("div", { class: "acts" }, h("button", { type: "button", class: "button small primary", onclick: () => actions.review(turn) }, "Review"), all));
}

function beside(text: string, turn: Turn, actions: MessageActions): HTMLElement {
  return h(
    "div",
    { class: "beside" },
    h("span", {}, text),
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
  const row = h("div", { class: "message-foot" }, facts ? h("span", { class: "facts", title: turnDetails(turn) }, facts) : h("span", { class: "facts" }));
  const others = siblingSwitch(message, actions.choose);
  if (others) row.append(others);
  const { alternatives_id: group } = turn;
  if (group) row.append(h("button", { type: "button", class: "button quiet", "aria-label": "Side by side", title: "Show the alternatives side by side", onclick: () => actions.alternatives(group) }, icon("columns")));
  if (message.content.trim()) row.append(h("button", { type: "button", class: "button quiet", "aria-label": "Copy", title: "Copy", onclick: () => actions.copy(message) }, icon("copy")));
  if (turn.state === "done" || turn.state === "stopped") row.append(h("button", { type: "button", class: "button quiet", onclick: () => actions.retryWith(message) }, icon("retry"), "Retry with…"));
  return row;
}
