// The numbers above the list: how many drafts, how many words, how many wait for a decision.

import { api, Problem } from "../common/api.js";
import { h } from "../common/dom.js";
import type { DraftSummary } from "./draft_list.js";

interface Statistics {
  total: number;
  completed: number;
  average_completion: number;
  words: number;
  synced: number;
  in_conflict: number;
}

export class Numbers {
  private known: Statistics | null = null;
  private unsent = 0;

  constructor(private readonly strip: HTMLElement) {}

  /** False when the server could not be reached. */
  async load(): Promise<boolean> {
    try {
      this.known = await api<Statistics>("GET", "/api/drafts/stats");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return error.status !== 0;
    }
    this.render();
    return true;
  }

  /** `unsent`: drafts with words that only this device has; they need the person as much as those in conflict. */
  shown(drafts: readonly DraftSummary[], unsent: ReadonlySet<string>): void {
    const both = drafts.filter(({ id, conflicts }) => conflicts > 0 && unsent.has(id)).length;
    this.unsent = unsent.size - both;
    this.render();
  }

  private render(): void {
    if (this.known === null) return;
    const { total, words, completed, average_completion: average, synced, in_conflict: conflicts } = this.known;
    const waiting = conflicts + this.unsent;
    const number = (value: number | string, label: string, warn = false): HTMLElement => h("div", { class: warn ? "number warn" : "number" }, h("dt", {}, label), h("dd", {}, value.toLocaleString("en")));
    this.strip.replaceChildren(
      number(total, total === 1 ? "draft" : "drafts"),
      number(words, words === 1 ? "word" : "words"),
      number(completed, "complete"),
      number(`${Math.round(average)} %`, "complete on average"),
      number(Math.max(0, synced - this.unsent), "synced"),
      number(waiting, waiting === 1 ? "needs you" : "need you", waiting > 0),
    );
    this.strip.hidden = total === 0;
  }
}
