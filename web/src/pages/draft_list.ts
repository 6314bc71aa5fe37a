// One row of the drafts list, and the states of a list without rows.

import { h, icon } from "../common/dom.js";
import { ago, count, daysUntil } from "../common/format.js";
import { menuButton, type MenuItem } from "../common/menu.js";
import { plainExcerpt } from "./excerpt.js";

export interface DraftSummary {
  id: string;
  kind: string;
  title: string | null;
  excerpt: string | null;
  words: number;
  status: string;
  saved_at: string | null;
  created_at: string;
  expires_at: string | null;
  deleted_at: string | null;
  versions: number;
  conflicts: number;
}

export interface RowActions {
  remove(draft: DraftSummary): void;
  recover(draft: DraftSummary): void;
  rename(draft: DraftSummary): void;
  duplicate(draft: DraftSummary): void;
  export(draft: DraftSummary): MenuItem[];
}

const EXPIRES_SOON = 3;

export function draftRow(draft: DraftSummary, actions: RowActions, unsent: boolean): HTMLLIElement {
  const trashed = draft.deleted_at !== null;
  const title = draft.title?.trim() || null;
  const link = h("a", { href: `/drafts/${draft.id}` }, title ?? h("span", { class: "untitled" }, "Untitled draft"));
  const row = h("li", { class: "draft-row", "data-id": draft.id }, h("div", { class: "draft-title" }, link));
  row.append(h("div", { class: "draft-excerpt" }, plainExcerpt(draft.excerpt ?? "", title ?? "") || "Empty"), facts(draft, unsent));
  row.append(trashed ? trashActions(draft, actions) : rowActions(draft, actions, title));
  return row;
}

function facts(draft: DraftSummary, unsent: boolean): HTMLElement {
  const when = draft.deleted_at ? `deleted ${ago(draft.deleted_at)}` : ago(draft.saved_at ?? draft.created_at);
  const left = draft.expires_at ? daysUntil(draft.expires_at) : null;
  const days = left === null ? "" : left <= 0 ? "today" : `in ${count(left, "day")}`;
  return h(
    "div",
    { class: "draft-facts" },
    h("span", {}, when),
    h("span", {}, count(draft.words, "word")),
    draft.versions > 0 && h("span", {}, count(draft.versions, "version")),
    draft.conflicts > 0 && h("span", { class: "tag warn" }, icon("warn"), `${count(draft.conflicts, "passage")} to decide`),
    unsent && h("span", { class: "tag warn" }, "Unsent words on this device"),
    left !== null && draft.deleted_at && h("span", {}, `gone for good ${days}`),
    left !== null && !draft.deleted_at && left < EXPIRES_SOON && h("span", { class: "tag warn" }, `Expires ${days}`),
  );
}

function rowActions(draft: DraftSummary, actions: RowActions, title: string | null): HTMLElement {
  const name = title ?? "untitled draft";
  const more = h("button", { type: "button", class: "icon-button", "aria-label": `More for ${name}`, title: "More" }, icon("more"));
  menuButton(more, name, () => [
    { label: "Rename…", run: () => actions.rename(draft) },
    { label: "Duplicate", run: () => actions.duplicate(draft) },
    ...actions.export(draft),
    { label: "Delete", run: () => actions.remove(draft) },
  ]);
  const remove = h("button", { type: "button", class: "icon-button wide-only", "aria-label": `Delete ${name}`, title: "Delete", "data-act": "delete", onclick: () => actions.remove(draft) }, icon("trash"));
  return h("div", { class: "draft-actions" }, remove, more);
}

function trashActions(draft: DraftSummary, actions: RowActions): HTMLElement {
  return h("div", { class: "draft-actions" }, h("button", { type: "button", class: "button small", onclick: () => actions.recover(draft) }, icon("restore"), "Put back"));
}

const SVG = "http://www.w3.org/2000/svg";

/** Two threads finding their way through a loom: the picture of an empty list. */
function emptyArt(): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 120 96");
  svg.setAttribute("class", "empty-art");
  svg.setAttribute("aria-hidden", "true");
  const path = (d: string, name: string): void => {
    const element = document.createElementNS(SVG, "path");
    element.setAttribute("d", d);
    element.setAttribute("class", name);
    svg.append(element);
  };
  for (let x = 24; x <= 96; x += 12) path(`M${x} 10v76`, "warp");
  path("M10 36c9-10 17 10 26 0s17 10 26 0 17 10 26 0 14 4 22 0", "thread");
  path("M10 60c9-10 17 10 26 0s17 10 26 0", "thread two");
  return svg;
}

export function emptyState(title: string, text: string, ...buttons: Node[]): HTMLElement {
  return h("li", { class: "empty" }, emptyArt(), h("p", { class: "empty-title" }, title), h("p", {}, text), ...buttons);
}

export function skeletons(rows: number): HTMLElement[] {
  return Array.from({ length: rows }, () => h("li", { class: "skeleton", "aria-hidden": "true" }));
}
