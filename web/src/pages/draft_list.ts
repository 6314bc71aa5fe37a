// One row of the drafts list, and the states of a list without rows.

import { h, icon } from "../common/dom.js";
import { count, daysUntil } from "../common/format.js";
import { liveTime } from "../common/live_times.js";
import { menuButton, type MenuItem } from "../common/menu.js";
import { plainExcerpt } from "./excerpt.js";

export interface DraftSummary {
  id: string;
  kind: string;
  title: string | null;
  excerpt: string | null;
  words: number;
  completion: number;
  status: string;
  saved_at: string | null;
  created_at: string;
  expires_at: string | null;
  deleted_at: string | null;
  versions: number;
  conflicts: number;
  edited_by: string;
  device: string;
  /** Whose it is, where somebody else shares it. */
  owner_name?: string | null;
  /** Made here without a network; the server does not know it yet. */
  onlyHere?: boolean;
  /** Where it is opened, if not at the address of drafts. */
  address?: string;
}

export interface RowActions {
  remove(draft: DraftSummary): void;
  recover(draft: DraftSummary): void;
  rename(draft: DraftSummary): void;
  duplicate(draft: DraftSummary): void;
  export(draft: DraftSummary): MenuItem[];
  keep(draft: DraftSummary): void;
  details(draft: DraftSummary): void;
  share(draft: DraftSummary): void;
}

const EXPIRES_SOON = 3;
const KINDS: Record<string, string> = { bug_report: "Bug report", feature_request: "Feature request", form: "Form", message: "Message" };

/** Of each form and subject there is one draft, and a message is said once. */
const SINGLE = new Set(["form", "message"]);

export function draftRow(draft: DraftSummary, actions: RowActions, unsent: boolean): HTMLLIElement {
  const trashed = draft.deleted_at !== null;
  const title = draft.title?.trim() || null;
  const link = h("a", { href: draft.address ?? `/drafts/${draft.id}` }, title ?? h("span", { class: "untitled" }, "Untitled draft"));
  const row = h("li", { class: "draft-row", "data-id": draft.id }, h("div", { class: "draft-title" }, link));
  row.append(h("div", { class: "draft-excerpt" }, plainExcerpt(draft.excerpt ?? "", title ?? "") || "Empty"), facts(draft, unsent, actions));
  if (draft.onlyHere || draft.owner_name) return row;
  row.append(trashed ? trashActions(draft, actions) : rowActions(draft, actions, title));
  return row;
}

function facts(draft: DraftSummary, unsent: boolean, actions: RowActions): HTMLElement {
  const kind = KINDS[draft.kind];
  return h(
    "div",
    { class: "draft-facts" },
    syncStatus(draft, unsent),
    kind !== undefined && h("span", {}, kind),
    draft.owner_name ? h("span", {}, `from ${draft.owner_name}`) : false,
    edited(draft),
    h("span", {}, count(draft.words, "word")),
    draft.versions > 0 && h("span", {}, count(draft.versions, "version")),
    draft.status === "submitted" && h("span", { class: "tag accent" }, "Submitted"),
    draft.status !== "submitted" && draft.completion < 100 && meter(draft.completion),
    ...expiry(draft, actions),
  );
}

/** Where its words are: saved, waiting on this device, or waiting for a decision. Always with a word, never colour alone. */
function syncStatus(draft: DraftSummary, unsent: boolean): HTMLElement {
  if (draft.conflicts > 0) return h("span", { class: "tag warn" }, icon("warn"), `${count(draft.conflicts, "passage")} to decide`);
  if (draft.onlyHere) return h("span", { class: "tag warn" }, "Only on this device");
  if (unsent) return h("span", { class: "tag warn" }, "Unsent words on this device");
  return h("span", { class: "in-sync" }, icon("check"), "Saved");
}

function edited({ deleted_at: deleted, edited_by: by, device, owner_name: owner, saved_at: saved, created_at: created }: DraftSummary): HTMLElement {
  if (deleted) return liveTime(deleted, by === "system" ? "expired" : "deleted");
  const who = by === "model" ? "by a model" : by === "system" ? "by itself" : "by you";
  const time = liveTime(saved ?? created, "edited");
  if (owner) return h("span", { class: "edited" }, time);
  return h("span", { class: "edited" }, time, ` ${who}${device ? `, ${device}` : ""}`);
}

function meter(percent: number): HTMLElement {
  return h("span", { class: "completion" }, h("meter", { min: 0, max: 100, value: percent, "aria-label": "Complete" }), `${percent} %`);
}

function expiry(draft: DraftSummary, actions: RowActions): HTMLElement[] {
  if (!draft.expires_at) return [];
  const left = daysUntil(draft.expires_at);
  const days = left <= 0 ? "today" : `in ${count(left, "day")}`;
  if (draft.deleted_at) return [h("span", { class: left < EXPIRES_SOON ? "tag warn" : "" }, `gone for good ${days}`)];
  if (left >= EXPIRES_SOON) return [h("span", {}, `expires ${days}`)];
  const keep = h("button", { type: "button", class: "button small keep", onclick: () => actions.keep(draft) }, "Keep");
  return [h("span", { class: "tag warn" }, icon("warn"), `Expires ${days}`), keep];
}

function rowActions(draft: DraftSummary, actions: RowActions, title: string | null): HTMLElement {
  const name = title ?? "untitled draft";
  const more = h("button", { type: "button", class: "icon-button", "aria-label": `More for ${name}`, title: "More" }, icon("more"));
  const document = draft.kind === "document";
  menuButton(more, name, () => [
    ...(document ? [{ label: "Rename…", run: () => actions.rename(draft) }] : []),
    ...(SINGLE.has(draft.kind) ? [] : [{ label: "Duplicate", run: () => actions.duplicate(draft) }]),
    ...(document ? actions.export(draft) : []),
    ...(draft.kind === "message" ? [] : [{ label: "Share…", run: () => actions.share(draft) }]),
    { label: "Details…", run: () => actions.details(draft) },
    { label: "Activity", run: () => location.assign(`/drafts/${draft.id}/activity`) },
    ...(draft.expires_at ? [{ label: "Keep from expiring", run: () => actions.keep(draft) }] : []),
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
