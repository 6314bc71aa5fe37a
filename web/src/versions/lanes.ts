// Where versions and the lines between them stand in the drawn tree: lanes, newest version on top. No DOM.

export interface TreeShape {
  /** Of version n, entry n - 1: its parent's number, 0 for none. */
  parents: number[];
  merged: Record<string, number>;
}

export interface LaneRow {
  number: number;
  column: number;
  /** Columns of lines that pass by. */
  through: number[];
  /** Columns of lines from above that end in this version, its own excluded. */
  joins: number[];
  /** Column of the line that leads to the version merged into this one. */
  merge: number | null;
  fromAbove: boolean;
  toBelow: boolean;
}

const KEPT_EVERY = 256;

/** Any window of rows is drawn from the nearest kept state above it, so 100,000 versions need no 100,000 rows. */
export class Lanes {
  /** State before row index k * KEPT_EVERY: for each column the number its line leads to, 0 where it is free. */
  private readonly kept: number[][] = [];
  private last: { block: number; rows: LaneRow[] } | null = null;

  constructor(private readonly shape: TreeShape) {
    const waiting: number[] = [];
    for (let index = 0; index < this.total; index += 1) {
      if (index % KEPT_EVERY === 0) this.kept.push([...waiting]);
      this.step(waiting, this.total - index);
    }
  }

  get total(): number {
    return this.shape.parents.length;
  }

  /** The row at an index; rows are asked for one after the other, so those around it are kept. */
  row(index: number): LaneRow | undefined {
    const block = Math.floor(index / KEPT_EVERY);
    if (this.last?.block !== block) this.last = { block, rows: this.rows(block * KEPT_EVERY, (block + 1) * KEPT_EVERY) };
    return this.last.rows[index % KEPT_EVERY];
  }

  /** Rows of the list from an index (0 is the newest version) to another, that one excluded. */
  rows(from: number, to: number): LaneRow[] {
    const block = Math.floor(from / KEPT_EVERY);
    const waiting = [...(this.kept[block] ?? [])];
    const rows: LaneRow[] = [];
    for (let index = block * KEPT_EVERY; index < Math.min(to, this.total); index += 1) {
      const row = this.step(waiting, this.total - index);
      if (index >= from) rows.push(row);
    }
    return rows;
  }

  private step(waiting: number[], number: number): LaneRow {
    const joins: number[] = [];
    let column = waiting.indexOf(number);
    const fromAbove = column >= 0;
    if (!fromAbove) column = place(waiting);
    waiting.forEach((target, at) => {
      if (target !== number || at === column) return;
      joins.push(at);
      waiting[at] = 0;
    });
    waiting[column] = 0;
    const through = waiting.flatMap((target, at) => (target > 0 ? [at] : []));
    const parent = this.shape.parents[number - 1] ?? 0;
    waiting[column] = parent;
    const merged = this.shape.merged[number];
    let merge: number | null = null;
    if (merged) {
      merge = waiting.indexOf(merged);
      if (merge < 0) merge = place(waiting);
      waiting[merge] = merged;
    }
    while (waiting.length > 0 && waiting.at(-1) === 0) waiting.pop();
    return { number, column, through, joins, merge, fromAbove, toBelow: parent > 0 };
  }
}

function place(waiting: number[]): number {
  const free = waiting.indexOf(0);
  if (free >= 0) return free;
  waiting.push(0);
  return waiting.length - 1;
}
