// The numbers above the list: how many drafts, how many words, how many wait for a decision.

import { api, Problem } from "../common/api.js";
import { h } from "../common/dom.js";
import { count } from "../common/format.js";
import type { DraftSummary } from "./draft_list.js";

interface Statistics {
  total: number;
  completed: number;
  average_completion: number;
  words: number;
  in_conflict: number;
}

export class Numbers {
  private known: Statistics | null = null;

  constructor(private readonly strip: HTMLElement) {}

  async load(): Promise<void> {
    try {
      this.known = await api<Statistics>("GET", "/api/drafts/stats");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return;
    }
    const { total, words, in_conflict: waiting } = this.known;
    const number = (value: number, label: string, warn = false): HTMLElement => h("div", { class: warn ? "number warn" : "number" }, h("dd", {}, value.toLocaleString("en")), h("dt", {}, label));
    const average = total > 0 ? Math.round(words / total) : 0;
    this.strip.replaceChildren(
      number(total, total === 1 ? "draft" : "drafts"),
      number(words, words === 1 ? "word" : "words"),
      number(average, "words per draft"),
      number(waiting, waiting === 1 ? "needs you" : "need you", waiting > 0),
    );
    this.strip.hidden = total === 0;
  }

  /** "2 need you", counting drafts in conflict anywhere and those with unsent words on this device. */
  waiting(unsent: Set<string>, shown: readonly DraftSummary[]): string {
    const both = shown.filter(({ id, conflicts }) => conflicts > 0 && unsent.has(id)).length;
    const conflicts = this.known?.in_conflict ?? shown.filter((draft) => draft.conflicts > 0).length;
    const waiting = conflicts + unsent.size - both;
    return waiting > 0 ? `${count(waiting, "draft")} ${waiting === 1 ? "needs" : "need"} you` : "";
  }
}
