// Which words of a passage differ from another: a longest common subsequence over words. No DOM.

const segmenter = typeof Intl !== "undefined" && "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

/** Products of word counts above this are shown without marks: passages in conflict are short. */
const LIMIT = 4_000_000;

export interface Stretch {
  text: string;
  changed: boolean;
}

function split(text: string): string[] {
  return segmenter ? Array.from(segmenter.segment(text), ({ segment }) => segment) : (text.match(/\s+|[^\s]+/gu) ?? []);
}

/** `text` in stretches, those not in `base` marked as changed. */
export function changedWords(base: string, text: string): Stretch[] {
  const [a, b] = [split(base), split(text)];
  if (a.length * b.length > LIMIT) return [{ text, changed: false }];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      common[at] = a[i] === b[j] ? (common[at + width + 1] ?? 0) + 1 : Math.max(common[at + width] ?? 0, common[at + 1] ?? 0);
    }
  }
  const stretches: Stretch[] = [];
  const put = (piece: string, changed: boolean): void => {
    const last = stretches.at(-1);
    if (last?.changed === changed) last.text += piece;
    else stretches.push({ text: piece, changed });
  };
  let i = 0;
  for (let j = 0; j < b.length; ) {
    const piece = b[j] as string;
    if (i < a.length && a[i] === piece) {
      put(piece, false);
      i += 1;
      j += 1;
    } else if (i < a.length && (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0)) i += 1;
    else {
      put(piece, true);
      j += 1;
    }
  }
  return stretches;
}
