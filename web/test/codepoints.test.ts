import { ChangeSet, EditorState, Text } from "@codemirror/state";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storableInput } from "../src/editor/storable_input.js";
import { replacement, storable, storableEdit, wholeCharacters } from "../src/sync/codepoints.js";

const texts = fc.string({ unit: fc.constantFrom("a", "b", "\n", "😀", "😁", "é", "👍🏽"), maxLength: 12 });
/** Pieces that may hold half a character or a NUL, as keyboards, clipboards and DOM differences make them. */
const pieces = fc.string({ unit: fc.constantFrom("a", "\n", "😀", "\ud83d", "\ude00", "\ude01", "\0"), maxLength: 4 });
const toText = (text: string): Text => Text.of(text.split("\n"));

/** Change sets of several pieces that start and end anywhere, also inside characters. */
const edits = texts.chain((before) =>
  fc.array(fc.tuple(fc.nat(before.length), fc.nat(3), pieces), { maxLength: 3 }).map((wanted) => {
    let at = 0;
    const parts: { from: number; to: number; insert: Text }[] = [];
    for (const [skip, length, insert] of wanted) {
      const from = Math.min(before.length, at + (skip % 4));
      const to = Math.min(before.length, from + length);
      parts.push({ from, to, insert: toText(insert) });
      at = to;
    }
    return { before, changes: ChangeSet.of(parts, before.length) };
  }),
);

function expectWhole(changes: ChangeSet, before: string): void {
  const cuts = (position: number): boolean => /[\ud800-\udbff]/.test(before.charAt(position - 1)) && /[\udc00-\udfff]/.test(before.charAt(position));
  changes.iterChanges((from, to) => expect(cuts(from) || cuts(to)).toBe(false), true);
}

describe("change sets and whole characters", () => {
  it("keep what they do and never cut a character", () => {
    fc.assert(
      fc.property(edits, ({ before, changes }) => {
        const text = toText(before);
        const after = changes.apply(text).toString();
        const whole = wholeCharacters(changes, text);
        expect(whole.apply(text).toString()).toBe(after);
        expectWhole(whole, before);
        if (after.isWellFormed()) whole.iterChanges((_fromA, _toA, _fromB, _toB, inserted) => expect(inserted.toString().isWellFormed()).toBe(true));
      }),
      { numRuns: 3_000 },
    );
  });

  it("are what the server stores, once they went through the editor", () => {
    fc.assert(
      fc.property(edits, ({ before, changes }) => {
        const state = EditorState.create({ doc: toText(before), extensions: storableInput });
        const transaction = state.update({ changes, userEvent: "input" });
        const after = transaction.newDoc.toString();
        expect(storable(after)).toBe(after);
        const command = wholeCharacters(transaction.changes, state.doc);
        expectWhole(command, before);
        command.iterChanges((_fromA, _toA, _fromB, _toB, inserted) => expect(storable(inserted.toString())).toBe(inserted.toString()), true);
        expect(command.apply(state.doc).toString()).toBe(after);
      }),
      { numRuns: 3_000 },
    );
  });

  it("stay the same object when there is nothing to repair", () => {
    const text = toText("a😀b");
    const changes = ChangeSet.of({ from: 1, to: 3, insert: "😁" }, 4);
    expect(storableEdit(changes, text)).toBe(changes);
    expect(wholeCharacters(changes, text)).toBe(changes);
  });

  it("replace one emoji by another, though their first halves are equal", () => {
    const text = toText("a😀b");
    const halves = ChangeSet.of({ from: 2, to: 3, insert: "\ude01" }, 4);
    expect(wholeCharacters(halves, text).toJSON()).toEqual([1, [2, "😁"], 1]);
    expect(storableEdit(halves, text)).toBe(halves);
  });

  it("delete the whole character when a half of it was deleted", () => {
    const text = toText("a😀b");
    expect(storableEdit(ChangeSet.of({ from: 2, to: 3 }, 4), text).apply(text).toString()).toBe("ab");
    expect(storableEdit(ChangeSet.of({ from: 1, to: 2, insert: "x" }, 4), text).apply(text).toString()).toBe("axb");
  });

  it("leave the cursor behind what was put in", () => {
    const state = EditorState.create({ doc: "one two", extensions: storableInput, selection: { anchor: 3 } });
    const { newDoc, newSelection } = state.update({ changes: { from: 3, insert: " a\0\ud83db" }, userEvent: "input.paste" });
    expect(newDoc.toString()).toBe("one a\ufffd\ufffdb two");
    expect(newSelection.main.head).toBe(8);
  });

  it("find the smallest replacement between two texts", () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const { from, to, insert } = replacement(before, after);
        expect(before.slice(0, from) + insert + before.slice(to)).toBe(after);
        expect(insert.isWellFormed()).toBe(true);
      }),
    );
    expect(replacement("one two three", "one 2 three")).toEqual({ from: 4, to: 7, insert: "2" });
  });

  it("replace halves of characters and NULs, unit by unit", () => {
    expect(storable("a\ud83d b\ude00 😀 \0")).toBe("a\ufffd b\ufffd 😀 \ufffd");
  });
});
