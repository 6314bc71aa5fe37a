// Typing and pasting only put into the text what can be stored.

import { Annotation, EditorState, type Extension, type TransactionSpec } from "@codemirror/state";
import { storableEdit } from "../sync/codepoints.js";

/** Marks a change that comes from the session and is whole already. */
export const fromServer = Annotation.define<boolean>();

export const storableInput: Extension = EditorState.transactionFilter.of((transaction): TransactionSpec | readonly TransactionSpec[] => {
  if (!transaction.docChanged || transaction.annotation(fromServer)) return transaction;
  const changes = storableEdit(transaction.changes, transaction.startState.doc);
  if (changes === transaction.changes) return transaction;
  let cursor = 0;
  changes.iterChanges((_fromA, _toA, _fromB, toB) => (cursor = toB));
  return { changes, selection: { anchor: cursor }, scrollIntoView: true, userEvent: "input" };
});
