// The drafts list: search, sort, pages, tabs, keys. What can be done to one draft is in `draft_acts.ts`.

import { api, Problem } from "../common/api.js";
import { onPress } from "../common/early.js";
import { byId, h, icon, isMod, isTyping, meta, pageData } from "../common/dom.js";
import { startDraft } from "../common/new_draft.js";
import { setUpImport } from "../files/import.js";
import { Passages } from "../files/passages.js";
import { draftActs, type DraftRows } from "./draft_acts.js";
import { draftRow, emptyState, skeletons, type DraftSummary } from "./draft_list.js";
import { Filters, type Tab } from "./draft_filters.js";
import type { OnlyHere } from "../sync/leftovers.js";
import { KeptHere } from "./kept_here.js";
import { Numbers } from "./draft_numbers.js";

interface DraftPage {
  items: DraftSummary[];
  next: string | null;
}

const SEARCH_PAUSE = 200;
const AGAIN = [700, 3_000, 10_000];

export function openDrafts(): void {
  const first = pageData<{ drafts: DraftSummary[]; next: string | null }>();
  const list = new DraftList();
  list.listen();
  list.begin({ items: first.drafts, next: first.next });
  void list.countAll();
  if (new URLSearchParams(location.search).has("new")) byId("new-draft").click();
  void list.sendLeftovers();
}

class DraftList implements DraftRows {
  private readonly filters = new Filters();
  drafts: DraftSummary[] = [];
  private readonly acts = draftActs(this);
  /** Begun here without a network; the server does not know them. */
  private here: DraftSummary[] = [];
  private readonly kept = new KeptHere(async (id) => (await import("../sync/leftovers.js")).letGoHere(meta("account"), id));
  private readonly numbers = new Numbers(byId("statistics"));
  private next: string | null = null;
  private unsent = new Set<string>();
  /** Deleted here: an answer that was on its way may still name them. */
  readonly leaving = new Set<string>();
  private asking = new AbortController();
  private readonly passages = new Passages(() => this.render());
  private readonly list = byId<HTMLUListElement>("drafts");
  private readonly search = this.filters.search;
  private readonly more = byId<HTMLButtonElement>("more");
  private readonly problem = byId("list-problem");

