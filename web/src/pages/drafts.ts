// The drafts list: search, sort, new, rename, delete with undo, trash.

import { api, Problem } from "../common/api.js";
import { askText } from "../common/dialog.js";
import { byId, h, icon, isMod, isTyping, meta, pageData } from "../common/dom.js";
import { count } from "../common/format.js";
import { toast } from "../common/toast.js";
import { newReplicaId } from "../sync/identity.js";
import { draftRow, emptyState, skeletons, type DraftSummary } from "./draft_list.js";

interface DraftPage {
  items: DraftSummary[];
  next: string | null;
}

type Tab = "all" | "trash";

const SEARCH_PAUSE = 200;
const AGAIN = [700, 3_000, 10_000];

export function openDrafts(): void {
  const first = pageData<{ drafts: DraftSummary[]; next: string | null }>();
  const list = new DraftList();
  list.show({ items: first.drafts, next: first.next });
  list.listen();
  void list.sendLeftovers();
}

class DraftList {
  private tab: Tab = "all";
  private drafts: DraftSummary[] = [];
  private next: string | null = null;
  private unsent = new Set<string>();
  private asking = new AbortController();
  private readonly list = byId<HTMLUListElement>("drafts");
  private readonly search = byId<HTMLInputElement>("search");
  private readonly sort = byId<HTMLSelectElement>("sort");
  private readonly more = byId<HTMLButtonElement>("more");
  private readonly problem = byId("list-problem");

  listen(): void {
    let pause = 0;
    this.search.addEventListener("input", () => {
      clearTimeout(pause);
      pause = window.setTimeout(() => void this.load(), SEARCH_PAUSE);
    });
    this.sort.addEventListener("change", () => void this.load());
    this.more.addEventListener("click", () => void this.load(this.next));
    byId("new-draft").addEventListener("click", () => void this.create());
    const tabs = [...document.querySelectorAll<HTMLElement>("[role=tab]")];
    for (const tab of tabs) {
      tab.addEventListener("click", () => this.choose(tab.dataset["tab"] as Tab));
      tab.addEventListener("keydown", ({ key }) => {
        if (key === "ArrowRight" || key === "ArrowLeft") tabs.find((other) => other !== tab)?.click();
      });
    }
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("online", () => void this.sendLeftovers().then(() => this.load()));
    window.addEventListener("pageshow", ({ persisted }) => persisted && void this.load());
  }

  private choose(tab: Tab): void {
    this.tab = tab;
    for (const button of document.querySelectorAll<HTMLElement>("[role=tab]")) {
      const chosen = button.dataset["tab"] === tab;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (chosen) {
        button.focus();
        this.list.setAttribute("aria-labelledby", button.id);
      }
    }
    this.list.replaceChildren(...skeletons(3));
    void this.load();
  }

  private async load(cursor: string | null = null): Promise<void> {
    this.asking.abort();
    this.asking = new AbortController();
    const query = new URLSearchParams({ kind: "document", sort: this.sort.value });
    if (this.search.value.trim()) query.set("q", this.search.value.trim());
    if (this.tab === "trash") query.set("trash", "true");
    if (cursor) query.set("cursor", cursor);
    try {
      const page = await api<DraftPage>("GET", `/api/drafts?${query}`, undefined, { signal: this.asking.signal });
      this.problem.hidden = true;
      this.show(cursor ? { items: [...this.drafts, ...page.items], next: page.next } : page);
    } catch (error) {
      if (error instanceof Problem) this.showProblem(error);
    }
  }

  private showProblem(problem: Problem): void {
    if (problem.status === 401) return location.assign("/sign-in");
    const text = problem.status === 0 ? "You are offline. This is the list as it was last seen; drafts you have opened before can still be edited." : problem.message;
    this.problem.replaceChildren(h("span", { class: "grow" }, text), h("button", { type: "button", class: "button small", onclick: () => void this.load() }, "Try again"));
    this.problem.hidden = false;
    this.render();
  }

  show({ items, next }: DraftPage): void {
    this.drafts = items;
    this.next = next;
    this.render();
  }

  private render(): void {
    const rows = this.drafts.map((draft) =>
      draftRow(draft, { remove: (one) => void this.remove(one), recover: (one) => void this.recover(one), rename: (one) => void this.rename(one) }, this.unsent.has(draft.id)),
    );
    this.list.replaceChildren(...(rows.length > 0 ? rows : [this.empty()]));
    this.more.hidden = this.next === null;
    byId("count").textContent = this.summary();
  }

  private summary(): string {
    if (this.drafts.length === 0) return "";
    const shown = this.next ? `${this.drafts.length}+ drafts` : count(this.drafts.length, "draft");
    const waiting = this.drafts.filter((draft) => draft.conflicts > 0 || this.unsent.has(draft.id)).length;
    return waiting > 0 ? `${shown} · ${waiting} need${waiting === 1 ? "s" : ""} you` : shown;
  }

