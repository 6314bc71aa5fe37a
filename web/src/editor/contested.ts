// Marks the passages that wait for a decision.

import { StateEffect, StateField, type EditorState } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

export interface Passage {
  id: string;
  from: number;
  to: number;
}

export const contest = StateEffect.define<Passage>();
export const settleContest = StateEffect.define<{ id: string }>();

export const contestedPassages = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(settleContest)) marks = marks.update({ filter: (_from, _to, { spec }) => (spec as { id: string }).id !== effect.value.id });
      if (!effect.is(contest)) continue;
      const { id, from, to } = effect.value;
      marks = marks.update({ add: [Decoration.mark({ class: "contested", inclusive: true, id }).range(from, to)] });
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Where the passage stands now; null when it is gone. */
export function contestedPlace(state: EditorState, id: string): [number, number] | null {
  for (const cursor = state.field(contestedPassages).iter(); cursor.value; cursor.next()) {
    if ((cursor.value.spec as { id: string }).id === id) return [cursor.from, cursor.to];
  }
  return null;
}
