// Operations of a running edit, shown where they would go until the turn ends and they become suggestions.

import type { EditorView } from "@codemirror/view";
import type { Operation } from "../chat/wire.js";
import { addGhost, beginGhosts, clearGhosts, sinceBegun } from "./hunks.js";

export function begin(view: EditorView): void {
  view.dispatch({ effects: beginGhosts.of(null) });
}

export function end(view: EditorView): void {
  view.dispatch({ effects: clearGhosts.of(null) });
}

/** Nothing is shown for a turn this page did not see begin, nor for a rewrite of everything. */
export function show(view: EditorView, { index, op, placed, range, text }: Operation): void {
  const since = view.state.field(sinceBegun);
  if (since === null || !placed || !range || op === "rewrite_document" || range[1] > since.length) return;
  const from = since.mapPos(range[0], 1);
  const to = Math.max(from, since.mapPos(range[1], -1));
  const old = view.state.sliceDoc(from, to);
  const words = op === "insert_after" ? `\n\n${text ?? ""}` : (text ?? "");
  view.dispatch({ effects: addGhost.of({ id: `ghost-${index}`, turnId: "", from, to, old, text: words, edits: [[0, to - from, words]], state: "ghost" }) });
}
