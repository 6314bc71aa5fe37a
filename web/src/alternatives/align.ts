// Texts side by side by paragraph: which paragraph of one text stands beside which of another. No DOM.

export interface Paragraph {
  from: number;
  to: number;
  text: string;
}

/** One paragraph of each text, or null where a text has none there. */
export type Row = (Paragraph | null)[];

/** What blank lines separate; a fenced block of code is one paragraph however many blank lines it holds. */
export function paragraphs(text: string): Paragraph[] {
  const found: Paragraph[] = [];
  let from = 0;
  let start = -1;
  let end = 0;
  let fenced = false;
  const close = (): void => {
    if (start >= 0) found.push({ from: start, to: end, text: text.slice(start, end) });
    start = -1;
  };
  for (const line of text.split("\n")) {
    const blank = line.trim() === "";
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (blank && !fenced) close();
    else if (!blank || start >= 0) {
      if (start < 0) start = from;
      end = from + line.length;
    }
    from += line.length + 1;
  }
  close();
  return found;
}

const GAP = -0.12;
/** More pairs than this are not weighed one by one; paragraphs then stand beside each other in order. */
const MOST_PAIRS = 250_000;

const words = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
export const isHeading = (text: string): boolean => /^#{1,6}\s/.test(text);

/** From 0 (nothing in common) to 1: shared words; a heading rather stands beside a heading. */
function likeness(a: Paragraph, b: Paragraph, wordsOf: (paragraph: Paragraph) => Set<string>): number {
  if (a.text === b.text) return 1;
  const [first, second] = [wordsOf(a), wordsOf(b)];
  let shared = 0;
  for (const word of first) if (second.has(word)) shared += 1;
  const dice = first.size + second.size === 0 ? 0 : (2 * shared) / (first.size + second.size);
  return isHeading(a.text) === isHeading(b.text) ? dice : dice - 0.5;
}

/** Aligns all texts: the first one's paragraphs make the rows, each further text is fitted in. */
export function align(texts: readonly string[]): Row[] {
  const known = new Map<Paragraph, Set<string>>();
  const wordsOf = (paragraph: Paragraph): Set<string> => {
    let found = known.get(paragraph);
    if (!found) known.set(paragraph, (found = words(paragraph.text)));
    return found;
  };
  let rows: Row[] = [];
  texts.forEach((text, column) => {
    const list = paragraphs(text);
    const near = (row: Row, paragraph: Paragraph): number => Math.max(...row.map((cell) => (cell ? likeness(cell, paragraph, wordsOf) : -1)));
    const pairs = column === 0 ? list.map((_, index): [number, number] => [-1, index]) : matched(rows, list, near);
    rows = pairs.map(([row, index]) => [...(rows[row] ?? Array<null>(column).fill(null)), list[index] ?? null]);
  });
  return rows;
}

/** The best order-keeping pairs of rows and paragraphs; -1 stands for none. */
function matched(rows: readonly Row[], list: readonly Paragraph[], near: (row: Row, paragraph: Paragraph) => number): [number, number][] {
  const [height, width] = [rows.length, list.length];
  if (height * width > MOST_PAIRS) return Array.from({ length: Math.max(height, width) }, (_, at) => [at < height ? at : -1, at < width ? at : -1]);
  const score = Array.from({ length: height + 1 }, () => new Float64Array(width + 1));
  const at = (row: number, column: number): number => score[row]?.[column] ?? 0;
  const likes = rows.map((row) => list.map((paragraph) => near(row, paragraph)));
  const like = (row: number, column: number): number => likes[row]?.[column] ?? 0;
  for (let row = height; row >= 0; row -= 1) {
    for (let column = width; column >= 0; column -= 1) {
      if (row === height && column === width) continue;
      const both = row < height && column < width ? like(row, column) + at(row + 1, column + 1) : -Infinity;
      const down = row < height ? GAP + at(row + 1, column) : -Infinity;
      const across = column < width ? GAP + at(row, column + 1) : -Infinity;
      (score[row] as Float64Array)[column] = Math.max(both, down, across);
    }
  }
  const pairs: [number, number][] = [];
  let [row, column] = [0, 0];
  while (row < height || column < width) {
    const here = at(row, column);
    if (row < height && column < width && here === like(row, column) + at(row + 1, column + 1)) pairs.push([row++, column++]);
    else if (row < height && here === GAP + at(row + 1, column)) pairs.push([row++, -1]);
    else pairs.push([-1, column++]);
  }
  return pairs;
}

/** Whether every text says the same here. */
export const isSame = (row: Row): boolean => row.every((cell) => cell !== null && cell.text === row[0]?.text);
