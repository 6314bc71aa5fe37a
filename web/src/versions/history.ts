// Which versions the history shows: all of them by number, or those that pass a filter, read page by page. No DOM.

import { api } from "../common/api.js";
import type { TreeShape } from "./lanes.js";
import type { Version } from "./tree.js";

interface VersionPage {
  items: Version[];
  next: string | null;
}

export interface Filter {
  named: boolean;
  /** An author's id, or a model's name after "model:". */
  by: string;
}

const PAGE = 100;
/** Rows before and behind those in sight that are read as well: at a flick of the wheel they come into sight in 100 ms. */
const AHEAD = 100;

export class History {
  private byNumber = new Map<number, Version>();
  private found: Version[] = [];
  private readonly seenModels = new Set<string>();
  private next: string | null = null;
  private reading = new Set<string>();
  filter: Filter = { named: false, by: "" };
  shape: (TreeShape & { tips: Record<string, number>; current: number | null }) | null = null;

  constructor(private readonly draftId: string, private readonly changed: () => void, private readonly failed: (error: unknown) => void) {}

  get filtered(): boolean {
    return this.filter.named || this.filter.by !== "";
  }

  get total(): number {
    return this.filtered ? this.found.length : (this.shape?.parents.length ?? Math.max(0, ...this.byNumber.keys()));
  }

  get complete(): boolean {
    return !this.filtered || this.next === null;
  }

  at(index: number): Version | undefined {
    return this.filtered ? this.found[index] : this.byNumber.get(this.total - index);
  }

  indexOf(number: number): number {
    return this.filtered ? this.found.findIndex((version) => version.number === number) : this.total - number;
  }

  /** Models that wrote what has been read so far. */
  models(): string[] {
    return [...this.seenModels].sort();
  }

  /** Reads all anew: the first page at once, the shape of the whole tree behind it. */
  async open(): Promise<void> {
    this.byNumber = new Map();
    this.reading = new Set();
    this.found = [];
    this.next = null;
    this.shape = null;
    await this.read("", `limit=${PAGE}${this.query()}`);
    if (!this.filtered && this.total > 0) this.shape = await api("GET", `/api/drafts/${this.draftId}/tree`);
    this.changed();
  }

  /** Rows that came into sight are read, if they have not been. */
  want(from: number, to: number): void {
    if (this.filtered) {
      if (this.next !== null && to > this.found.length - PAGE / 2) void this.guarded(this.next, `limit=${PAGE}&cursor=${encodeURIComponent(this.next)}${this.query()}`);
      return;
    }
    for (let index = Math.max(0, from - AHEAD); index < Math.min(this.total, to + AHEAD); index += 1) {
      if (this.at(index)) continue;
      const before = Math.ceil((this.total - index) / PAGE) * PAGE + 1;
      void this.guarded(String(before), `limit=${PAGE}&before=${before}`);
      index = this.total - before + PAGE;
    }
  }

  private query(): string {
    const { named, by } = this.filter;
    const writer = by.startsWith("model:") ? `&model=${encodeURIComponent(by.slice(6))}` : by ? `&author=${by}` : "";
    return `${named ? "&named=true" : ""}${writer}`;
  }

  private async guarded(key: string, query: string): Promise<void> {
    if (this.reading.has(key)) return;
    try {
      await this.read(key, query);
      this.changed();
    } catch (error) {
      this.reading.delete(key);
      this.failed(error);
    }
  }

  private async read(key: string, query: string): Promise<void> {
    const { reading } = this;
    reading.add(key);
    const page = await api<VersionPage>("GET", `/api/drafts/${this.draftId}/versions?${query}`);
    if (reading !== this.reading) return;
    for (const version of page.items) {
      this.byNumber.set(version.number, version);
      if (version.model) this.seenModels.add(version.model);
    }
    if (this.filtered) this.found.push(...page.items);
    this.next = page.next;
  }
}
