import { describe, expect, it } from "vitest";
import { changedWords } from "../src/conflicts/word_marks.js";
import { countWords } from "../src/editor/word_count.js";
import { foldedRows, inline, pieces, rows, type Hunk } from "../src/versions/hunks.js";
import { byDay, depths, type Version } from "../src/versions/tree.js";

const hunk = (kind: Hunk["kind"], a_text: string, b_text = a_text, a: [number, number] = [0, a_text.length], b: [number, number] = [0, b_text.length]): Hunk => ({ kind, a, b, a_text, b_text });

describe("comparing two versions", () => {
  const long = "One sentence after the other. ".repeat(60);

  it("folds a long unchanged stretch but loses nothing of it", () => {
    const shown = inline([hunk("replace", "old", "new"), hunk("same", long), hunk("delete", "gone", "")]);
    expect(shown.some(({ folded }) => folded)).toBe(true);
    expect(shown.filter(({ kind }) => kind !== "delete").map(({ text }) => text).join("")).toBe(`new${long}`);
    expect(shown.find(({ folded }) => folded)?.text.startsWith(" ")).toBe(false);
  });

  it("shows a moved paragraph where it left and where it arrived", () => {
    const hunks: Hunk[] = [
      hunk("same", "A\n", "A\n", [0, 2], [0, 2]),
      hunk("same", "C\n", "C\n", [4, 6], [2, 4]),
      { kind: "move", a: [2, 4], b: [4, 6], a_text: "B\n", b_text: "B\n" },
    ];
    expect(pieces(hunks).map(({ kind, text }) => `${kind} ${text.trim()}`)).toEqual(["same A", "moved-away B", "same C", "moved-here B"]);
  });

  it("puts both columns back together", () => {
    const hunks = [hunk("same", "Title\n\nA "), hunk("replace", "red", "blue\nor green"), hunk("same", " door.\nEnd")];
    const text = (side: "a" | "b"): string => rows(hunks).map((row) => row[side].map((piece) => piece.text).join("")).join("\n");
    expect(text("a")).toBe("Title\n\nA red door.\nEnd");
    expect(text("b")).toBe("Title\n\nA blue\nor green door.\nEnd");
    expect(rows(hunks).map(({ changed }) => changed)).toEqual([false, false, true, false]);
  });

  it("folds rows away from changes only", () => {
    const row = (changed: boolean) => ({ a: [], b: [], changed });
    const all = [...Array<boolean>(6).fill(false), true, ...Array<boolean>(9).fill(false), true, false].map(row);
    expect(foldedRows(all)).toEqual([[0, 4], [9, 14]]);
    expect(foldedRows(Array.from({ length: 9 }, () => row(false)))).toEqual([]);
  });
});

describe("the tree of versions", () => {
  const version = (number: number, parent: number | null, current = false): Version => ({
    id: `v${number}`, number, parent_id: parent === null ? null : `v${parent}`, merged_from_id: null, source: "user", author: null, model: null,
    label: null, words: 0, words_delta: 0, cost_usd: null, created_at: "2026-01-01T00:00:00Z", current,
  });

  it("keeps the line of the current version straight and indents what branched off", () => {
    const tree = [version(6, 2, true), version(5, 4), version(4, 2), version(3, 2), version(2, 1), version(1, null)];
    expect(Object.fromEntries(depths(tree))).toEqual({ v1: 0, v2: 0, v6: 0, v3: 1, v4: 1, v5: 1 });
  });

  it("does not stumble over versions whose parents are on another page", () => {
    expect(depths([version(9, 8), version(7, 3)]).get("v7")).toBe(0);
  });

  it("groups by day in the order given", () => {
    const days = byDay([version(3, 2), version(2, 1), version(1, null)], ({ number }) => (number > 1 ? "Today" : "Yesterday"));
    expect(days.map(({ day, versions }) => `${day} ${versions.length}`)).toEqual(["Today 2", "Yesterday 1"]);
  });
});

describe("words", () => {
  it("are counted as the server counts them", () => {
    expect(countWords("Don't count well-known words twice: 3.14, snake_case.")).toBe(7);
    expect(countWords("Привет, мир! 漢字かな 🦊🦊")).toBe(6);
    expect(countWords("  \n# \n")).toBe(0);
  });

  it("that differ are marked, and the text stays whole", () => {
    const marked = changedWords("The lamp was dark.", "The old lamp was bright.");
    expect(marked.map(({ text }) => text).join("")).toBe("The old lamp was bright.");
    expect(marked.filter(({ changed }) => changed).map(({ text }) => text.trim())).toEqual(["old", "bright"]);
    expect(changedWords("although", "also")).toEqual([{ text: "also", changed: true }]);
  });
});
