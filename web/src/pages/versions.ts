// The history of a draft: the drawn tree on one side, the chosen version or a comparison on the other.

import { api, Problem } from "../common/api.js";
import { askText, whyNot } from "../common/dialog.js";
import { byId, h, isTyping, meta, pageData } from "../common/dom.js";
import { count } from "../common/format.js";
import { toast } from "../common/toast.js";
import { branchFrom, explain, showBranches, type Moved, type TreeLinks } from "../versions/branches.js";
import { Compare, type Side } from "../versions/compare.js";
import { graphRow, ROW_HEIGHT } from "../versions/graph_row.js";
import { History } from "../versions/history.js";
import { Lanes } from "../versions/lanes.js";
import { mergeVersion } from "../versions/merge.js";
import type { Version } from "../versions/tree.js";
import { VirtualList } from "../versions/virtual_list.js";
import { markedText, type Blame } from "../versions/who_wrote.js";

/** Milliseconds on one version until its text is read: running down the list should not ask for every one. */
const REST = 180;

const sideOf = (version: Version): Side => ({ id: version.id, name: version.label ? `${version.label} (${version.number})` : `Version ${version.number}` });

export function openVersions(): void {
  const { draft } = pageData<{ draft: { id: string; closed: boolean } }>();
  void new HistoryPage(draft.id, draft.closed).open();
}

class HistoryPage {
  private readonly pane = byId("history");
  private readonly detail = byId("detail");
  private readonly history: History;
  private readonly compare = new Compare(() => this.pane.focus());
  private readonly list: VirtualList;
  private readonly links: TreeLinks;
  private lanes: Lanes | null = null;
  /** The shape the lanes were laid out for: of 100,000 versions that takes some frames' time. */
  private laid: History["shape"] = null;
  private chosen = 0;
  private marked: Version | null = null;
  private asked = 0;
  private shown = "";
  private resting = 0;

