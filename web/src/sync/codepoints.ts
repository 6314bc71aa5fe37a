// Keeps change sets on whole characters, and texts to what the server can store: it refuses a change that cuts a
// surrogate pair in two, and text with half a character or a NUL in it.

import { ChangeSet, type Text } from "@codemirror/state";

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
const opens = (text: string): boolean => isHigh(text.charCodeAt(text.length - 1));
const closes = (text: string): boolean => isLow(text.charCodeAt(0));

function cutsPair(text: Text, position: number): boolean {
  if (position <= 0 || position >= text.length) return false;
  const around = text.sliceString(position - 1, position + 1);
  return opens(around.slice(0, 1)) && closes(around.slice(1));
}

interface Widened {
  from: number;
  to: number;
  /** The halves of cut characters that stay, before and behind what is inserted. */
  before: string;
  insert: string;
  behind: string;
}

/** Every change with its ends moved out of characters. Neighbours are taken together, so no two end in one character. */
function widened(changes: ChangeSet, text: Text): Widened[] {
  const parts: Widened[] = [];
  changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    const [start, end] = [cutsPair(text, from) ? from - 1 : from, cutsPair(text, to) ? to + 1 : to];
    parts.push({ from: start, to: end, before: text.sliceString(start, from), insert: inserted.sliceString(0), behind: text.sliceString(to, end) });
  });
  return parts;
}

const together = (parts: Widened[], insertOf: (part: Widened) => string, length: number): ChangeSet =>
  ChangeSet.of(parts.map((part) => ({ from: part.from, to: part.to, insert: insertOf(part) })), length);

/** The same edit of `text`, widened where a boundary falls inside a character (as when one emoji replaces
 *  another), neighbours joined where their halves make one. */
export function wholeCharacters(changes: ChangeSet, text: Text): ChangeSet {
  let cut = false;
  changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    cut ||= cutsPair(text, from) || cutsPair(text, to) || !isStorable(inserted.sliceString(0));
  }, true);
  return cut ? together(widened(changes, text), ({ before, insert, behind }) => before + insert + behind, text.length) : changes;
}

/** The nearest edit of `text` that can be stored; the same object when it can be as it is. A character of which a half
 *  was deleted goes as a whole; halves and NULs that were put in become the replacement character. */
export function storableEdit(changes: ChangeSet, text: Text): ChangeSet {
  const parts = widened(changes, text);
  if (parts.every(({ before, insert, behind }) => isStorable(before + insert + behind))) return changes;
  return together(parts, storableInsert, text.length);
}

function storableInsert({ before, insert, behind }: Widened): string {
  const whole = before + insert + behind;
  if (isStorable(whole)) return whole;
  const head = closes(insert) ? before : "";
  const tail = opens(insert) ? behind : "";
  return storable(head + insert + tail);
}

const UNSTORABLE = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

const isStorable = (text: string): boolean => text.search(UNSTORABLE) < 0;

/** Replaces NULs and halves of characters (broken clipboards make them), unit by unit. */
export function storable(text: string): string {
  return text.replace(UNSTORABLE, "\uFFFD");
}

/** The one replacement that turns `before` into `after`, cut on whole characters. */
export function replacement(before: string, after: string): { from: number; to: number; insert: string } {
  const limit = Math.min(before.length, after.length);
  let start = 0;
  while (start < limit && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  if (start > 0 && isHigh(before.charCodeAt(start - 1))) start -= 1;
  let end = 0;
  while (end < limit - start && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)) end += 1;
  if (end > 0 && isLow(before.charCodeAt(before.length - end))) end -= 1;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}
