// One row of the drawn tree: its piece of the lines, and what is to be known of the version.

import { h, icon } from "../common/dom.js";
import { ago, price, signed } from "../common/format.js";
import type { LaneRow } from "./lanes.js";
import { authorName, isByModel, type Version } from "./tree.js";

export const ROW_HEIGHT = 56;
const LANE = 14;
const MOST_LANES = 8;
const MIDDLE = ROW_HEIGHT / 2;

const x = (column: number): number => LANE / 2 + Math.min(column, MOST_LANES - 1) * LANE;

function svg(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

function drawn(lane: LaneRow, model: boolean): SVGElement {
  const columns = Math.min(MOST_LANES, Math.max(lane.column, ...lane.through, ...lane.joins, lane.merge ?? 0) + 1);
  const picture = svg("svg", { class: "lanes", width: columns * LANE, height: ROW_HEIGHT, "aria-hidden": "true" });
  const line = (d: string, column: number): void => void picture.append(svg("path", { d, class: `lane lane-${column % 5}` }));
  const at = x(lane.column);
  for (const column of lane.through) line(`M${x(column)} 0V${ROW_HEIGHT}`, column);
  if (lane.fromAbove || lane.toBelow) line(`M${at} ${lane.fromAbove ? 0 : MIDDLE}V${lane.toBelow ? ROW_HEIGHT : MIDDLE}`, lane.column);
  for (const column of lane.joins) line(`M${x(column)} 0C${x(column)} ${MIDDLE} ${at} 4 ${at} ${MIDDLE}`, column);
  if (lane.merge !== null) line(`M${at} ${MIDDLE}C${at} ${ROW_HEIGHT - 4} ${x(lane.merge)} ${MIDDLE} ${x(lane.merge)} ${ROW_HEIGHT}`, lane.merge);
  picture.append(svg("circle", { cx: at, cy: MIDDLE, r: 4.5, class: `node lane-${lane.column % 5}${model ? " model" : ""}` }));
  return picture;
}

export interface RowState {
  chosen: boolean;
  marked: boolean;
  index: number;
  total: number;
}

export function graphRow(version: Version | undefined, lane: LaneRow | undefined, state: RowState): HTMLElement {
  const row = h("div", { class: "graph-row", role: "option", id: `row-${state.index}`, "aria-selected": String(state.chosen), "aria-setsize": state.total, "aria-posinset": state.index + 1, "data-index": state.index });
  if (lane) row.append(drawn(lane, version ? isByModel(version) : false));
  if (!version) {
    row.append(h("span", { class: "version-facts" }, lane ? `Version ${lane.number}` : "…"));
    return row;
  }
  const model = isByModel(version);
  const tags = [version.current && h("span", { class: "tag accent" }, "Current"), state.marked && h("span", { class: "tag" }, "A"), ...(version.branches ?? []).map((name) => h("span", { class: "tag branch" }, name))];
  const delta = h("span", { class: version.words_delta > 0 ? "plus" : version.words_delta < 0 ? "minus" : "" }, `${signed(version.words_delta)} words`);
  row.append(
    h("span", { class: `version-mark${model ? " model" : ""}` }, icon(model ? "model" : "person")),
    h(
      "span",
      { class: "graph-words" },
      h("span", { class: "version-name" }, version.label ? `${version.label} ` : "", h("span", { class: "number" }, `Version ${version.number}`), ...tags),
      h("span", { class: "version-facts" }, h("span", {}, `${authorName(version)} · ${ago(version.created_at)}`), delta, model && h("span", {}, price({ cost: version.cost_usd }))),
    ),
  );
  return row;
}
