// How a line of streaming Markdown looks before it is in the text: near enough to what it becomes that nothing jumps.
// No DOM.

export interface Run {
  text: string;
  /** The live preview's class for it; empty for plain words. */
  style: string;
}

export interface GhostLine {
  style: string;
  runs: Run[];
}

const INLINE = /(\*\*|__)(?=\S)(.+?)(?<=\S)\1|([*_])(?=[^\s*_])(.+?)(?<=[^\s*_])\3(?!\w)|`([^`]+)`/g;

function inlineRuns(text: string): Run[] {
  const runs: Run[] = [];
  let at = 0;
  const plain = (to: number): void => {
    if (to > at) runs.push({ text: text.slice(at, to), style: "" });
  };
  for (const found of text.matchAll(INLINE)) {
    plain(found.index);
    const [whole, , strong, , emphasis, code] = found;
    runs.push(strong !== undefined ? { text: strong, style: "md-strong" } : emphasis !== undefined ? { text: emphasis, style: "md-em" } : { text: code ?? "", style: "md-code" });
    at = found.index + whole.length;
  }
  plain(text.length);
  return runs;
}

/** Whether the line opens or closes a fenced block. */
export const isFence = (line: string): boolean => /^ {0,3}(```|~~~)/.test(line);

/** `fenced`: the line lies in a fenced block. */
export function ghostLine(line: string, fenced: boolean): GhostLine {
  if (fenced || isFence(line)) return { style: "md-block", runs: [{ text: line, style: "" }] };
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading) return { style: `md-h${Math.min(4, heading[1]?.length ?? 1)}`, runs: inlineRuns(heading[2] ?? "") };
  const quote = /^>\s?(.*)$/.exec(line);
  if (quote) return { style: "md-quote", runs: inlineRuns(quote[1] ?? "") };
  const bullet = /^\s*[-*+]\s+(.*)$/.exec(line);
  if (bullet) return { style: "md-list", runs: [{ text: "", style: "md-bullet" }, ...inlineRuns(bullet[1] ?? "")] };
  const number = /^\s*(\d+[.)])\s+(.*)$/.exec(line);
  if (number) return { style: "md-list", runs: [{ text: number[1] ?? "", style: "md-number" }, ...inlineRuns(number[2] ?? "")] };
  return { style: "", runs: inlineRuns(line) };
}
