// Passages that are commented on, underlined in the text and followed through every change.

import { StateEffect, StateField, type EditorState } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

export interface Mark {
  id: string;
  from: number;
  to: number;
}

interface Marks {
  list: readonly Mark[];
  current: string | null;
}

export const setMarks = StateEffect.define<readonly Mark[]>();
export const chooseMark = StateEffect.define<string | null>();

const drawn = ({ id, from, to }: Mark, current: boolean) => Decoration.mark({ class: current ? "commented current" : "commented", attributes: { "data-comment": id } }).range(from, to);

export const commentMarks = StateField.define<Marks>({
  create: () => ({ list: [], current: null }),
  update(marks, transaction) {
    let { list, current } = marks;
    const { changes } = transaction;
    if (transaction.docChanged && list.length > 0) {
      list = list.map((mark) => ({ ...mark, from: changes.mapPos(mark.from, 1), to: changes.mapPos(mark.to, -1) })).filter(({ from, to }) => to > from);
    }
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) list = effect.value;
      if (effect.is(chooseMark)) current = effect.value;
    }
    return list === marks.list && current === marks.current ? marks : { list, current };
  },
  provide: (field) => EditorView.decorations.from(field, ({ list, current }) => Decoration.set(list.map((mark) => drawn(mark, mark.id === current)), true)),
});

export const marksOf = (state: EditorState): readonly Mark[] => state.field(commentMarks).list;
