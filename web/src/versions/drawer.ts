// The versions drawer: the tree by day, choosing, comparing, naming, restoring; all of it by keyboard too.

import { api, Problem } from "../common/api.js";
import { askText, whyNot } from "../common/dialog.js";
import { byId, h, icon, somebodyTypes } from "../common/dom.js";
import { day } from "../common/format.js";
import { toast } from "../common/toast.js";
import { branchFrom, explain, showBranches, type Moved, type TreeLinks } from "./branches.js";
import type { Compare, Side } from "./compare.js";
import { mergeVersion } from "./merge.js";
import { byDay, depths, type Version } from "./tree.js";
import { versionRow, type Pick, type RowListener } from "./version_row.js";

interface VersionPage {
  items: Version[];
  next: string | null;
}

export interface DrawerLinks {
  restore(version: Version): Promise<void>;
  /** Makes the text as it is now a version, if it is not one already. */
  checkpoint(label?: string): Promise<Version>;
  /** Sends what changes the text, once everything typed is saved, and follows. */
  act(path: string, body?: unknown): Promise<Moved>;
  closed(): void;
}

export const sideOf = (version: Version): Side => ({ id: version.id, name: version.label ? `${version.label} (${version.number})` : `Version ${version.number}` });

export class Drawer implements RowListener {
  private readonly pane = byId("versions");
  private readonly list = h("ol", { class: "version-list", "aria-label": "Versions, newest first" });
  private readonly acts = h("div", { class: "version-acts" });
  private readonly namedOnly = h("input", { type: "checkbox" });
  private versions: Version[] = [];
  private next: string | null = null;
  private loading: Promise<void> | null = null;
  private stale = true;
  /** How often the list has become another one. */
  private changes = 0;
  private chosen: string | null = null;
  private picks: Record<Pick, string | null> = { a: null, b: null };
  private readonly tree: TreeLinks;

  constructor(private readonly draftId: string, private readonly compare: Compare, private readonly links: DrawerLinks) {
    this.tree = { draftId, act: (path, body) => this.act(path, body), changed: () => this.outdated() };
    const close = h("button", { type: "button", class: "icon-button wide-only", "aria-label": "Close the versions", onclick: () => links.closed() }, icon("close"));
    const name = h("button", { type: "button", class: "button small", "aria-keyshortcuts": "Control+S", onclick: () => void this.nameNow() }, "Name this version");
    this.pane.append(
      h("div", { class: "pane-head" }, h("h2", {}, "Versions"), h("span", { class: "grow" }), close),
      h("div", { class: "versions-tools" }, h("label", { class: "check" }, this.namedOnly, "Named only"), h("span", { class: "grow" }), name),
      h("div", { class: "versions-tools" }, h("button", { type: "button", class: "button small quiet", onclick: () => void showBranches(this.tree) }, icon("branch"), "Branches"), h("span", { class: "grow" }), h("a", { class: "button small quiet", href: `/drafts/${draftId}/versions` }, "Full history")),
      this.list,
      this.acts,
    );
    this.namedOnly.addEventListener("change", () => this.render());
    this.list.addEventListener("scroll", () => this.nearEnd() && void this.load(this.next));
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.acts.hidden = true;
  }

  /** The list may have changed; it is read again when it is looked at. */
  outdated(): void {
    this.stale = true;
    this.changes += 1;
    if (!this.pane.hidden) void this.opened();
  }

  async opened(): Promise<void> {
    if (this.stale) await this.fresh();
  }

  /** The newest versions, also those that came while a page was being read. */
  private async fresh(): Promise<void> {
    await this.loading;
    await this.load(null);
  }

  private nearEnd(): boolean {
    return this.next !== null && this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 400;
  }

  /** One reading at a time; who asks meanwhile waits for the one under way. */
  private load(cursor: string | null): Promise<void> {
    this.loading ??= this.read(cursor).finally(() => (this.loading = null));
    return this.loading;
  }

  private async read(cursor: string | null): Promise<void> {
    if (this.versions.length === 0) this.say("Reading the versions…");
    const { changes } = this;
    try {
      const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
      const page = await api<VersionPage>("GET", `/api/drafts/${this.draftId}/versions${query}`);
      this.versions = cursor ? [...this.versions, ...page.items] : page.items;
      this.next = page.next;
      if (cursor === null) this.stale = changes !== this.changes;
      this.render();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const text = error.status === 0 ? "You are offline. Versions are kept on the server." : `The versions could not be read: ${error.message}`;
      if (this.versions.length === 0) this.say(text, h("button", { type: "button", class: "button small", onclick: () => void this.load(null) }, "Try again"));
      else toast(text);
    }
  }

  private say(text: string, button?: Node): void {
    this.list.replaceChildren(h("li", { class: "nothing" }, h("p", {}, text), button ?? null));
  }

  private render(): void {
    const focused = document.activeElement?.closest<HTMLElement>(".version")?.dataset["id"];
    const shown = this.namedOnly.checked ? this.versions.filter(({ label }) => label) : this.versions;
    if (shown.length === 0) {
      this.say(this.versions.length === 0 ? "No versions yet. One is made after a pause of writing, before every change by a model, and when you name one." : "No version has a name yet.");
      return this.renderActs();
    }
    const indent = depths(this.versions);
    const items = byDay(shown, ({ created_at }) => day(created_at)).flatMap(({ day: name, versions }) => [
      h("li", { class: "day" }, name),
      ...versions.map((version) => versionRow(version, indent.get(version.id) ?? 0, this)),
    ]);
    this.list.replaceChildren(...items);
    this.mark();
    if (focused) this.row(focused)?.querySelector<HTMLElement>(".version-open")?.focus();
  }

