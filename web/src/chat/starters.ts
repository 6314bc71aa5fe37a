// First words: what an empty conversation and an empty page offer.

import { h } from "../common/dom.js";
import type { Mode } from "./wire.js";

interface Suggesting {
  suggest(mode: Mode, prompt: string): void;
}

const FIRST_WORDS: [Mode, string, string][] = [
  ["write", "Write a first draft…", "Write a first draft about "],
  ["write", "Outline it first…", "Write an outline with headings for a text about "],
  ["ask", "Ask me questions", "Ask me the questions you need answered before I write about "],
];
const IDEAS: [Mode, string, string][] = [
  ["ask", "What is unclear?", "What in this draft is unclear to somebody who reads it for the first time?"],
  ["ask", "What is missing?", "What would a reader of this draft expect to find in it that is missing?"],
  ["ask", "Who would disagree?", "Who would disagree with this draft, and with which of its claims?"],
];

export function emptyConversation(composer: Suggesting): HTMLElement {
  const chips = IDEAS.map(([mode, label, prompt]) => h("button", { type: "button", class: "chip", onclick: () => composer.suggest(mode, prompt) }, label));
  return h(
    "div",
    { class: "assistant-empty" },
    h("h2", {}, "Ask, write, or edit"),
    h("p", {}, "Ask answers here. Write drafts into the document, Edit changes it. Every result is a version, so nothing you wrote is lost."),
    h("div", { class: "chips" }, ...chips),
  );
}

/** Three ways to begin, below the first line of an empty page. */
export function starters(composer: Suggesting, chosen: () => void): HTMLElement {
  const chips = FIRST_WORDS.map(([mode, label, prompt]) => {
    const choose = (): void => {
      chosen();
      composer.suggest(mode, prompt);
    };
    return h("button", { type: "button", class: "chip", onclick: choose }, label);
  });
  return h("div", { class: "starters" }, h("div", { class: "starters-inner" }, ...chips));
}
