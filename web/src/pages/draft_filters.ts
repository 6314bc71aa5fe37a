// What the list of drafts shows, kept in the address: it can be gone back to, reloaded and sent.

import { byId } from "../common/dom.js";

export type Tab = "all" | "shared" | "trash";

const TABS: readonly string[] = ["all", "shared", "trash"];
const SELECTS = ["status", "kind", "sort"] as const;
const FIRST_SORT = "-saved_at";

export class Filters {
  readonly search = byId<HTMLInputElement>("search");
  tab: Tab = "all";

  constructor() {
    // What was searched for before this script had come is meant as much as what the address says.
    const early = this.search.value;
    this.read();
    if (early) this.search.value = early;
  }

  /** Whether anything narrows the list. */
  get any(): boolean {
    return this.words !== "" || this.select("status").value !== "" || this.select("kind").value !== "";
  }

  /** Whether the list is another than the one the page came with. */
  get changed(): boolean {
    return this.any || this.tab !== "all" || this.select("sort").value !== FIRST_SORT;
  }

  get words(): string {
    return this.search.value.trim();
  }

  onSelect(run: () => void): void {
    for (const name of SELECTS) this.select(name).addEventListener("change", run);
  }

  clear(): void {
    this.search.value = "";
    for (const name of ["status", "kind"] as const) this.select(name).value = "";
  }

  /** The question to the server. */
  query(cursor: string | null): URLSearchParams {
    const query = new URLSearchParams();
    for (const name of SELECTS) if (this.select(name).value) query.set(name, this.select(name).value);
    if (this.words) query.set("q", this.words);
    if (this.tab !== "all") query.set(this.tab, "true");
    if (cursor !== null) query.set("cursor", cursor);
    return query;
  }

  /** Takes over what the address says. */
  read(): void {
    const query = new URLSearchParams(location.search);
    this.search.value = query.get("q") ?? "";
    const tab = query.get("tab") ?? "all";
    this.tab = TABS.includes(tab) ? (tab as Tab) : "all";
    for (const name of SELECTS) {
      const select = this.select(name);
      const value = query.get(name) ?? "";
      select.value = [...select.options].some((option) => option.value === value) ? value : (select.options[0]?.value ?? "");
    }
  }

  /** Writes it into the address, without a new place in the history for every letter. */
  write(): void {
    const query = new URLSearchParams();
    if (this.tab !== "all") query.set("tab", this.tab);
    if (this.words) query.set("q", this.words);
    for (const name of SELECTS) {
      const { value } = this.select(name);
      if (value && value !== FIRST_SORT) query.set(name, value);
    }
    const address = query.size > 0 ? `/?${query}` : "/";
    if (address !== location.pathname + location.search) history.replaceState(history.state, "", address);
  }

  private select(name: (typeof SELECTS)[number]): HTMLSelectElement {
    return byId<HTMLSelectElement>(`filter-${name}`);
  }
}
