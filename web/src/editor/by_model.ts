// Marks the words a model has just put into the text, until the writer has had time to see them.

import { StateEffect, StateField, type ChangeSet } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

export const markModelWords = StateEffect.define<readonly { from: number; to: number }[]>();
export const clearModelWords = StateEffect.define<null>();

const MARK = Decoration.mark({ class: "by-model" });

/** Where the change set writes, in the text after it. */
export function insertedRanges(changes: ChangeSet): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  changes.iterChanges((_fromA, _toA, from, to) => {
    if (to > from) ranges.push({ from, to });
  });
  return ranges;
}

export const modelWords = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(markModelWords)) marks = marks.update({ add: effect.value.map(({ from, to }) => MARK.range(from, to)), sort: true });
      else if (effect.is(clearModelWords)) marks = Decoration.none;
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});
