// What an edit did to the text, operation by operation; what could not be placed is said, with its words at hand.

import { h, icon } from "../common/dom.js";
import type { Operation } from "./wire.js";

const DONE: Record<string, string> = {
  replace_block: "Replaced a paragraph",
  insert_after: "Added a paragraph",
  delete_block: "Removed a paragraph",
  replace_text: "Changed a passage",
  rewrite_document: "Rewrote the text",
};
const WANTED: Record<string, string> = {
  replace_block: "replace a paragraph",
  insert_after: "add a paragraph",
  delete_block: "remove a paragraph",
  replace_text: "change a passage",
  rewrite_document: "rewrite the text",
};
const REASONS: Record<string, string> = {
  not_found: "The words it should change are not in the text.",
  ambiguous: "The words it should change stand in the text more than once.",
  unknown_block: "The paragraph is not in the text.",
  overlaps: "Another change of this answer is at the same place.",
  locked: "You have locked this paragraph.",
  outside_selection: "It lies outside the selected text.",
  invalid: "The model did not say clearly what to change.",
};

export function operationList(operations: Operation[], insert: (text: string) => void): HTMLElement | null {
  if (operations.length === 0) return null;
  const placed = new Map<string, number>();
  for (const { op, placed: done } of operations) if (done) placed.set(op, (placed.get(op) ?? 0) + 1);
  const list = h("ul", { class: "operations", "aria-label": "Changes to the text" });
  for (const [op, times] of placed) {
    list.append(h("li", { class: "operation" }, icon("check"), h("span", {}, (DONE[op] ?? "Changed the text") + (times > 1 ? ` (${times})` : ""))));
  }
  for (const operation of operations) if (!operation.placed) list.append(unplaced(operation, insert));
  return list;
}

function unplaced(operation: Operation, insert: (text: string) => void): HTMLElement {
  const { text, reason } = operation;
  if (reason === "locked" && operation.block === null && operation.old) return leftOut(operation.old);
  if (reason === "unchanged") return h("li", { class: "operation" }, icon("check"), h("span", {}, `It wanted to ${WANTED[operation.op] ?? "change the text"}, which says this already.`));
  const why = REASONS[reason ?? ""] ?? operation.message ?? "It could not be placed.";
  return h(
    "li",
    { class: "operation unplaced" },
    icon("warn"),
    h("span", {}, h("b", {}, "Not placed: "), `it wanted to ${WANTED[operation.op] ?? "change the text"}.`),
    h("span", { class: "detail" }, why),
    text ? h("div", { class: "proposal" }, text) : null,
    text ? h("div", { class: "acts" }, h("button", { type: "button", class: "button small", onclick: () => insert(text) }, "Insert at the cursor")) : null,
  );
}

/** What a rewrite would have done to a locked paragraph: there are no words to insert, the paragraph itself says which. */
function leftOut(old: string): HTMLElement {
  return h(
    "li",
    { class: "operation unplaced" },
    icon("lock"),
    h("span", {}, h("b", {}, "Left out: "), "it would change what you have locked. Unlock it first if it should."),
    h("div", { class: "proposal" }, old.trim()),
  );
}
