// Counting words as the server does: letters, digits and their marks; "don't", "well-known" and "3.14" are one word;
// in scripts without spaces every character is one.

const SINGLES = "\\u3040-\\u30fa\\u30fc-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const RUN = `[[\\p{L}\\p{N}\\p{M}]--[${SINGLES}]]+`;
const WORD = new RegExp(`[${SINGLES}]|${RUN}(?:(?:['’_‐‑\\-]|(?<=\\p{Nd})[.,](?=\\p{Nd}))${RUN})*`, "gv");

export function countWords(text: string): number {
  let total = 0;
  WORD.lastIndex = 0;
  while (WORD.exec(text) !== null) total += 1;
  return total;
}
