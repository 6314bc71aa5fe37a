import { ChangeSet, Text } from "@codemirror/state";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replacement, wellFormed, wholeCharacters } from "../src/sync/codepoints.js";

const texts = fc.string({ unit: fc.constantFrom("a", "b", "\n", "😀", "😁", "é", "👍🏽"), maxLength: 12 });

describe("change sets and whole characters", () => {
  it("keep what they do and never cut a character", () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const text = Text.of(before.split("\n"));
        let start = 0;
        while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1;
        const cut = ChangeSet.of({ from: start, to: before.length, insert: Text.of(after.slice(start).split("\n")) }, before.length);
        const whole = wholeCharacters(cut, text);
        expect(whole.apply(text).toString()).toBe(after);
        whole.iterChanges((_fromA, _toA, _fromB, _toB, inserted) => expect(inserted.toString().isWellFormed()).toBe(true));
      }),
    );
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

  it("replace halves of characters", () => {
    expect(wellFormed("a\ud83d b\ude00 😀")).toBe("a\ufffd b\ufffd 😀");
  });
});
