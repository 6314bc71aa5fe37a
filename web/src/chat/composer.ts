// Where the writer asks: mode, prompt, model, what it will take; Send becomes Stop while a model works.

import { api, Problem } from "../common/api.js";
import { byId, h, hasMouse, icon, isMod } from "../common/dom.js";
import { recall, remember } from "../common/kept.js";
import { count } from "../common/format.js";
import { countWords } from "../editor/word_count.js";
import { wordsOf, type Action } from "./action_words.js";
import { budgetText, estimateText } from "./facts.js";
import type { Models } from "./models.js";
import type { Choice, Estimate, Mode } from "./wire.js";

export interface Order extends Partial<Choice> {
  mode: Mode;
  prompt: string;
  conversation_id?: string;
  selection?: [number, number];
  apply?: "review" | "at_once";
  action?: { id: string; variables: Record<string, string> };
  /** What the prompt hangs on, null before all others; not given: the end of the branch that is shown. */
  parent_message_id?: string | null;
}

/** What the chat shows of an order whose words the server makes. */
export interface Shown {
  content: string;
  action: string;
}

export interface ComposerActions {
  send(order: Order, shown?: Shown): Promise<boolean>;
  stop(): void;
  conversationId(): string | null;
  /** The draft has no text yet: there is nothing to review a change against. */
  isEmpty(): boolean;
  selectedText(from: number, to: number): string;
  /** These words go with the next message. */
  attached(range: [number, number] | null): void;
  /** The same in several ways, side by side. */
  compare(order: Order, sent: () => void): void;
}

const HINTS: Record<Mode, string> = {
  ask: "Ask about the draft…",
  write: "What should be written?",
  edit: "What should change?",
};
const ESTIMATE_PAUSE = 500;

export class Composer {
  private readonly form = byId<HTMLFormElement>("composer");
  private readonly prompt = byId<HTMLTextAreaElement>("prompt");
  private readonly button = byId<HTMLButtonElement>("send");
  private readonly output = byId<HTMLOutputElement>("estimate");
  private readonly context = byId("composer-context");
  private readonly atOnce = byId<HTMLInputElement>("apply-at-once");
  private selection: [number, number] | null = null;
  private wholeText = false;
  /** The selection goes with a question only when the writer asked about it. */
  private attached = false;
  /** Where an earlier message that is being edited hangs; undefined when none is. */
  private editing: string | null | undefined;
  /** The writer's own words while others stand in their place, and those others. */
  private aside = "";
  private suggested = "";
  private running = false;
  private busy = false;
  /** A budget would refuse what stands in the composer. */
  private refused = false;
  private pause = 0;
  private asking = new AbortController();

  constructor(private readonly draftId: string, private readonly models: Models, private readonly actions: ComposerActions) {
    // Words that were typed before this script had come stand behind those of an earlier visit.
    const early = this.prompt.value;
    this.aside = recall(`aside.${draftId}`) ?? "";
    this.prompt.value = [recall(`prompt.${draftId}`), early].filter(Boolean).join("\n");
    if (early) this.keepWords();
    this.atOnce.checked = recall("apply") === "at_once";
    this.listen();
    // There is nothing yet that could be asked about.
    if (actions.isEmpty() && this.mode === "ask") this.choose("write");
    else this.refresh();
  }

