// Alternatives side by side: all stream at once; then the writer takes one, or the best by paragraph.

import type { Order } from "../chat/composer.js";
import type { Models } from "../chat/models.js";
import { api, Problem } from "../common/api.js";
import { byId, h, icon, somebodyTypes } from "../common/dom.js";
import { count, price } from "../common/format.js";
import { toast } from "../common/toast.js";
import { announce } from "../editor/save_pill.js";
import { countWords } from "../editor/word_count.js";
import { confirmLosses, dropped, lockedInTheWay } from "../proposals/dialogs.js";
import type { Version } from "../versions/tree.js";
import { align, isHeading, isSame, type Paragraph, type Row } from "./align.js";
import { chooseVariants } from "./choose.js";
import { Column } from "./column.js";
import type { Alternative, Group, Part, Variant } from "./wire.js";

export interface DeskLinks {
  /** The order as it may be sent now; null when the latest words are not on the server yet. */
  ready(order: Order): Promise<Order | null>;
  began(conversationId: string): void;
  /** All have ended, or something was taken. */
  changed(): void;
  taken(version: Version, seq: number, applied: boolean): Promise<void>;
  refused(problem: Problem): Promise<void>;
}

interface Taken {
  version: Version;
  seq: number;
  applied: boolean;
}

const heading = (cell: Paragraph | null | undefined): string => (cell && isHeading(cell.text) ? " heading" : "");
const said = (error: unknown): string => (error instanceof Problem ? error.message : "That did not work.");

export class AlternativesDesk {
  private readonly pane = byId("alternatives");
  private group: Group | null = null;
  private columns: Column[] = [];
  private texts = new Map<string, string>();
  private rows: Row[] = [];
  private picks: number[] = [];
  private before: HTMLElement | null = null;
  /** The group whose texts stand side by side, or are fetched for that. */
  private laid: string | null = null;
  private taking = false;

  constructor(private readonly draftId: string, private readonly models: Models, private readonly links: DeskLinks) {
    this.pane.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
  }

  get running(): boolean {
    return this.group?.state === "running";
  }

  choose(order: Order, sent: () => void): void {
    chooseVariants(this.draftId, order, this.models, async (variants) => {
      const started = await this.start(order, variants);
      if (started) sent();
      return started;
    });
  }

  private async start(order: Order, variants: Variant[]): Promise<boolean> {
    const ready = await this.links.ready(order);
    if (!ready) return false;
    try {
      const { id, conversation_id } = await api<{ id: string; conversation_id: string }>("POST", `/api/drafts/${this.draftId}/alternatives`, { ...ready, variants }, { timeout: 60_000 });
      this.links.began(conversation_id);
      await this.open(id);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await this.links.refused(error);
      return false;
    }
  }

  /** Shows a group, whether it runs or ended long ago. */
  async open(id: string): Promise<void> {
    try {
      this.show(await api<Group>("GET", `/api/alternatives/${id}`));
    } catch (error) {
      toast(said(error));
    }
  }

  async stop(): Promise<void> {
    if (this.group) await api("POST", `/api/alternatives/${this.group.id}/stop`).catch((error: unknown) => toast(said(error)));
  }

  close(): void {
    if (this.pane.hidden) return;
    this.pane.hidden = true;
    if (this.before?.isConnected) this.before.focus();
    if (this.running) toast("They are still being written. Each is kept as a version.", { label: "Show", run: () => this.reveal() });
  }

  private reveal(): void {
    if (this.pane.hidden) this.before = document.activeElement as HTMLElement | null;
    this.pane.hidden = false;
    if (!somebodyTypes()) this.pane.querySelector<HTMLElement>(".alternatives-body")?.focus({ preventScroll: true });
  }

  private show(group: Group): void {
    for (const column of this.columns) column.leave();
    this.group = group;
    this.laid = null;
    this.columns = group.turns.map((one) => new Column(one, this.models, () => void api("POST", `/api/turns/${one.id}/stop`).catch((error: unknown) => toast(said(error))), () => void this.oneEnded()));
    const grid = this.grid(...this.columns.map(({ head }) => head), ...this.columns.map(({ body }) => body));
    this.fill(grid, [h("span", { class: "grow" }, "All are written at the same time; none goes into your text by itself."), h("button", { type: "button", class: "button small", onclick: () => void this.stop() }, icon("stop"), "Stop all")]);
    this.reveal();
    this.links.changed();
    if (group.state === "done") void this.finished();
  }

  private grid(...content: Node[]): HTMLElement {
    const grid = h("div", { class: "alternatives-grid" }, ...content);
    grid.style.setProperty("--columns", String(this.columns.length));
    return grid;
  }

  private fill(grid: HTMLElement, foot: Node[]): void {
    const cross = h("button", { type: "button", class: "icon-button", "aria-label": "Close the alternatives", onclick: () => this.close() }, icon("close"));
    const head = h("div", { class: "alternatives-bar" }, h("h2", {}, "Alternatives"), h("span", { class: "alternatives-prompt grow" }, this.group?.prompt ?? ""), cross);
    this.pane.replaceChildren(head, h("div", { class: "alternatives-body", tabindex: "0", role: "group", "aria-label": "Alternatives side by side" }, grid), h("div", { class: "alternatives-foot" }, ...foot));
  }

  private async oneEnded(): Promise<void> {
    const { group } = this;
    if (!group) return;
    const fresh = await api<Group>("GET", `/api/alternatives/${group.id}`).catch(() => null);
    // Another's end was perhaps told before, and with it that of all.
    if (!fresh || this.group?.id !== fresh.id || this.group.state === "done") return;
    this.group = fresh;
    this.decorate(false);
    if (fresh.state === "done") await this.finished();
  }