  private row(id: string): HTMLElement | null {
    return this.list.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
  }

  private mark(): void {
    for (const row of this.list.querySelectorAll<HTMLElement>(".version")) {
      const id = row.dataset["id"];
      row.toggleAttribute("data-chosen", id === this.chosen);
      row.querySelector(".version-open")?.setAttribute("aria-current", String(id === this.chosen));
      for (const button of row.querySelectorAll<HTMLElement>("[data-pick]")) button.setAttribute("aria-pressed", String(this.picks[button.dataset["pick"] as Pick] === id));
    }
    this.renderActs();
  }

  private find(id: string | null): Version | undefined {
    return this.versions.find((version) => version.id === id);
  }

  private renderActs(): void {
    const version = this.find(this.chosen);
    this.acts.hidden = version === undefined;
    if (!version) return;
    const button = (label: string, run: () => void, more = ""): HTMLElement => h("button", { type: "button", class: `button small ${more}`, onclick: run }, label);
    this.acts.replaceChildren(
      button(version.label ? "Rename" : "Name", () => void this.name(version)),
      button("Compare with the text", () => void this.compareWithText(version.id)),
      button("Branch", () => void branchFrom(version, this.tree)),
      ...(version.current ? [] : [button("Merge", () => void mergeVersion(version, this.tree, () => this.links.checkpoint()))]),
      button("Restore", () => void this.restore(version), "primary"),
    );
  }

  /** Chooses a version by its id, reading it first when the list does not have it yet. */
  async open(id: string): Promise<void> {
    if (this.stale || !this.find(id)) await this.fresh();
    const version = this.find(id);
    if (!version) return void toast("This version is further down the list.");
    this.choose(version);
    this.row(id)?.scrollIntoView({ block: "nearest" });
    if (!this.compare.open && !somebodyTypes()) this.row(id)?.querySelector<HTMLElement>(".version-open")?.focus();
  }

  /** Choosing a version shows what it changed. */
  choose(version: Version): void {
    this.chosen = version.id;
    const parent = this.find(version.parent_id);
    this.picks = { a: parent?.id ?? null, b: version.id };
    this.mark();
    if (version.parent_id) void this.compare.show(parent ? sideOf(parent) : { id: version.parent_id, name: "The version before" }, sideOf(version));
  }

  pick(version: Version, as: Pick): void {
    this.picks[as] = this.picks[as] === version.id ? null : version.id;
    this.mark();
    const [a, b] = [this.find(this.picks.a), this.find(this.picks.b)];
    if (a && b) void this.compare.show(sideOf(a), sideOf(b));
  }

  async compareWithText(versionId: string): Promise<void> {
    try {
      const now = await this.links.checkpoint();
      if (this.stale) await this.fresh();
      const version = this.find(versionId) ?? (await api<Version>("GET", `/api/versions/${versionId}`));
      await this.compare.show({ id: now.id, name: "Your text" }, sideOf(version));
    } catch (error) {
      toast(error instanceof Problem ? error.message : "The text is not saved yet, so it cannot be compared.");
    }
  }

  private async restore(version: Version): Promise<void> {
    try {
      await this.links.restore(version);
      if (this.compare.open) this.compare.close();
    } catch (error) {
      toast(error instanceof Problem ? error.message : "The text is not saved yet. Try again when it is.");
    }
  }

  /** What changed the text is looked at in the text. */
  private async act(path: string, body?: unknown): Promise<Moved> {
    const moved = await this.links.act(path, body);
    if (this.compare.open) this.compare.close();
    return moved;
  }

  private async name(version: Version): Promise<void> {
    const label = await askText("Name the version", "Name", version.label ?? "", "Save name", {}, (typed) => whyNot(() => api("PATCH", `/api/versions/${version.id}`, { label: typed || null })));
    if (label !== null) this.outdated();
  }

  /** Names the text as it is now. */
  async nameNow(): Promise<void> {
    let version: Version | null = null;
    const label = await askText("Name this version", "The text as it is now is kept under this name", "", "Save version", {}, (typed) => whyNot(async () => void (typed && (version = await this.links.checkpoint(typed))), explain));
    if (version === null) return;
    toast(`“${label}” is version ${(version as Version).number}.`);
    this.outdated();
  }

  private key(event: KeyboardEvent): void {
    const row = (event.target as HTMLElement).closest<HTMLElement>(".version");
    const version = this.find(row?.dataset["id"] ?? null);
    if (!row || !version || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = (step: 1 | -1): void => {
      const all = [...this.list.querySelectorAll<HTMLElement>(".version")];
      all[all.indexOf(row) + step]?.querySelector<HTMLElement>(".version-open")?.focus();
    };
    const keys: Record<string, () => void> = {
      arrowdown: () => move(1),
      arrowup: () => move(-1),
      a: () => this.pick(version, "a"),
      b: () => this.pick(version, "b"),
      n: () => void this.name(version),
      r: () => void this.restore(version),
    };
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
