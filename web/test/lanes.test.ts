import { describe, expect, it } from "vitest";
import { Lanes } from "../src/versions/lanes.js";

describe("lanes of the tree of versions", () => {
  it("keeps a chain in one column", () => {
    const rows = new Lanes({ parents: [0, 1, 2], merged: {} }).rows(0, 3);
    expect(rows.map(({ number, column }) => [number, column])).toEqual([[3, 0], [2, 0], [1, 0]]);
    expect(rows.map(({ fromAbove, toBelow }) => [fromAbove, toBelow])).toEqual([[false, true], [true, true], [true, false]]);
  });

  it("gives a branch its own column until it joins its start", () => {
    // 2 and 3 both come from 1.
    const rows = new Lanes({ parents: [0, 1, 1], merged: {} }).rows(0, 3);
    expect(rows.map(({ column }) => column)).toEqual([0, 1, 0]);
    expect(rows[1]?.through).toEqual([0]);
    expect(rows[2]?.joins).toEqual([1]);
  });

  it("draws a line from a merge to what was merged", () => {
    const rows = new Lanes({ parents: [0, 1, 1, 3], merged: { 4: 2 } }).rows(0, 4);
    expect(rows[0]).toMatchObject({ number: 4, column: 0, merge: 1 });
    expect(rows[2]).toMatchObject({ number: 2, column: 1, fromAbove: true });
  });

  it("draws every window as the whole list does", () => {
    const parents = Array.from({ length: 2_000 }, (_, index) => (index === 0 ? 0 : index % 17 === 0 ? Math.max(1, index - 9) : index));
    const lanes = new Lanes({ parents, merged: { 1_500: 1_490, 40: 33 } });
    const all = lanes.rows(0, 2_000);
    for (const from of [0, 1, 255, 256, 257, 1_000, 1_990]) expect(lanes.rows(from, from + 20)).toEqual(all.slice(from, from + 20));
  });

  it("gives single rows as it gives windows, in any order", () => {
    const parents = Array.from({ length: 600 }, (_, index) => (index === 0 ? 0 : index % 7 === 0 ? Math.max(1, index - 3) : index));
    const lanes = new Lanes({ parents, merged: { 500: 490 } });
    const all = lanes.rows(0, 600);
    for (const index of [0, 599, 300, 255, 256, 257, 1, 512, 511]) expect(lanes.row(index)).toEqual(all[index]);
    expect(lanes.row(600)).toBeUndefined();
  });

  it("lays out 100,000 versions quickly", () => {
    const parents = Array.from({ length: 100_000 }, (_, index) => index);
    const lanes = new Lanes({ parents, merged: {} });
    expect(lanes.rows(50_000, 50_001)[0]?.number).toBe(50_000);
  });
});
