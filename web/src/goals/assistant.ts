// Help with a message: the assistant suggests words beside the composer; the person takes them or not. It sends nothing.

import { earlyEnd, sentence } from "../chat/outcome.js";
import { budgetText, estimateText, turnDetails, turnFacts } from "../chat/facts.js";
import { Models } from "../chat/models.js";
import { followTurn } from "../chat/turn_stream.js";
import type { Estimate, Turn } from "../chat/wire.js";
import { api, Problem } from "../common/api.js";
import { h, icon } from "../common/dom.js";

export interface AssistantLinks {
  /** The draft, with everything typed so far saved. Rejects when it cannot be had now. */
  draft(): Promise<string>;
  isEmpty(): boolean;
  replace(words: string): void;
  append(words: string): void;
  focus(): void;
}

const WISHES: [label: string, prompt: string, needsWords: boolean][] = [
  ["Draft a reply", "Draft a reply to what was said last.", false],
  ["Tighten", "Tighten the draft: fewer words, the same meaning, my voice.", true],
  ["Friendlier", "Make the draft friendlier, with the same meaning.", true],
  ["Fix grammar", "Correct spelling, grammar and punctuation of the draft; change nothing else.", true],
];
const ESTIMATE_PAUSE = 500;

export class Assistant {
  readonly root: HTMLElement;
  private readonly select = h("select", { "aria-label": "Model" });
  private readonly models = new Models(this.select, () => this.refresh());
  private readonly wishes = WISHES.map(([label, prompt, needsWords]) => ({ needsWords, button: h("button", { type: "button", class: "button small", onclick: () => void this.ask([prompt, this.prompt.value.trim()].filter(Boolean).join("\n\n")) }, label) }));
  private readonly prompt = h("input", { class: "grow", "aria-label": "What the assistant should do", placeholder: "Or say what you would like…", autocomplete: "off" });
  private readonly estimated = h("output", { class: "hint" });
  private readonly words = h("div", { class: "suggested-words", tabindex: 0, role: "region", "aria-label": "Suggested words", hidden: true });
  private readonly said = h("p", { class: "hint", role: "status" });
  private readonly stopButton = h("button", { type: "button", class: "button small", onclick: () => void this.stop() }, icon("stop"), h("span", {}, "Stop"));
  private readonly taking: HTMLElement;
  private readonly useButton: HTMLElement;
  private readonly addButton: HTMLElement;
  private turn: string | null = null;
  private busy = false;
  /** How often something was asked or let go: an answer to what was let go is not wanted any more. */
  private asked = 0;
  private estimates = 0;
  private text = "";
  private pause = 0;
  private unfollow: () => void = () => undefined;

