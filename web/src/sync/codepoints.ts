// Keeps change sets on whole characters: the server refuses one that cuts a surrogate pair in two.

import { ChangeSet, type Text } from "@codemirror/state";

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

function cutsPair(text: Text, position: number): boolean {
  if (position <= 0 || position >= text.length) return false;
  const around = text.sliceString(position - 1, position + 1);
  return isHigh(around.charCodeAt(0)) && isLow(around.charCodeAt(1));
}

/** The same edit of `text`, widened where a boundary falls inside a character (as when one emoji replaces another). */
export function wholeCharacters(changes: ChangeSet, text: Text): ChangeSet {
  const parts: { from: number; to: number; insert: string }[] = [];
  let widened = false;
  changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    let insert = inserted.sliceString(0);
    if (cutsPair(text, from)) {
      from -= 1;
      insert = text.sliceString(from, from + 1) + insert;
      widened = true;
    }
    if (cutsPair(text, to)) {
      insert += text.sliceString(to, to + 1);
      to += 1;
      widened = true;
    }
    parts.push({ from, to, insert });
  }, true);
  return widened ? ChangeSet.of(parts, text.length) : changes;
}

/** Replaces halves of characters (broken clipboards make them), which JSON cannot carry. */
export function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
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
