// Bold and italic by key: puts the marks around the selection, or takes them away.

import { EditorSelection, type ChangeSpec, type StateCommand } from "@codemirror/state";
import type { KeyBinding } from "@codemirror/view";

function toggle(marks: string): StateCommand {
  return ({ state, dispatch }) => {
    const size = marks.length;
    const edit = state.changeByRange((range) => {
      const before = state.sliceDoc(range.from - size, range.from);
      const after = state.sliceDoc(range.to, range.to + size);
      if (before === marks && after === marks) {
        const changes: ChangeSpec[] = [{ from: range.from - size, to: range.from }, { from: range.to, to: range.to + size }];
        return { changes, range: EditorSelection.range(range.from - size, range.to - size) };
      }
      const changes: ChangeSpec[] = [{ from: range.from, insert: marks }, { from: range.to, insert: marks }];
      return { changes, range: EditorSelection.range(range.from + size, range.to + size) };
    });
    dispatch(state.update(edit, { userEvent: "input", scrollIntoView: true }));
    return true;
  };
}

export const formattingKeys: readonly KeyBinding[] = [
  { key: "Mod-b", run: toggle("**"), preventDefault: true },
  { key: "Mod-i", run: toggle("*"), preventDefault: true },
];
