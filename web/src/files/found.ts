// What a search found, with the passages: on the drafts page and in the palette.

import { api } from "../common/api.js";
import { h } from "../common/dom.js";
import { ago } from "../common/format.js";
import type { PaletteCommand } from "../common/palette.js";
import { addressOf, type Found } from "./result.js";

export interface FoundPage {
  items: Found[];
  next: string | null;
}

const IN_PALETTE = 6;
const KINDS = { draft: "", version: "Version", message: "Chat" };

export function search(typed: string, options: { cursor?: string | null; limit?: number; signal?: AbortSignal } = {}): Promise<FoundPage> {
  const query = new URLSearchParams({ q: typed.slice(0, 500), limit: String(options.limit ?? 20) });
  if (options.cursor) query.set("cursor", options.cursor);
  return api<FoundPage>("GET", `/api/search?${query}`, undefined, options.signal ? { signal: options.signal } : {});
}

const titleOf = ({ title }: Found): string => title.trim() || "Untitled draft";
const whereOf = ({ kind, note }: Found): string => (kind === "message" ? `Chat, ${note}` : note || KINDS[kind]);

export function snippetOf(found: Found): HTMLElement {
  return h("span", { class: "found-snippet" }, ...found.snippet.map(({ text, hit }) => (hit ? h("mark", {}, text) : text)));
}

export function foundRow(found: Found): HTMLLIElement {
  const where = whereOf(found);
  const link = h("a", { class: "found-link", href: addressOf(found) }, titleOf(found));
  return h("li", { class: "found-row" }, h("div", { class: "found-title" }, link, where && h("span", { class: "tag" }, where), h("span", { class: "found-at" }, ago(found.at))), snippetOf(found));
}

/** The first results as something to choose in the palette. */
export async function foundCommands(typed: string, signal: AbortSignal): Promise<PaletteCommand[]> {
  const { items } = await search(typed, { limit: IN_PALETTE, signal });
  return items.map((found) => ({
    label: [titleOf(found), whereOf(found)].filter(Boolean).join(" · "),
    more: snippetOf(found),
    run: () => location.assign(addressOf(found)),
  }));
}
