// Passages that are, or will be, handed to the assistant: followed through every later change, and marked.

import { StateEffect, StateField, type EditorState } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

export interface Tracked {
  id: string;
  /** null: the whole text */
  range: [number, number] | null;
  /** How it is shown: the assistant works on it; it goes with the next message; not at all. */
  mark: "busy" | "attached" | null;
}

export const track = StateEffect.define<Tracked>();
export const trackedDone = StateEffect.define<string>();

const MARKS = { busy: Decoration.mark({ class: "being-edited" }), attached: Decoration.mark({ class: "attached" }) };

export const trackedPassages = StateField.define<readonly Tracked[]>({
  create: () => [],
  update(passages, transaction) {
    const { changes } = transaction;
    if (transaction.docChanged) {
      passages = passages.map((one) => (one.range === null ? one : { ...one, range: [changes.mapPos(one.range[0], -1), changes.mapPos(one.range[1], 1)] }));
    }
    for (const effect of transaction.effects) {
      if (effect.is(track)) passages = [...passages.filter(({ id }) => id !== effect.value.id), effect.value];
      if (effect.is(trackedDone)) passages = passages.map((one) => (one.id === effect.value ? { ...one, mark: null } : one));
    }
    return passages;
  },
  provide: (field) =>
    EditorView.decorations.from(field, (passages) =>
      Decoration.set(
        passages.flatMap(({ mark, range }) => (mark !== null && range !== null && range[1] > range[0] ? [MARKS[mark].range(...range)] : [])),
        true,
      ),
    ),
});

/** The passage a turn was limited to, as it lies now; undefined when this page did not start the turn. */
export const trackedPassage = (state: EditorState, id: string): Tracked | undefined => state.field(trackedPassages).find((one) => one.id === id);
