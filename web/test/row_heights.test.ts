// The arithmetic of a list of which only a part is drawn.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers, RowHeights, runsOf, type Run, type SizedRow } from "../src/windowing/row_heights.js";

const rows = (...guesses: number[]): SizedRow[] => guesses.map((guess, index) => ({ key: `r${index}`, guess }));
function heights(...guesses: number[]): RowHeights {
  const made = new RowHeights();
  made.set(rows(...guesses));
  return made;
}
const all = (): boolean => true;

describe("heights of rows", () => {
  it("begin as guesses and become what was measured", () => {
    const list = heights(10, 20, 30);
    expect([list.top(0), list.top(1), list.top(2), list.total]).toEqual([0, 10, 30, 60]);
    expect(list.measure("r0", 15.5)).toBe(true);
    expect(list.measure("r0", 15.52)).toBe(false);
    expect(list.measure("nobody", 40)).toBe(false);
    expect([list.top(1), list.total]).toEqual([15.5, 65.5]);
  });

  it("are remembered while their rows are there, wherever these stand", () => {
    const list = heights(10, 10);
    list.measure("r1", 50);
    list.set([{ key: "older", guess: 7 }, ...rows(10, 10)]);
    expect([list.top(2), list.total]).toEqual([17, 67]);
    list.set(rows(10));
    list.set(rows(10, 10));
    expect(list.total).toBe(20);
  });

  it("say which row is where, also beside the list", () => {
    const list = heights(10, 20, 30);
    expect([-5, 0, 9.9, 10, 29, 30, 59, 60, 999].map((y) => list.at(y))).toEqual([0, 0, 0, 1, 1, 2, 2, 2, 2]);
    expect(list.span(5, 12)).toEqual([0, 2]);
    expect(list.span(-100, 1_000)).toEqual([0, 3]);
    expect(heights().span(0, 100)).toEqual([0, 0]);
    expect(heights().total).toBe(0);
  });

  it("find as the sums of all heights would, for any list", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 80 }), fc.array(fc.tuple(fc.nat(79), fc.integer({ min: 1, max: 400 }))), fc.nat(20_000), (guesses, measures, y) => {
        const list = heights(...guesses);
        const known = [...guesses];
        for (const [index, height] of measures) {
          if (index < known.length) known[index] = height;
          list.measure(`r${index}`, height);
        }
        let [top, found] = [0, known.length - 1];
        for (const [index, height] of known.entries()) {
          expect(list.top(index)).toBeCloseTo(top, 6);
          if (y >= top && y < top + height) found = index;
          top += height;
        }
        expect(list.total).toBeCloseTo(top, 6);
        expect(list.at(y)).toBe(found);
      }),
    );
  });
});

describe("the place under the eye", () => {
  it("is the first row that begins in the sight", () => {
    const list = heights(100, 100, 100, 100);
    expect(list.anchor(150, 300, all)).toEqual({ key: "r2", offset: 50 });
    expect(list.anchor(100, 300, all)).toEqual({ key: "r1", offset: 0 });
  });

  it("is the row that fills the sight when none begins in it", () => {
    const list = heights(1_000, 100);
    expect(list.anchor(500, 300, all)).toEqual({ key: "r0", offset: -500 });
    expect(list.anchor(690, 300, all)).toEqual({ key: "r0", offset: -690 });
    expect(list.anchor(750, 300, all)).toEqual({ key: "r1", offset: 250 });
  });

  it("is no row that comes and goes by itself", () => {
    const list = heights(40, 40, 40);
    expect(list.anchor(0, 120, (index) => index > 0)).toEqual({ key: "r1", offset: 40 });
    expect(list.anchor(0, 120, () => false)).toBeNull();
  });

  it("stays whatever is put in above, measured or taken out", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 20, max: 300 }), { minLength: 4, maxLength: 40 }), fc.array(fc.integer({ min: 20, max: 300 }), { maxLength: 40 }), fc.nat(100), fc.integer({ min: 10, max: 900 }), (guesses, above, share, measured) => {
        const list = heights(...guesses);
        const top = (list.total * share) / 101;
        const anchor = list.anchor(top, 400, all);
        if (!anchor) throw new Error("There is a row.");
        const index = list.indexOf(anchor.key) ?? -1;
        expect(list.edgeOf(anchor)).toBeCloseTo(top, 6);
        if (index > 0) list.measure("r0", measured);
        const moved = index > 0 ? measured - (guesses[0] ?? 0) : 0;
        list.set([...above.map((guess, at) => ({ key: `a${at}`, guess })), ...rows(...guesses)]);
        expect(list.edgeOf(anchor)).toBeCloseTo(top + moved + above.reduce((sum, guess) => sum + guess, 0), 6);
      }),
    );
    expect(heights(10).edgeOf({ key: "gone", offset: 0 })).toBeNull();
  });
});

describe("the rows to draw", () => {
  it("are those in sight and those that must not go", () => {
    expect(runsOf([5, 9], [])).toEqual([[5, 9]]);
    expect(runsOf([5, 9], [1, 6, 20])).toEqual([[1, 2], [5, 9], [20, 21]]);
    expect(runsOf([5, 9], [4, 9, 10, 2, 3])).toEqual([[2, 11]]);
    expect(runsOf([0, 0], [])).toEqual([]);
  });

  it("are enough while the sight lies within one run", () => {
    const runs: Run[] = [[1, 2], [5, 9]];
    expect([covers(runs, [5, 9]), covers(runs, [6, 7]), covers(runs, [4, 9]), covers(runs, [1, 6])]).toEqual([true, true, false, false]);
  });

  it("take no longer to find among 100,000", () => {
    const list = new RowHeights();
    list.set(Array.from({ length: 100_000 }, (_, index) => ({ key: String(index), guess: 30 })));
    expect(list.span(1_500_000, 1_500_900)).toEqual([50_000, 50_031]);
    expect(list.measure("50000", 60)).toBe(true);
    expect(list.total).toBe(3_000_030);
  });
});
