// Where the rows of a long list stand when their heights are known only once they were drawn. No DOM; all lengths in pixels.

export interface SizedRow {
  key: string;
  /** How high the row probably is, until it was measured. */
  guess: number;
}
/** What holds the list in place: this row's top is so far below the upper edge of what is in sight. */
export interface Anchor {
  key: string;
  offset: number;
}
/** Rows that stand together, the end excluded. */
export type Run = readonly [from: number, to: number];

/** Differences below this are rounding. */
const ALIKE = 0.05;

export class RowHeights {
  private rows: readonly SizedRow[] = [];
  private readonly places = new Map<string, number>();
  private readonly measured = new Map<string, number>();
  private tops = new Float64Array(1);
  private stale = false;

  /** The rows there are now, in their order. Heights of rows that are no more are forgotten. */
  set(rows: readonly SizedRow[]): void {
    this.rows = rows;
    this.places.clear();
    rows.forEach(({ key }, index) => this.places.set(key, index));
    for (const key of this.measured.keys()) if (!this.places.has(key)) this.measured.delete(key);
    this.stale = true;
  }

  /** A row was drawn and is so high; true when that moves others. */
  measure(key: string, height: number): boolean {
    const index = this.places.get(key);
    if (index === undefined) return false;
    const differs = Math.abs(this.heightOf(index) - height) > ALIKE;
    if (differs || !this.measured.has(key)) this.measured.set(key, height);
    if (differs) this.stale = true;
    return differs;
  }

  get count(): number {
    return this.rows.length;
  }
  get total(): number {
    return this.top(this.rows.length);
  }
  indexOf(key: string): number | undefined {
    return this.places.get(key);
  }

  /** Where a row begins; for the number of rows, where the last one ends. */
  top(index: number): number {
    if (this.stale) this.add();
    return this.tops[index] ?? 0;
  }

  private heightOf(index: number): number {
    const row = this.rows[index];
    return row === undefined ? 0 : (this.measured.get(row.key) ?? row.guess);
  }

  private add(): void {
    this.stale = false;
    this.tops = new Float64Array(this.rows.length + 1);
    let top = 0;
    for (let index = 0; index < this.rows.length; index += 1) {
      this.tops[index] = top;
      top += this.heightOf(index);
    }
    this.tops[this.rows.length] = top;
  }

  /** The row at a height; the first one above all, the last one below. */
  at(y: number): number {
    let [low, high] = [0, this.rows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  /** The rows of which anything lies between two heights. */
  span(from: number, to: number): Run {
    if (this.rows.length === 0) return [0, 0];
    const [first, last] = [this.at(from), this.at(to)];
    return [first, Math.max(first, last) + 1];
  }

  /**
   * What to hold on to while `top` is the upper edge of a sight of this height: the first row that begins in it, else the one
   * that fills it. Rows that come, go or change by themselves are not taken. Null when there is none.
   */
  anchor(top: number, height: number, holds: (index: number) => boolean): Anchor | null {
    const [first, end] = this.span(top, top + height);
    let filling: Anchor | null = null;
    for (let index = first; index < end; index += 1) {
      const row = this.rows[index];
      if (row === undefined || !holds(index)) continue;
      const found = { key: row.key, offset: this.top(index) - top };
      if (found.offset >= 0 && (found.offset < height || filling === null)) return found;
      filling ??= found;
    }
    return filling;
  }

  /** The upper edge at which an anchor is where it was; null when its row is no more. */
  edgeOf({ key, offset }: Anchor): number | null {
    const index = this.places.get(key);
    return index === undefined ? null : this.top(index) - offset;
  }
}

/** The runs to draw: the rows in sight, and single ones that must not go. In order, apart from each other. */
export function runsOf(span: Run, kept: Iterable<number>): Run[] {
  const runs = [...kept].filter((index) => index < span[0] || index >= span[1]).map((index): Run => [index, index + 1]);
  const joined: [number, number][] = [];
  for (const [from, to] of [...runs, span].filter(([from, to]) => from < to).sort((a, b) => a[0] - b[0])) {
    const before = joined.at(-1);
    if (before && from <= before[1]) before[1] = Math.max(before[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Whether everything between two rows is drawn already. */
export const covers = (runs: readonly Run[], [from, to]: Run): boolean => runs.some((run) => run[0] <= from && to <= run[1]);
