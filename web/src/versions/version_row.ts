// One version in the list.

import { h, icon } from "../common/dom.js";
import { count, price, signed, time } from "../common/format.js";
import { authorName, isByModel, type Version } from "./tree.js";

export type Pick = "a" | "b";

export interface RowListener {
  choose(version: Version): void;
  pick(version: Version, as: Pick): void;
}

const SOURCES: Record<Version["source"], string> = { user: "Written", ai_generation: "Written by a model", ai_edit: "Edited by a model" };

export function versionRow(version: Version, depth: number, listener: RowListener): HTMLElement {
  const model = isByModel(version);
  const name = h("span", { class: "version-name" }, version.label ? `${version.label} ` : "", h("span", { class: "number" }, `Version ${version.number}`), ...(version.branches ?? []).map((branch) => h("span", { class: "tag branch" }, branch)));
  const delta = h("span", { class: version.words_delta > 0 ? "plus" : version.words_delta < 0 ? "minus" : "" }, `${signed(version.words_delta)} words`);
  const cost = model ? h("span", {}, price({ cost: version.cost_usd })) : null;
  const facts = h("span", { class: "version-facts" }, h("span", {}, `${time(version.created_at)} · ${authorName(version)}`), delta, cost);
  const open = h("button", { type: "button", class: "version-open", title: `${SOURCES[version.source]}, ${count(version.words, "word")}`, onclick: () => listener.choose(version) }, name, facts);
  const mark = h("span", { class: `version-mark${model ? " model" : ""}` }, icon(model ? "model" : "person"), h("span", { class: "sr" }, SOURCES[version.source]));
  const pick = (as: Pick): HTMLElement =>
    h("button", { type: "button", class: "pick", "data-pick": as, "aria-pressed": "false", "aria-label": `Compare version ${version.number} as ${as.toUpperCase()}`, onclick: () => listener.pick(version, as) }, as.toUpperCase());
  const row = h("li", { class: "version", "data-id": version.id }, mark, open, h("span", { class: "version-side" }, version.current && h("span", { class: "tag accent" }, "Current"), pick("a"), pick("b")));
  row.style.setProperty("--depth", String(depth));
  return row;
}
