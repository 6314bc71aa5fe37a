// From the server's hunks to what a reader sees: one text with marks, or two columns; long unchanged stretches folded.
// No DOM.

export interface Hunk {
  kind: "same" | "insert" | "delete" | "replace" | "move";
  a: [number, number];
  b: [number, number];
  a_text: string;
  b_text: string;
}

export type PieceKind = "same" | "insert" | "delete" | "moved-away" | "moved-here";

export interface Piece {
  kind: PieceKind;
  text: string;
  /** How many characters of unchanged text are folded away here (then `text` is what is hidden). */
  folded?: boolean;
}

export interface Row {
  a: Piece[];
  b: Piece[];
  changed: boolean;
}

/** Every stretch in reading order. A moved one appears twice: where it left and where it arrived. */
export function pieces(hunks: readonly Hunk[]): Piece[] {
  const departures = hunks.filter(({ kind }) => kind === "move").sort((x, y) => x.a[0] - y.a[0]);
  const result: Piece[] = [];
  const depart = (before: number): void => {
    while (departures[0] && departures[0].a[0] < before) result.push({ kind: "moved-away", text: departures.shift()?.a_text ?? "" });
  };
  for (const hunk of hunks) {
    if (hunk.kind === "move") {
      result.push({ kind: "moved-here", text: hunk.b_text });
      continue;
    }
    if (hunk.a[1] > hunk.a[0]) depart(hunk.a[1]);
    if (hunk.kind === "same") result.push({ kind: "same", text: hunk.b_text });
    else {
      if (hunk.a_text) result.push({ kind: "delete", text: hunk.a_text });
      if (hunk.b_text) result.push({ kind: "insert", text: hunk.b_text });
    }
  }
  depart(Infinity);
  return result;
}

const CONTEXT = 180;
const WORTH_FOLDING = 240;

/** The inline view: of a long unchanged stretch only its ends, next to the changes, are shown. */
export function inline(hunks: readonly Hunk[]): Piece[] {
  const all = pieces(hunks);
  return all.flatMap((piece, index) => (piece.kind === "same" ? fold(piece.text, index === 0, index === all.length - 1) : [piece]));
}

function fold(text: string, isFirst: boolean, isLast: boolean): Piece[] {
  const head = isFirst ? 0 : cutAfter(text, CONTEXT);
  const tail = isLast ? text.length : cutBefore(text, text.length - CONTEXT);
  if ((isFirst && isLast) || tail - head < WORTH_FOLDING) return [{ kind: "same", text }];
  return [
    { kind: "same" as const, text: text.slice(0, head) },
    { kind: "same" as const, text: text.slice(head, tail), folded: true },
    { kind: "same" as const, text: text.slice(tail) },
  ].filter((piece) => piece.text !== "");
}

/** Behind the first line break after `at`, or at a blank nearby: never inside a word. */
function cutAfter(text: string, at: number): number {
  const near = text.slice(0, at + CONTEXT);
  const paragraph = near.indexOf("\n", at);
  if (paragraph >= 0) return paragraph + 1;
  const blank = near.indexOf(" ", at);
  return blank >= 0 ? blank + 1 : Math.min(text.length, at);
}

function cutBefore(text: string, at: number): number {
  const paragraph = text.lastIndexOf("\n", at);
  if (paragraph >= 0 && at - paragraph < CONTEXT) return paragraph + 1;
  const blank = text.lastIndexOf(" ", at);
  return blank >= 0 ? blank + 1 : Math.max(0, at);
}

/** The two-column view: a row for each line that both texts have, changes side by side in it. */
export function rows(hunks: readonly Hunk[]): Row[] {
  const result: Row[] = [];
  let row: Row = { a: [], b: [], changed: false };
  const flush = (): void => {
    result.push(row);
    row = { a: [], b: [], changed: false };
  };
  for (const piece of pieces(hunks)) {
    if (piece.kind !== "same") {
      row.changed = true;
      if (piece.kind === "delete" || piece.kind === "moved-away") row.a.push(piece);
      else row.b.push(piece);
      continue;
    }
    piece.text.split("\n").forEach((line, index) => {
      if (index > 0) flush();
      if (line === "") return;
      row.a.push({ kind: "same", text: line });
      row.b.push({ kind: "same", text: line });
    });
  }
  if (row.a.length > 0 || row.b.length > 0 || result.length === 0) flush();
  return result;
}

const ROWS_AROUND = 2;

/** Runs of unchanged rows between changes, long enough to fold; as [from, to) over the rows. */
export function foldedRows(all: readonly Row[]): [number, number][] {
  const folds: [number, number][] = [];
  let start = 0;
  for (let index = 0; index <= all.length; index += 1) {
    if (index < all.length && !all[index]?.changed) continue;
    const from = start === 0 ? 0 : start + ROWS_AROUND;
    const to = index === all.length ? index : index - ROWS_AROUND;
    if (to - from >= 3 && !(start === 0 && index === all.length)) folds.push([from, to]);
    start = index + 1;
  }
  return folds;
}