  constructor(private readonly draftId: string, private readonly closed: boolean) {
    this.history = new History(draftId, () => this.drawn(), (error) => toast(explain(error)));
    this.links = { draftId, act: (path, body) => api<Moved>("POST", path, body), changed: () => void this.open() };
    this.list = new VirtualList(this.pane, ROW_HEIGHT, {
      total: () => this.history.total,
      row: (index) => this.row(index),
      state: (index) => [this.history.at(index), index === this.chosen, this.isMarked(index), this.history.total, this.lanes],
      shown: (from, to) => this.history.want(from, to),
    });
    this.pane.addEventListener("click", (event) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
      if (row) this.choose(Number(row.dataset["index"]), true);
    });
    document.addEventListener("keydown", (event) => this.key(event));
    byId("branches").addEventListener("click", () => void showBranches(this.links));
    byId<HTMLInputElement>("named-only").addEventListener("change", () => this.filter());
    byId<HTMLSelectElement>("written-by").addEventListener("change", () => this.filter());
  }

  async open(): Promise<void> {
    this.pane.setAttribute("aria-busy", "true");
    try {
      await this.history.open();
      this.choose(Math.min(this.chosen, Math.max(0, this.history.total - 1)), false);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const again = h("button", { type: "button", class: "button small", onclick: () => void this.open() }, "Try again");
      this.detail.replaceChildren(h("div", { class: "notice bad" }, h("span", { class: "grow" }, `The versions could not be read: ${error.message}`), again));
    } finally {
      this.pane.setAttribute("aria-busy", "false");
    }
  }

  private filter(): void {
    const by = byId<HTMLSelectElement>("written-by").value;
    this.history.filter = { named: byId<HTMLInputElement>("named-only").checked, by: by === "me" ? meta("account") : by };
    this.chosen = 0;
    this.pane.scrollTop = 0;
    void this.open();
  }

  /** Something was read: what is new of it is drawn. */
  private drawn(): void {
    const { history } = this;
    const shape = history.filtered ? null : history.shape;
    if (shape !== this.laid) this.lanes = shape && new Lanes(shape);
    this.laid = shape;
    byId("version-count").textContent = count(history.total, "version") + (history.complete ? "" : " so far");
    const by = byId<HTMLSelectElement>("written-by");
    for (const model of history.models()) {
      if (![...by.options].some(({ value }) => value === `model:${model}`)) by.append(h("option", { value: `model:${model}` }, `By ${model}`));
    }
    this.list.soon();
    // A version far down the list is chosen before it has been read.
    if (this.version && this.version.id !== this.shown) this.showDetail();
  }

  private row(index: number): HTMLElement {
    const version = this.history.at(index);
    const state = { chosen: index === this.chosen, marked: this.isMarked(index), index, total: this.history.total };
    return graphRow(version, this.lanes?.row(index), state);
  }

  private isMarked(index: number): boolean {
    return this.marked !== null && this.history.at(index)?.id === this.marked.id;
  }

  private get version(): Version | undefined {
    return this.history.at(this.chosen);
  }

  private choose(index: number, read: boolean): void {
    if (this.history.total === 0) return this.nothing();
    this.chosen = Math.max(0, Math.min(index, this.history.total - 1));
    this.list.reveal(this.chosen);
    this.list.draw();
    this.pane.setAttribute("aria-activedescendant", `row-${this.chosen}`);
    this.showDetail();
    if (read) void this.read();
  }

  private nothing(): void {
    const words = this.history.filtered ? "No version passes this filter." : "No versions yet. One is made after a pause of writing, before every change by a model, and when you name one.";
    this.detail.replaceChildren(h("p", { class: "nothing" }, words));
  }

  private showDetail(): void {
    const { version } = this;
    if (!version) return;
    this.shown = version.id;
    const button = (label: string, key: string, run: () => void, more = ""): HTMLElement => h("button", { type: "button", class: `button small ${more}`, "aria-keyshortcuts": key, onclick: run }, label);
    const change = (label: string, key: string, run: () => void, more = ""): HTMLElement[] => (this.closed ? [] : [button(label, key, run, more)]);
    this.detail.replaceChildren(
      h("h2", {}, version.label ?? `Version ${version.number}`),
      h("p", { class: "version-facts" }, `${version.label ? `Version ${version.number} · ` : ""}${count(version.words, "word")}`),
      h(
        "div",
        { class: "detail-acts" },
        button("Read", "Enter", () => void this.read()),
        ...(version.parent_id || this.marked ? [button("Compare", "C", () => void this.compareNow())] : []),
        button(this.marked?.id === version.id ? "Unmark" : "Mark as A", "A", () => this.mark()),
        button(version.label ? "Rename" : "Name", "N", () => void this.name()),
        ...change("Branch", "B", () => void branchFrom(version, this.links)),
        ...(version.current ? [] : change("Merge", "M", () => void this.merge())),
        ...change("Restore", "R", () => void this.restore(), "primary"),
      ),
      h("div", { class: "detail-text", id: "detail-text" }),
    );
    clearTimeout(this.resting);
    if (!this.compare.open) this.resting = window.setTimeout(() => void this.read(), REST);
  }

  private async read(): Promise<void> {
    const { version } = this;
    if (!version) return;
    const asked = (this.asked += 1);
    clearTimeout(this.resting);
    if (this.compare.open) this.compare.close();
    try {
      const [whole, blame] = await Promise.all([api<Version>("GET", `/api/versions/${version.id}`), api<Blame>("GET", `/api/versions/${version.id}/blame`)]);
      if (asked === this.asked) byId("detail-text").replaceChildren(markedText(whole.text ?? "", blame));
    } catch (error) {
      toast(explain(error));
    }
  }

  private mark(): void {
    const { version } = this;
    if (!version) return;
    this.marked = this.marked?.id === version.id ? null : version;
    this.list.draw();
    this.showDetail();
  }

  private async compareNow(): Promise<void> {
    const { version, marked } = this;
    if (!version) return;
    const parent = version.parent_id ? { id: version.parent_id, name: "The version before" } : null;
    const other = marked && marked.id !== version.id ? sideOf(marked) : parent;
    if (other) await this.compare.show(other, sideOf(version));
  }

  private async name(): Promise<void> {
    const { version } = this;
    if (!version) return;
    const label = await askText(version.label ? "Rename version" : "Name version", "Name; leave it empty for none", version.label ?? "", "Save", {}, (typed) => whyNot(() => api("PATCH", `/api/versions/${version.id}`, { label: typed || null }), explain));
    if (label !== null) await this.open();
  }

  private async merge(): Promise<void> {
    if (this.version) await mergeVersion(this.version, this.links, () => Promise.resolve());
  }

  private async restore(): Promise<void> {
    const { version } = this;
    if (!version) return;
    try {
      const restored = await this.links.act(`/api/drafts/${this.draftId}/restore`, { version_id: version.id });
      toast(`Version ${version.number} is back, as version ${restored.version.number}. What stood there is a version too.`);
      this.chosen = 0;
      await this.open();
    } catch (error) {
      toast(explain(error));
    }
  }

  private key(event: KeyboardEvent): void {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const inList = event.target === this.pane || event.target === document.body;
    const page = Math.max(1, Math.floor(this.pane.clientHeight / ROW_HEIGHT) - 1);
    const moves: Record<string, number> = { j: 1, k: -1, arrowdown: 1, arrowup: -1, pagedown: page, pageup: -page, home: -this.history.total, end: this.history.total };
    const acts: Record<string, () => void> = { enter: () => void this.read(), c: () => void this.compareNow(), a: () => this.mark(), n: () => void this.name() };
    const changes: Record<string, () => void> = { b: () => this.version && void branchFrom(this.version, this.links), m: () => this.version?.current || void this.merge(), r: () => void this.restore() };
    const key = event.key.toLowerCase();
    const step = moves[key];
    const act = acts[key] ?? (this.closed ? undefined : changes[key]);
    if (step !== undefined && (inList || key.length === 1)) this.choose(this.chosen + step, false);
    else if (act && (inList || key !== "enter")) act();
    else return;
    event.preventDefault();
  }
}
