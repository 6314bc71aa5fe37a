// Two versions beside or in each other: what was taken out, put in, moved.

import { api, Problem } from "../common/api.js";
import { byId, h, icon, isNarrow, somebodyTypes } from "../common/dom.js";
import { count } from "../common/format.js";
import { countWords } from "../editor/word_count.js";
import { foldedRows, inline, rows, type Hunk, type Piece, type Row } from "./hunks.js";

export interface Side {
  id: string;
  name: string;
}

type Style = "inline" | "sides";

const NAMES: Record<Piece["kind"], [string, string]> = {
  same: ["span", ""],
  insert: ["ins", ""],
  delete: ["del", ""],
  "moved-here": ["span", "moved"],
  "moved-away": ["span", "del"],
};

function mark({ kind, text }: Piece): Node[] {
  const [name, style] = NAMES[kind];
  const element = h(name as "span", style ? { class: style } : {}, text);
  if (kind === "moved-here") return [h("span", { class: "move-note" }, "moved here: "), element];
  if (kind === "moved-away") return [h("span", { class: "move-note" }, "moved away: "), element];
  return [element];
}

export class Compare {
  private readonly pane = byId("compare");
  private style: Style = isNarrow() ? "inline" : "inline";
  private hunks: Hunk[] = [];
  private asked = 0;
  private before: HTMLElement | null = null;

  constructor(private readonly closed: () => void) {
    this.pane.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
  }

  get open(): boolean {
    return !this.pane.hidden;
  }

  async show(a: Side, b: Side): Promise<void> {
    const asked = (this.asked += 1);
    if (!this.open) this.before = document.activeElement as HTMLElement | null;
    this.pane.hidden = false;
    const body = h("div", { class: "compare-body", tabindex: "0", "aria-busy": "true", role: "document", "aria-label": `${a.name} compared with ${b.name}` });
    this.pane.replaceChildren(this.head(a, b, body), body);
    try {
      const { hunks } = await api<{ hunks: Hunk[] }>("GET", `/api/versions/${a.id}/compare/${b.id}`);
      if (asked !== this.asked) return;
      this.hunks = hunks;
      this.render(body, a, b);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const again = h("button", { type: "button", class: "button small", onclick: () => void this.show(a, b) }, "Try again");
      body.replaceChildren(h("div", { class: "notice bad" }, h("span", { class: "grow" }, `The versions could not be compared: ${error.message}`), again));
    } finally {
      body.setAttribute("aria-busy", "false");
    }
    if (!somebodyTypes()) body.focus({ preventScroll: true });
  }

  close(): void {
    this.asked += 1;
    this.pane.hidden = true;
    this.pane.replaceChildren();
    if (this.before?.isConnected) this.before.focus();
    this.closed();
  }

  private head(a: Side, b: Side, body: HTMLElement): HTMLElement {
    const choice = (style: Style, label: string): HTMLElement => {
      const radio = h("input", { type: "radio", name: "compare-style", value: style, checked: this.style === style });
      radio.addEventListener("change", () => {
        this.style = style;
        this.render(body, a, b);
      });
      return h("label", {}, radio, h("span", {}, label));
    };
    const styles = h("fieldset", { class: "segmented small" }, h("legend", { class: "sr" }, "How to show the differences"), choice("inline", "In one text"), choice("sides", "Side by side"));
    return h(
      "div",
      { class: "compare-head" },
      h("h2", {}, `${a.name} → ${b.name}`),
      h("button", { type: "button", class: "icon-button", "aria-label": "Swap the two versions", title: "Swap", onclick: () => void this.show(b, a) }, icon("swap")),
      h("span", { class: "legend", id: "compare-sum" }),
      h("span", { class: "grow" }),
      styles,
      h("button", { type: "button", class: "icon-button", "aria-label": "Close the comparison", onclick: () => this.close() }, icon("close")),
    );
  }

  private render(body: HTMLElement, a: Side, b: Side): void {
    const added = this.hunks.filter(({ kind }) => kind === "insert" || kind === "replace").reduce((sum, { b_text }) => sum + countWords(b_text), 0);
    const removed = this.hunks.filter(({ kind }) => kind === "delete" || kind === "replace").reduce((sum, { a_text }) => sum + countWords(a_text), 0);
    const moved = this.hunks.filter(({ kind }) => kind === "move").length;
    const sum = [added > 0 && `+${added}`, removed > 0 && `−${removed}`, moved > 0 && `${moved} moved`].filter(Boolean).join(" · ");
    byId("compare-sum").textContent = sum ? `${sum.replace(/\d+$/, (last) => last)}${added + removed > 0 ? " words" : ""}` : "";
    if (this.hunks.every(({ kind }) => kind === "same")) {
      body.replaceChildren(h("div", { class: "empty" }, h("p", { class: "empty-title" }, "No difference"), h("p", {}, "The two versions have the same words.")));
      return;
    }
    body.replaceChildren(this.style === "inline" ? this.inText() : this.sideBySide(a, b));
  }

  private inText(): HTMLElement {
    const text = h("div", { class: "compare-text" });
    for (const piece of inline(this.hunks)) {
      if (!piece.folded) text.append(...mark(piece));
      else text.append(foldButton(count(countWords(piece.text), "unchanged word"), () => [document.createTextNode(piece.text)]));
    }
    return text;
  }

  private sideBySide(a: Side, b: Side): HTMLElement {
    const all = rows(this.hunks);
    const folds = new Map(foldedRows(all));
    const table = h("div", { class: "compare-sides" }, h("div", { class: "side-title" }, a.name), h("div", { class: "side-title" }, b.name));
    for (let index = 0; index < all.length; index += 1) {
      const end = folds.get(index);
      if (end === undefined) {
        table.append(...cells(all[index] as Row));
        continue;
      }
      const hidden = all.slice(index, end);
      table.append(foldButton(count(hidden.length, "unchanged line"), () => hidden.flatMap(cells)));
      index = end - 1;
    }
    return table;
  }
}

function cells(row: Row): Node[] {
  const cell = (list: Piece[]): HTMLElement => h("div", { class: row.changed ? "cell changed" : "cell" }, ...list.flatMap(mark));
  return [cell(row.a), cell(row.b)];
}

function foldButton(label: string, open: () => Node[]): HTMLElement {
  const button = h("button", { type: "button", class: "fold" }, `${label} · show`);
  button.addEventListener("click", () => button.replaceWith(...open()));
  return button;
}