  private decorate(takeable: boolean): void {
    this.columns.forEach((column, index) => {
      const one = this.group?.turns[index];
      if (!one || one.turn.state === "running") return;
      const take = takeable && one.turn.version ? () => void this.take({ turn_id: one.id }) : null;
      column.show(one, this.models.model(one.turn)?.free ?? false, take, one.turn.version?.applied ?? false);
    });
  }

  /** All are written: the texts are fetched and stand side by side by paragraph. */
  private async finished(): Promise<void> {
    const { group } = this;
    if (!group || this.laid === group.id) return;
    this.laid = group.id;
    this.links.changed();
    try {
      const made = group.turns.filter((one) => one.turn.version);
      const texts = await Promise.all(made.map(async (one) => [one.id, (await api<{ text: string }>("GET", `/api/versions/${one.turn.version?.id}`)).text] as const));
      if (this.group?.id !== group.id) return;
      this.texts = new Map(texts);
    } catch (error) {
      this.laid = null;
      toast(said(error), { label: "Try again", run: () => void this.finished() });
      return;
    }
    this.rows = align(group.turns.map((one) => this.texts.get(one.id) ?? ""));
    const first = Math.max(0, group.turns.findIndex((one) => this.texts.has(one.id)));
    this.picks = this.rows.map((row) => (row[first] || !isSame(row) ? first : 0));
    this.render(group);
    announce("The alternatives are ready.");
  }

  private render(group: Group): void {
    this.columns = group.turns.map((one) => new Column(one, this.models, () => undefined, () => undefined));
    this.decorate(true);
    const cells = this.rows.map((row, index) => this.row(row, index, group.turns));
    this.fill(this.grid(...this.columns.map(({ head }) => head), ...cells), this.foot(group));
    // Whoever has closed them is not drawn away from what they do now.
    if (this.pane.hidden) toast("The alternatives are ready.", { label: "Show", run: () => this.reveal() });
    else this.reveal();
  }

  private row(row: Row, index: number, turns: Alternative[]): HTMLElement {
    if (isSame(row)) return h("div", { class: "alternative-row" }, h("div", { class: `alternative-same${heading(row[0])}` }, row[0]?.text ?? ""));
    const cells = row.map((cell, column) => {
      const one = turns[column] as Alternative;
      const radio = h("input", { type: "radio", name: `row-${index}`, class: "sr", checked: this.picks[index] === column, disabled: !this.texts.has(one.id), "aria-label": `${one.label}: ${cell ? cell.text.slice(0, 120) : "nothing here"}` });
      radio.addEventListener("change", () => {
        this.picks[index] = column;
        this.refreshFoot();
      });
      return h("label", { class: cell ? "alternative-cell" : "alternative-cell nothing" }, radio, h("span", { class: heading(cell).trim() }, cell?.text ?? (this.texts.has(one.id) ? "Nothing here" : "—")));
    });
    return h("div", { class: "alternative-row", role: "radiogroup", "aria-label": `Passage ${index + 1}` }, ...cells);
  }

  private refreshFoot(): void {
    if (this.group) this.pane.querySelector(".alternatives-foot")?.replaceChildren(...this.foot(this.group));
  }

  private chosen(): { cell: Paragraph; one: Alternative }[] {
    return this.rows.flatMap((row, index) => {
      const cell = row[this.picks[index] ?? 0];
      const one = this.group?.turns[this.picks[index] ?? 0];
      return cell && one ? [{ cell, one }] : [];
    });
  }

  private foot(group: Group): Node[] {
    const chosen = this.chosen();
    const mixed = new Set(this.rows.flatMap((row, index) => (isSame(row) ? [] : [this.picks[index]]))).size > 1;
    const cost = price({ cost: group.unpriced > 0 ? null : group.cost_usd, free: group.turns.every((one) => this.models.model(one.turn)?.free ?? false) });
    const sum = h("span", { class: "grow", role: "status" }, mixed ? `Your choice: ${count(countWords(chosen.map(({ cell }) => cell.text).join(" ")), "word")}` : "Choose the better passage in each row, or take one as it is.", h("span", { class: "alternatives-cost" }, `All together ${cost}`));
    const keep = h("button", { type: "button", class: "button", onclick: () => this.keep() }, "Keep all as versions");
    const take = h("button", { type: "button", class: "button primary", disabled: !mixed, onclick: () => void this.take({ parts: this.parts() }) }, "Take these paragraphs");
    return [sum, keep, take];
  }

  private parts(): Part[] {
    return this.chosen().map(({ cell, one }) => ({ turn_id: one.id, from: cell.from, to: cell.to }));
  }

  private keep(): void {
    this.close();
    toast("All of them are versions beside your text.");
  }

  private async take(choice: { turn_id: string } | { parts: Part[] }, how: { beside?: true; confirm?: true } = {}): Promise<void> {
    const { group } = this;
    if (!group || this.taking) return;
    this.taking = true;
    try {
      const { version, seq, applied } = await api<Taken>("POST", `/api/alternatives/${group.id}/take`, { ...choice, ...how });
      this.close();
      await this.links.taken(version, seq, applied);
      this.links.changed();
    } catch (error) {
      this.taking = false;
      await this.refused(error, (again) => this.take(choice, again));
    } finally {
      this.taking = false;
    }
  }

  private async refused(error: unknown, take: (how: { beside?: true; confirm?: true }) => Promise<void>): Promise<void> {
    if (!(error instanceof Problem)) return void toast(said(error));
    if (error.code === "draft_moved") toast("Your text changed meanwhile, so it was left alone.", { label: "Keep my choice as a version", run: () => void take({ beside: true }) });
    else if (error.code === "locked") lockedInTheWay(error);
    else if (error.code !== "loss_guard") toast(error.message);
    else if (await confirmLosses(dropped(error))) await take({ confirm: true });
  }
}
