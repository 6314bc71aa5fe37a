// Where the writer asks: mode, prompt, model, what it will take; Send becomes Stop while a model works.

import { api, Problem } from "../common/api.js";
import { byId, h, hasMouse, icon, isMod } from "../common/dom.js";
import { recall, remember } from "../common/kept.js";
import { count } from "../common/format.js";
import { countWords } from "../editor/word_count.js";
import { budgetText, estimateText } from "./facts.js";
import type { Models } from "./models.js";
import type { Choice, Estimate, Mode } from "./wire.js";

export interface Order extends Partial<Choice> {
  mode: Mode;
  prompt: string;
  conversation_id?: string;
  selection?: [number, number];
  apply?: "review" | "at_once";
}

export interface ComposerActions {
  send(order: Order): Promise<boolean>;
  stop(): void;
  conversationId(): string | null;
  selectedText(from: number, to: number): string;
  /** These words go with the next message. */
  attached(range: [number, number] | null): void;
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
  private running = false;
  private busy = false;
  /** A budget would refuse what stands in the composer. */
  private refused = false;
  private pause = 0;
  private asking = new AbortController();

  constructor(private readonly draftId: string, private readonly models: Models, private readonly actions: ComposerActions) {
    this.prompt.value = recall(`prompt.${draftId}`) ?? "";
    this.atOnce.checked = recall("apply") !== "review";
    this.listen();
    this.refresh();
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
      remember(`prompt.${this.draftId}`, this.prompt.value || null);
      this.refresh();
    });
    for (const radio of this.form.querySelectorAll<HTMLInputElement>("[name=mode]")) radio.addEventListener("change", () => this.refresh());
    this.atOnce.addEventListener("change", () => remember("apply", this.atOnce.checked ? null : "review"));
  }

  get mode(): Mode {
    return (this.form.querySelector<HTMLInputElement>("[name=mode]:checked")?.value ?? "ask") as Mode;
  }

  get apply(): "review" | "at_once" {
    return this.atOnce.checked ? "at_once" : "review";
  }

  /** Puts words into the composer for the writer to finish or send. */
  suggest(mode: Mode, prompt: string, sendNow = false): void {
    this.prompt.value = prompt;
    this.choose(mode);
    if (sendNow) return void this.send();
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

  /** Sends an edit of the selected passage, leaving alone what stands in the composer. */
  async editSelection(prompt: string): Promise<void> {
    const choice = this.models.choice();
    if (!this.ready || choice === null || this.selection === null) return;
    const conversation = this.actions.conversationId();
    await this.deliver({ mode: "edit", prompt, ...choice, selection: this.selection, apply: this.apply, ...(conversation ? { conversation_id: conversation } : {}) });
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
    byId("apply-choice").hidden = mode === "ask";
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
    const label = asking ? "Ask about the whole text instead" : "Edit the whole text instead";
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
    return (mode === "edit" && !this.wholeText) || (mode === "ask" && this.attached) ? this.selection : null;
  }

  private order(): Order {
    const order: Order = { mode: this.mode, prompt: this.prompt.value.trim(), ...this.models.choice() };
    const conversation = this.actions.conversationId();
    if (conversation) order.conversation_id = conversation;
    const selection = this.usedSelection();
    if (selection) order.selection = selection;
    if (order.mode !== "ask") order.apply = this.apply;
    return order;
  }

  private async send(): Promise<void> {
    const order = this.order();
    if (order.prompt === "" || !this.ready) return;
    if (!(await this.deliver(order))) return;
    this.attached = false;
    this.prompt.value = "";
    remember(`prompt.${this.draftId}`, null);
    this.refresh();
  }

  private async deliver(order: Order): Promise<boolean> {
    this.busy = true;
    this.refresh();
    const sent = await this.actions.send(order);
    this.busy = false;
    this.refresh();
    return sent;
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
