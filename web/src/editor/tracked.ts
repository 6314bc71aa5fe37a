// Passages that were handed to the assistant: followed through every later change, and marked while it works on them.

import { StateEffect, StateField, type EditorState } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

export interface Tracked {
  id: string;
  /** null: the whole text */
  range: [number, number] | null;
  busy: boolean;
}

export const track = StateEffect.define<Tracked>();
export const trackedDone = StateEffect.define<string>();

const BUSY = Decoration.mark({ class: "being-edited" });

export const trackedPassages = StateField.define<readonly Tracked[]>({
  create: () => [],
  update(passages, transaction) {
    const { changes } = transaction;
    if (transaction.docChanged) {
      passages = passages.map((one) => (one.range === null ? one : { ...one, range: [changes.mapPos(one.range[0], -1), changes.mapPos(one.range[1], 1)] }));
    }
    for (const effect of transaction.effects) {
      if (effect.is(track)) passages = [...passages.filter(({ id }) => id !== effect.value.id), effect.value];
      if (effect.is(trackedDone)) passages = passages.map((one) => (one.id === effect.value ? { ...one, busy: false } : one));
    }
    return passages;
  },
  provide: (field) =>
    EditorView.decorations.from(field, (passages) =>
      Decoration.set(
        passages.flatMap(({ busy, range }) => (busy && range !== null && range[1] > range[0] ? [BUSY.range(...range)] : [])),
        true,
      ),
    ),
});

/** The passage a turn was limited to, as it lies now; undefined when this page did not start the turn. */
export const trackedPassage = (state: EditorState, id: string): Tracked | undefined => state.field(trackedPassages).find((one) => one.id === id);