  listen(): void {
    let pause = 0;
    this.search.addEventListener("input", () => {
      clearTimeout(pause);
      pause = window.setTimeout(() => this.look(), SEARCH_PAUSE);
    });
    this.filters.onSelect(() => this.look());
    this.more.addEventListener("click", () => void this.load(this.next));
    // The next page comes when the end of this one is near; the button remains for those who cannot scroll.
    new IntersectionObserver(([end]) => end?.isIntersecting && this.next !== null && !this.problemShown && void this.load(this.next), { rootMargin: "600px" }).observe(this.more);
    const choose = setUpImport(() => void this.reload());
    byId("import").addEventListener("click", choose);
    onPress(byId("new-draft"), () => void this.create());
    const tabs = [...document.querySelectorAll<HTMLElement>("[role=tab]")];
    for (const tab of tabs) {
      tab.addEventListener("click", () => this.choose(tab.dataset["tab"] as Tab));
      tab.addEventListener("keydown", ({ key }) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
        if (step !== undefined) tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length]?.click();
      });
    }
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("online", () => void this.sendLeftovers().then(() => this.reload()));
    window.addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      byId<HTMLButtonElement>("new-draft").disabled = false;
      void this.reload();
    });
  }

  /** The list the page came with, or the one its address asks for. */
  begin(first: DraftPage): void {
    this.mark();
    if (!this.filters.changed) return this.show(first);
    this.list.replaceChildren(...skeletons(3));
    this.look();
  }

  private choose(tab: Tab): void {
    this.filters.tab = tab;
    this.mark()?.focus();
    this.list.replaceChildren(...skeletons(3));
    this.look();
  }

  /** Shows which tab is chosen; its button. */
  private mark(): HTMLElement | null {
    let marked: HTMLElement | null = null;
    for (const button of document.querySelectorAll<HTMLElement>("[role=tab]")) {
      const chosen = button.dataset["tab"] === this.filters.tab;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (!chosen) continue;
      marked = button;
      this.list.setAttribute("aria-labelledby", button.id);
    }
    return marked;
  }

  /** The list of what was typed; passages too, but not from the trash. */
  private look(): void {
    this.filters.write();
    void this.load();
    this.passages.show(this.filters.tab === "all" ? this.filters.words : "");
  }

  private async load(cursor: string | null = null): Promise<void> {
    // What came behind the list as it was is not what comes behind the one that is asked for now.
    if (cursor === null) this.next = null;
    this.asking.abort();
    this.asking = new AbortController();
    const query = this.filters.query(cursor);
    try {
      const page = await api<DraftPage>("GET", `/api/drafts?${query}`, undefined, { signal: this.asking.signal });
      this.problem.hidden = true;
      const items = page.items.filter(({ id, deleted_at }) => deleted_at !== null || !this.leaving.has(id));
      this.drafts = cursor ? [...this.drafts, ...items] : items;
      this.next = page.next;
      this.render();
    } catch (error) {
      if (error instanceof Problem) this.showProblem(error);
    }
  }

  /** The row that has the focus, and the how-manieth of its controls. */
  private focused(): { id: string; at: number } | null {
    const id = document.activeElement?.closest<HTMLElement>(".draft-row")?.dataset["id"];
    return id === undefined ? null : { id, at: this.controls(id).indexOf(document.activeElement as HTMLElement) };
  }

  private controls(id: string): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>(`[data-id="${CSS.escape(id)}"] :is(a, button)`)];
  }

  private get problemShown(): boolean {
    return !this.problem.hidden;
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

  replace(drafts: DraftSummary[]): void {
    this.drafts = drafts;
    this.render();
    void this.countAll();
  }

  reload(): Promise<void> {
    void this.countAll();
    return this.load();
  }

  /** The numbers above the list; without them the list stands alone. */
  async countAll(): Promise<void> {
    if (!(await this.numbers.load())) this.showProblem(new Problem(0, "unreachable", ""));
  }

  private render(): void {
    const known = new Set(this.drafts.map(({ id }) => id));
    const here = this.filters.changed ? [] : this.here.filter(({ id }) => !known.has(id));
    const rows = [...here, ...this.drafts].map((draft) => draftRow(draft, this.acts, this.unsent.has(draft.id)));
    const focused = this.focused();
    this.list.replaceChildren(...(rows.length > 0 ? rows : [this.empty()]));
    if (focused) this.controls(focused.id)[focused.at]?.focus({ preventScroll: true });
    this.more.hidden = this.next === null;
    this.numbers.shown(this.drafts, this.unsent);
    const found = this.next ? `${this.drafts.length}+ found` : `${this.drafts.length} found`;
    byId("count").textContent = this.filters.any && this.drafts.length > 0 ? found : "";
  }

  private empty(): HTMLElement {
    const { words, tab } = this.filters;
    if (words && this.passages.any) return h("li", { class: "nothing" }, "No draft’s title or text holds exactly this. The words are found below.");
    if (this.filters.any) {
      const clear = (): void => {
        this.filters.clear();
        this.look();
        this.search.focus();
      };
      const where = tab === "trash" ? "Deleted drafts were looked through." : tab === "shared" ? "What others share with you was looked through." : words ? "Your drafts, their versions and chats were searched." : "None of your drafts is like that now.";
      return emptyState(words ? `Nothing found for “${words}”` : "Nothing like that", where, h("button", { type: "button", class: "button", onclick: clear }, "Show all"));
    }
    if (tab === "trash") return emptyState("The trash is empty", "Deleted and expired drafts stay here for a while before they are gone for good.");
    if (tab === "shared") return emptyState("Nothing is shared with you", "Drafts of others appear here once they let you read or edit them.");
    const create = h("button", { type: "button", class: "button primary", onclick: () => void this.create() }, icon("plus"), "New draft");
    return emptyState("A clean desk", "A draft has the text on one side and an assistant on the other. Everything you or a model writes is kept as a version.", create);
  }

  private async create(): Promise<void> {
    const button = byId<HTMLButtonElement>("new-draft");
    if (button.disabled) return;
    button.disabled = true;
    try {
      await startDraft();
    } catch (error) {
      button.disabled = false;
      if (error instanceof Problem) this.showProblem(error);
    }
  }

  private rows(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>(".draft-row")];
  }

  focusRow(index: number): void {
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
    const { draftsOnlyHere, drainLeftovers, parkedHere } = await import("../sync/leftovers.js");
    const before = this.unsent.size;
    const { sent, left } = await drainLeftovers(account);
    this.unsent = left;
    this.here = (await draftsOnlyHere(account)).map(onlyHere);
    this.kept.show(await parkedHere(account));
    if (sent > 0) await this.reload();
    else if (left.size > 0 || before > 0) this.render();
    // A page that is just closing still owns its words for a moment.
    const [pause, ...later] = again;
    if (left.size > 0 && pause !== undefined) setTimeout(() => void this.sendLeftovers(later), pause);
  }
}

/** A draft the server does not know, as a row of the list. */
function onlyHere({ draftId, title, at, unsent, form }: OnlyHere): DraftSummary {
  const when = new Date(at).toISOString();
  const words = unsent.split(/\s+/u).filter(Boolean).length;
  const never = { expires_at: null, deleted_at: null };
  const is = form === null ? { kind: "document" } : { kind: "form", address: `/forms/${form}/${draftId}` };
  return { id: draftId, ...is, title: title || nameOf(form), excerpt: unsent.slice(0, 200), words, completion: 100, status: "open", saved_at: when, created_at: when, ...never, versions: 0, conflicts: 0, edited_by: "user", device: "", onlyHere: true };
}

/** What the server calls a form without a title. */
function nameOf(form: string | null): string {
  const words = (form ?? "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