  private empty(): HTMLElement {
    const query = this.search.value.trim();
    if (query) {
      const clear = (): void => {
        this.search.value = "";
        void this.load();
        this.search.focus();
      };
      return emptyState(`Nothing found for “${query}”`, "Titles and texts of your drafts were searched.", h("button", { type: "button", class: "button", onclick: clear }, "Clear the search"));
    }
    if (this.tab === "trash") return emptyState("The trash is empty", "Deleted drafts stay here for 30 days before they are gone for good.");
    const create = h("button", { type: "button", class: "button primary", onclick: () => void this.create() }, icon("plus"), "New draft");
    return emptyState("A clean desk", "A draft has the text on one side and an assistant on the other. Everything you or a model writes is kept as a version.", create);
  }

  private async create(): Promise<void> {
    const button = byId<HTMLButtonElement>("new-draft");
    button.disabled = true;
    try {
      const draft = await api<{ id: string }>("POST", "/api/drafts", { kind: "document" });
      location.assign(`/drafts/${draft.id}`);
    } catch (error) {
      button.disabled = false;
      if (error instanceof Problem) this.showProblem(error);
    }
  }

  private async remove(draft: DraftSummary): Promise<void> {
    const index = this.drafts.indexOf(draft);
    this.show({ items: this.drafts.filter((other) => other !== draft), next: this.next });
    this.focusRow(Math.min(index, this.drafts.length - 1));
    const putBack = (): void => this.show({ items: [...this.drafts.slice(0, index), draft, ...this.drafts.slice(index)], next: this.next });
    try {
      await api("DELETE", `/api/drafts/${draft.id}`);
      toast(`“${draft.title?.trim() || "Untitled draft"}” is in the trash.`, {
        label: "Undo",
        run: () => void api("POST", `/api/drafts/${draft.id}/recover`).then(putBack, (error: unknown) => toast(error instanceof Problem ? error.message : "That did not work.")),
      });
    } catch (error) {
      putBack();
      toast(error instanceof Problem ? error.message : "That did not work.");
    }
  }

  private async recover(draft: DraftSummary): Promise<void> {
    try {
      await api("POST", `/api/drafts/${draft.id}/recover`);
      this.show({ items: this.drafts.filter((other) => other !== draft), next: this.next });
      toast("Back among your drafts.", { label: "Open", run: () => location.assign(`/drafts/${draft.id}`) });
    } catch (error) {
      toast(error instanceof Problem ? error.message : "That did not work.");
    }
  }

  /** A page that only renames is a replica of its own, with one command. */
  private async rename(draft: DraftSummary): Promise<void> {
    const title = await askText("Rename the draft", "Title", draft.title ?? "", "Rename");
    if (title === null || title === draft.title) return;
    try {
      const { seq } = await api<{ seq: number }>("GET", `/api/drafts/${draft.id}`);
      await api("POST", `/api/drafts/${draft.id}/commands`, { replica: newReplicaId(), n: 1, base_seq: seq, ops: [{ field: "title", set: title }] });
      this.show({ items: this.drafts.map((other) => (other === draft ? { ...other, title } : other)), next: this.next });
    } catch (error) {
      toast(error instanceof Problem ? error.message : "That did not work.");
    }
  }

  private rows(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>(".draft-row")];
  }

  private focusRow(index: number): void {
    this.rows()[index]?.querySelector<HTMLElement>("a")?.focus();
  }

  private key(event: KeyboardEvent): void {
    if (isTyping(event.target) || isMod(event) || event.altKey || document.querySelector("dialog[open]")) return;
    const rows = this.rows();
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const keys: Record<string, () => void> = {
      "/": () => this.search.focus(),
      n: () => void this.create(),
      j: () => this.focusRow(Math.min(rows.length - 1, at + 1)),
      k: () => this.focusRow(Math.max(0, at - 1)),
      "#": () => rows[at]?.querySelector<HTMLButtonElement>("[data-act=delete]")?.click(),
    };
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Sends what pages left unsent, for instance the one just closed, and shows the list as it is after that. */
  async sendLeftovers(again = AGAIN): Promise<void> {
    const account = meta("account");
    if (!account) return;
    const { drainLeftovers } = await import("../sync/leftovers.js");
    const before = this.unsent.size;
    const { sent, left } = await drainLeftovers(account);
    this.unsent = left;
    if (sent > 0) await this.load();
    else if (left.size > 0 || before > 0) this.render();
    // A page that is just closing still owns its words for a moment.
    const [pause, ...later] = again;
    if (left.size > 0 && pause !== undefined) setTimeout(() => void this.sendLeftovers(later), pause);
  }
}