  private listen(): void {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.running) this.actions.stop();
      else void this.send();
    });
    this.prompt.addEventListener("keydown", (event) => {
      const plain = !event.shiftKey && !event.altKey && !event.isComposing && (hasMouse() || isMod(event));
      if (event.key !== "Enter" || !plain) return;
      event.preventDefault();
      if (!this.running) void this.send();
    });
    this.prompt.addEventListener("input", () => {
      this.keepWords();
      this.refresh();
    });
    byId("compare-alternatives").addEventListener("click", () => this.compare());
    for (const radio of this.form.querySelectorAll<HTMLInputElement>("[name=mode]")) radio.addEventListener("change", () => this.refresh());
    this.atOnce.addEventListener("change", () => remember("apply", this.atOnce.checked ? "at_once" : null));
  }

  get mode(): Mode {
    return (this.form.querySelector<HTMLInputElement>("[name=mode]:checked")?.value ?? "ask") as Mode;
  }

  get apply(): "review" | "at_once" {
    return this.atOnce.checked || this.actions.isEmpty() ? "at_once" : "review";
  }

  /** Puts words into the composer for the writer to finish or send. What the writer had there comes back afterwards. */
  suggest(mode: Mode, prompt: string): void {
    if (this.prompt.value !== this.suggested) this.aside = [this.aside, this.prompt.value].filter(Boolean).join("\n");
    this.suggested = this.prompt.value = prompt;
    this.keepWords();
    this.choose(mode);
    this.prompt.focus();
    this.prompt.setSelectionRange(prompt.length, prompt.length);
  }

  focus(): void {
    this.prompt.focus();
  }

  choose(mode: Mode): void {
    const radio = this.form.querySelector<HTMLInputElement>(`[name=mode][value=${mode}]`);
    if (radio) radio.checked = true;
    this.refresh();
  }

  /** Brings an earlier message back to be asked otherwise, in its place; what followed it stays. */
  edit(mode: Mode, prompt: string, parent: string | null): void {
    this.editing = parent;
    this.suggest(mode, prompt);
  }

  private showEditing(): void {
    const bar = byId("composer-branch");
    bar.hidden = this.editing === undefined;
    if (bar.hidden || bar.childElementCount > 0) return;
    const label = "Leave the earlier message as it is";
    const leave = (): void => {
      this.sent(this.prompt.value, this.editing);
      this.prompt.focus();
    };
    bar.replaceChildren(h("span", { class: "grow" }, "Editing an earlier message. What followed it stays."), h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: leave }, icon("close")));
  }

  private compare(): void {
    const order = this.order();
    if (order.prompt === "" || !this.ready) return;
    const { apply: _, ...rest } = order;
    const { editing } = this;
    const { value } = this.prompt;
    this.actions.compare(rest, () => this.sent(value, editing));
  }

  /** Puts the selected passage beside the next question. */
  askAboutSelection(): void {
    this.attached = true;
    this.choose("ask");
    this.prompt.focus();
  }

  selected(from: number, to: number): void {
    this.selection = from === to ? null : [from, to];
    this.wholeText = false;
    this.attached &&= this.selection !== null;
    this.showContext();
  }

  /** Whether something could be sent now. */
  get ready(): boolean {
    return !this.running && !this.busy && !this.refused && this.models.choice() !== null;
  }

  get hasSelection(): boolean {
    return this.selection !== null;
  }

  /** Runs a quick action, on the selected passage where there is one, leaving alone what stands in the composer. */
  async act(action: Action, variables: Record<string, string>): Promise<void> {
    const choice = this.models.choice();
    if (!this.ready || choice === null) return;
    const conversation = this.actions.conversationId();
    const passage = action.selection === "none" ? null : this.selection;
    const shown = { content: wordsOf(action, variables, passage !== null), action: action.label };
    const order: Order = { mode: action.mode, prompt: "", action: { id: action.id, variables }, ...choice };
    if (passage) order.selection = passage;
    if (conversation) order.conversation_id = conversation;
    if (action.mode !== "ask") order.apply = this.apply;
    await this.deliver(order, shown);
  }

  /** While a model works, Send is Stop. */
  setRunning(running: boolean): void {
    this.running = running;
    this.button.classList.toggle("stopping", running);
    this.button.replaceChildren(icon(running ? "stop" : "send"));
    this.button.setAttribute("aria-label", running ? "Stop" : "Send");
    this.refresh();
  }

  refresh(): void {
    const { mode } = this;
    this.prompt.placeholder = HINTS[mode];
    byId("apply-choice").hidden = mode === "ask" || this.actions.isEmpty();
    const compare = byId<HTMLButtonElement>("compare-alternatives");
    compare.hidden = mode === "ask";
    compare.disabled = this.prompt.value.trim() === "" || !this.ready;
    this.showEditing();
    this.button.disabled = !this.running && (this.busy || this.refused || this.prompt.value.trim() === "" || this.models.choice() === null);
    this.showContext();
    clearTimeout(this.pause);
    this.pause = window.setTimeout(() => void this.estimate(), ESTIMATE_PAUSE);
  }

  private showContext(): void {
    const used = this.usedSelection();
    this.context.hidden = used === null;
    this.actions.attached(used);
    if (used === null) return;
    const words = count(countWords(this.actions.selectedText(...used)), "word");
    const asking = this.mode === "ask";
    const label = `${{ ask: "Ask about", edit: "Edit", write: "Write" }[this.mode]} the whole text instead`;
    const whole = h("button", { type: "button", class: "icon-button", "aria-label": label, title: label }, icon("close"));
    whole.addEventListener("click", () => {
      if (asking) this.attached = false;
      else this.wholeText = true;
      this.showContext();
      this.prompt.focus();
    });
    this.context.replaceChildren(h("span", { class: "grow" }, `${asking ? "About" : "Only"} the selected ${words}`), whole);
  }

  private usedSelection(): [number, number] | null {
    const { mode } = this;
    return mode === "ask" ? (this.attached ? this.selection : null) : this.wholeText ? null : this.selection;
  }

  private order(): Order {
    const order: Order = { mode: this.mode, prompt: this.prompt.value.trim(), ...this.models.choice() };
    const conversation = this.actions.conversationId();
    if (conversation) order.conversation_id = conversation;
    const selection = this.usedSelection();
    if (selection) order.selection = selection;
    if (this.editing !== undefined) order.parent_message_id = this.editing;
    if (order.mode !== "ask") order.apply = this.apply;
    return order;
  }

  private async send(): Promise<void> {
    const order = this.order();
    if (order.prompt === "" || !this.ready) return;
    const { editing } = this;
    const { value } = this.prompt;
    if (await this.deliver(order)) this.sent(value, editing);
  }

  /** These words are away. What was written behind them meanwhile stays, and so does what has taken their place. */
  private sent(words: string, editing: string | null | undefined): void {
    const { value } = this.prompt;
    this.attached = false;
    if (editing === this.editing) this.editing = undefined;
    if (value.startsWith(words)) {
      this.prompt.value = [this.aside, value.slice(words.length).trimStart()].filter(Boolean).join("\n");
      this.aside = this.suggested = "";
    } else if (this.aside.endsWith(words)) this.aside = this.aside.slice(0, -words.length).trimEnd();
    this.keepWords();
    this.refresh();
  }

  /** What stands here, or waits to stand here again, is there after a reload. */
  private keepWords(): void {
    remember(`prompt.${this.draftId}`, this.prompt.value || null);
    remember(`aside.${this.draftId}`, this.aside || null);
  }

  private async deliver(order: Order, shown?: Shown): Promise<boolean> {
    this.busy = true;
    this.refresh();
    try {
      return await this.actions.send(order, shown);
    } finally {
      this.busy = false;
      this.refresh();
    }
  }

  private allow(allowed: boolean): void {
    if (this.refused === !allowed) return;
    this.refused = !allowed;
    if (!this.running) this.button.disabled = this.busy || this.refused || this.prompt.value.trim() === "" || this.models.choice() === null;
  }

  private async estimate(): Promise<void> {
    this.asking.abort();
    const choice = this.models.choice();
    if (this.prompt.value.trim() === "" || choice === null) {
      this.output.textContent = "";
      this.allow(true);
      return;
    }
    this.asking = new AbortController();
    try {
      const estimate = await api<Estimate>("POST", `/api/drafts/${this.draftId}/turns/estimate`, this.order(), { signal: this.asking.signal });
      const free = this.models.model(choice)?.free ?? false;
      const budget = estimate.budget ? budgetText(estimate.budget) : "";
      this.allow(estimate.budget?.state !== "reached");
      const text = estimate.fits === false ? "Too long for this model" : estimateText(estimate, free);
      this.output.textContent = this.refused ? budget : [text, budget].filter(Boolean).join(" · ");
      this.output.classList.toggle("unpriced", estimate.fits === false || budget !== "" || (estimate.cost_usd === null && !free));
    } catch (error) {
      if (error instanceof Problem) this.output.textContent = error.status === 0 ? "Offline" : "";
    }
  }
}