  constructor(private readonly links: AssistantLinks) {
    const act = (label: string, run: () => void, look = ""): HTMLElement => h("button", { type: "button", class: `button small ${look}`, onclick: run }, label);
    this.useButton = act("Use this", () => this.take(links.replace), "primary");
    this.addButton = act("Add below", () => this.take(links.append));
    this.taking = h("div", { class: "assistant-line", hidden: true }, this.useButton, this.addButton, act("Discard", () => this.clear(), "quiet"));
    const form = h("form", { class: "assistant-line", onsubmit: (event: Event) => (event.preventDefault(), void this.own()) }, this.prompt, h("button", { class: "icon-button", "aria-label": "Ask the assistant", title: "Ask the assistant" }, icon("send")));
    const cross = h("button", { type: "button", class: "icon-button", "aria-label": "Close the assistant", onclick: () => this.close() }, icon("close"));
    this.root = h("section", { class: "reply-assistant", "aria-label": "Assistant", tabindex: -1, hidden: true }, h("div", { class: "assistant-line" }, h("label", { class: "select grow" }, this.select), cross), h("div", { class: "assistant-line" }, ...this.wishes.map(({ button }) => button)), form, this.estimated, this.words, this.said, h("div", { class: "assistant-line" }, this.stopButton), this.taking);
    this.stopButton.hidden = true;
    this.prompt.addEventListener("input", () => this.refresh());
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      // The thread it may stand in stays open.
      event.preventDefault();
      this.close();
    });
  }

  toggle(): void {
    if (!this.root.hidden) return this.close();
    this.root.hidden = false;
    if (!this.models.loaded) void this.models.load(null);
    this.refresh();
    this.prompt.focus();
  }

  /** A running answer is stopped: nobody would see it. */
  close(): void {
    if (this.root.hidden) return;
    this.clear();
    this.root.hidden = true;
    this.links.focus();
  }

  /** The words being written changed. */
  refresh(): void {
    if (this.root.hidden) return;
    const isEmpty = this.links.isEmpty();
    const free = this.turn === null && !this.busy && this.models.choice() !== null;
    for (const { button, needsWords } of this.wishes) button.disabled = !free || (needsWords && isEmpty);
    this.useButton.textContent = isEmpty ? "Use this" : "Use instead";
    this.addButton.hidden = isEmpty;
    clearTimeout(this.pause);
    this.pause = window.setTimeout(() => void this.estimate(), ESTIMATE_PAUSE);
  }

  private order(prompt: string): Record<string, unknown> {
    return { mode: "ask", prompt, ...this.models.choice() };
  }

  private async estimate(): Promise<void> {
    if (this.root.hidden || this.models.choice() === null || this.turn !== null) return;
    const turn = (this.estimates += 1);
    try {
      const draft = await this.links.draft();
      const estimate = await api<Estimate>("POST", `/api/drafts/${draft}/turns/estimate`, this.order(this.prompt.value.trim()));
      if (turn !== this.estimates) return;
      const budget = estimate.budget ? budgetText(estimate.budget) : "";
      const size = estimate.fits === false ? "Too long for this model" : estimateText(estimate, false);
      this.estimated.textContent = [size, budget].filter(Boolean).join(" · ");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.estimated.textContent = error.status === 0 ? "Offline" : "";
    }
  }

  private own(): Promise<void> {
    const prompt = this.prompt.value.trim();
    return prompt === "" ? Promise.resolve() : this.ask(prompt);
  }

  private async ask(prompt: string): Promise<void> {
    if (this.turn !== null || this.busy || this.models.choice() === null) return;
    this.clear();
    // The button that was pressed cannot be pressed again, by which it loses the focus: the keys stay here.
    if (this.root.contains(document.activeElement) && document.activeElement !== this.prompt) this.root.focus({ preventScroll: true });
    const { asked } = this;
    this.busy = true;
    this.said.textContent = "Thinking…";
    this.refresh();
    try {
      const draft = await this.links.draft();
      const { id } = await api<{ id: string }>("POST", `/api/drafts/${draft}/turns`, this.order(prompt));
      if (asked === this.asked) this.follow(id);
      else await api("POST", `/api/turns/${id}/stop`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (asked !== this.asked) return;
      this.said.textContent = error.message;
      this.said.classList.add("refused");
    } finally {
      this.busy = false;
      this.refresh();
    }
  }

  private follow(id: string): void {
    this.turn = id;
    this.stopButton.hidden = false;
    this.unfollow = followTurn(id, {
      started: (attempt) => attempt > 1 && this.show(""),
      text: (delta) => this.show(this.text + delta),
      thinking: () => undefined,
      waiting: (_seconds, message) => (this.said.textContent = message),
      operation: () => undefined,
      usage: () => undefined,
      version: () => undefined,
      ended: () => void this.ended(id),
      broken: () => (this.said.textContent = "The connection broke; picking the answer up again…"),
    });
  }

  private show(text: string): void {
    this.text = text;
    this.words.textContent = text;
    this.words.hidden = text === "";
    if (text !== "") this.said.textContent = "Writing…";
  }

  private async ended(id: string): Promise<void> {
    let facts = "";
    try {
      const turn = await api<Turn>("GET", `/api/turns/${id}`);
      if (this.turn !== id) return;
      this.show(turn.text);
      const how = turn.error ? sentence(turn.error.message) : turn.state === "stopped" ? "Stopped." : (earlyEnd(turn) ?? (turn.text.trim() === "" ? "The answer is empty." : ""));
      facts = [how, turnFacts(turn, false)].filter(Boolean).join(" ");
      this.said.title = turnDetails(turn);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (this.turn !== id) return;
      facts = error.message;
    }
    this.turn = null;
    this.stopButton.hidden = true;
    this.said.textContent = facts;
    this.taking.hidden = this.text.trim() === "";
    this.refresh();
  }

  private async stop(): Promise<void> {
    if (this.turn === null) return;
    try {
      await api("POST", `/api/turns/${this.turn}/stop`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.said.textContent = error.message;
    }
  }

  private take(into: (words: string) => void): void {
    const words = this.text.trim();
    this.close();
    into(words);
  }

  private clear(): void {
    this.asked += 1;
    void this.stop();
    this.unfollow();
    this.turn = null;
    this.show("");
    this.said.textContent = this.said.title = "";
    this.said.classList.remove("refused");
    this.stopButton.hidden = this.taking.hidden = true;
    this.refresh();
  }
}
