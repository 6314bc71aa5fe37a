// Paragraphs locked against the assistant: a line in the margin, and a mark that says so.

import { RangeSetBuilder, StateEffect, StateField, type EditorState } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";
import { icon } from "../common/dom.js";
import type { Lock } from "./wire.js";

export const setLocks = StateEffect.define<readonly Lock[]>();

class LockMark extends WidgetType {
  constructor(private readonly id: string) {
    super();
  }
  override eq(other: LockMark): boolean {
    return other.id === this.id;
  }
  toDOM(): HTMLElement {
    const mark = document.createElement("button");
    mark.type = "button";
    mark.className = "lock-mark";
    mark.tabIndex = -1;
    mark.dataset["lock"] = this.id;
    mark.title = "Locked: the assistant changes nothing here. Press to unlock.";
    mark.setAttribute("aria-label", "Unlock this paragraph");
    mark.append(icon("lock"));
    return mark;
  }
  override ignoreEvent(): boolean {
    return false;
  }
}

export const lockField = StateField.define<readonly Lock[]>({
  create: () => [],
  update(locks, transaction) {
    const { changes } = transaction;
    if (transaction.docChanged && locks.length > 0) {
      locks = locks.map((lock) => ({ ...lock, from: changes.mapPos(lock.from, 1), to: changes.mapPos(lock.to, -1) })).filter(({ from, to }) => to > from);
    }
    for (const effect of transaction.effects) if (effect.is(setLocks)) locks = effect.value;
    return locks;
  },
  provide: (field) => EditorView.decorations.compute([field, "doc"], (state) => drawn(state, state.field(field))),
});

const LINE = Decoration.line({ class: "locked-line" });

function drawn(state: EditorState, locks: readonly Lock[]): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  let past = -1;
  for (const { id, from, to } of [...locks].sort((a, b) => a.from - b.from)) {
    for (let line = state.doc.lineAt(from); ; line = state.doc.line(line.number + 1)) {
      if (line.from > past) {
        builder.add(line.from, line.from, LINE);
        if (line.from <= from) builder.add(line.from, line.from, Decoration.widget({ widget: new LockMark(id), side: -1 }));
        past = line.from;
      }
      if (line.to >= to || line.number === state.doc.lines) break;
    }
  }
  return builder.finish();
}

/** The locks a stretch lies in. */
export const locksAt = (state: EditorState, from: number, to: number): Lock[] => state.field(lockField).filter((lock) => lock.from <= to && lock.to >= from);
