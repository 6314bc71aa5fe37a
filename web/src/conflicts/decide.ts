// Passages that were changed in two places at once: a quiet notice, and a dialog where a person decides. Both versions
// stay in the draft's history whatever is chosen.

import { api } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h } from "../common/dom.js";
import { count } from "../common/format.js";
import { toast } from "../common/toast.js";
import type { ConflictView, DraftEvent } from "../sync/wire.js";
import { resultEditor } from "./result.js";
import { changedWords } from "./word_marks.js";
import { asWords, type Choice } from "./words.js";

export interface ConflictLinks {
  moved(seq: number): void;
  changed(open: number): void;
  /** Shows where the passage stands in the text, or with null that it is settled. */
  mark(id: string, range: [number, number] | null): void;
  /** Brings the passage or field into view; false when it has no place on the page. */
  show(id: string, conflict: ConflictView): boolean;
  /** On pages with several fields: what people call one, and what may be chosen in it. */
  label?(field: string): string;
  choices?(field: string): Choice[];
  /** Where the notice stands; the page's own place for notices otherwise. */
  notices?: HTMLElement;
}

/** Both passages one after the other: paragraphs stay paragraphs, words in a line stay in it. */
function both(field: string, theirs: string, mine: string): string {
  const between = field === "title" ? " / " : /\n/.test(theirs + mine) ? "\n\n" : " ";
  return [theirs, mine].filter(Boolean).join(between);
}

export class Conflicts {
  private open: ConflictView[] = [];
  private readonly notice = h("div", { class: "notice", role: "status" });

  constructor(private readonly draftId: string, private readonly links: ConflictLinks) {
    this.notice.hidden = true;
    (links.notices ?? byId("notices")).append(this.notice);
  }

  set(open: ConflictView[]): void {
    for (const { id } of this.open) if (!open.some((other) => other.id === id)) this.links.mark(id, null);
    for (const { id, field, from, to } of open) {
      const known = this.open.some((other) => other.id === id);
      if (!known && field === "text" && typeof from === "number" && typeof to === "number") this.links.mark(id, [from, to]);
    }
    this.open = open;
    this.render();
  }

  close(): void {
    this.notice.remove();
  }

  hear(event: DraftEvent): void {
    const payload = event.payload as (ConflictView & { id: string }) | null;
    if (event.type === "conflict.opened" && payload) this.set([...this.open.filter(({ id }) => id !== payload.id), payload]);
    if (event.type === "conflict.resolved" && payload) this.set(this.open.filter(({ id }) => id !== payload.id));
  }

  private render(): void {
    this.links.changed(this.open.length);
    this.notice.hidden = this.open.length === 0;
    if (this.open.length === 0) return this.notice.replaceChildren();
    const what = `${this.what()} ${this.open.length === 1 ? "was" : "were"}`;
    const decide = h("button", { type: "button", class: "button small", onclick: () => this.decide() }, "Decide…");
    const passage = this.open.find(({ field }) => field === "text" || this.links.label);
    const show = passage ? h("button", { type: "button", class: "button small quiet", onclick: () => this.links.show(passage.id, passage) || toast("The passage is not in the text any more.") }, "Show") : null;
    this.notice.replaceChildren(h("span", { class: "grow" }, h("b", {}, `${what} changed in two places at once. `), "Both versions are kept until you decide."), h("div", { class: "acts" }, show, decide));
  }

  private what(): string {
    const [only, ...more] = this.open;
    if (only && more.length === 0 && this.links.label) return `“${this.links.label(only.field)}”`;
    if (this.links.label) return count(this.open.length, "field");
    if (this.open.every(({ field }) => field === "title")) return "The title";
    return count(this.open.length, "passage");
  }

  private titleOf({ field, from }: ConflictView): string {
    if (this.links.label) return typeof from === "number" ? `Two versions of a passage in “${this.links.label(field)}”` : `Two versions of “${this.links.label(field)}”`;
    return field === "title" ? "Two versions of the title" : "Two versions of this passage";
  }

  decide(): void {
    const conflict = this.open[0];
    if (!conflict) return;
    const choices = this.links.choices?.(conflict.field) ?? [];
    const [base, theirs, mine] = [asWords(conflict.base, choices), asWords(conflict.theirs, choices), asWords(conflict.mine, choices)];
    const result = resultEditor([conflict.mine, conflict.theirs, conflict.base], choices);
    result.set(mine.length >= theirs.length ? conflict.mine : conflict.theirs);
    const take = (value: unknown): void => {
      result.set(value);
      result.element.focus();
    };
    const side = (title: string, value: unknown, marked: boolean): HTMLElement => {
      const passage = h("div", { class: "passage" });
      const text = asWords(value, choices);
      for (const stretch of marked ? changedWords(base, text) : [{ text, changed: false }]) passage.append(stretch.changed ? h("ins", {}, stretch.text) : stretch.text);
      return h("section", { class: "side" }, h("h3", {}, title), passage, h("div", {}, h("button", { type: "button", class: "button small", onclick: () => take(value) }, "Take this")));
    };
    const sides = h("div", { class: "sides" }, side("Before", conflict.base, false), side("Saved first", conflict.theirs, true), side("Saved second", conflict.mine, true));
    const takeBoth = typeof conflict.mine === "string" && choices.length === 0 ? h("button", { type: "button", class: "button small", onclick: () => take(both(conflict.field, theirs, mine)) }, "Take both") : null;
    const field = h("div", { class: "field result" }, h("label", { for: "conflict-result" }, "The result: choose above, or write it here"), result.element, h("div", {}, takeBoth));
    const problem = h("div", { class: "form-problem", role: "alert", hidden: true });
    const settle = async (): Promise<void> => {
      try {
        const { seq } = await api<{ seq: number }>("POST", `/api/drafts/${this.draftId}/conflicts/${conflict.id}`, { value: result.value() });
        dialog.close();
        this.set(this.open.filter(({ id }) => id !== conflict.id));
        this.links.moved(seq);
        if (this.open.length > 0) this.decide();
        else toast("Decided. The other version stays in the history.");
      } catch (error) {
        problem.textContent = error instanceof Error ? error.message : "That did not work.";
        problem.hidden = false;
      }
    };
    const left = this.open.length > 1 ? h("span", { class: "hint grow" }, `${this.open.length} to decide`) : h("span", { class: "grow" });
    const dialog = openDialog(
      this.titleOf(conflict),
      [problem, sides, field],
      [left, h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Later"), h("button", { type: "button", class: "button primary", onclick: () => void settle() }, "Use this result")],
      { wide: true },
    );
  }
}
