// Markdown by button and by key: marks around words, marks at the beginning of lines. Each takes away what it puts in.

import { syntaxTree } from "@codemirror/language";
import { EditorSelection, type ChangeSpec, type EditorState, type Line, type StateCommand } from "@codemirror/state";
import type { KeyBinding } from "@codemirror/view";

export type Format = "bold" | "italic" | "heading" | "list" | "quote" | "link";

const LINE_MARKS = /^\s*(?:(?:#{1,6}|[-*+]|\d+[.)])\s+|>\s?)*/;
const STARS_BEFORE = /\**$/;
const STARS_BEHIND = /^\**/;

interface Stretch {
  from: number;
  to: number;
}

function linesOf(state: EditorState, from: number, to: number): Line[] {
  const lines: Line[] = [];
  for (let at = from; ; ) {
    const line = state.doc.lineAt(at);
    lines.push(line);
    if (line.to >= to) return lines;
    at = line.to + 1;
  }
}

/** The words of a selection, line by line: emphasis does not reach over paragraphs, nor over marks and outer blanks. */
function stretches(state: EditorState, from: number, to: number): Stretch[] {
  return linesOf(state, from, to).flatMap((line) => {
    const start = Math.max(from, line.from + (LINE_MARKS.exec(line.text)?.[0].length ?? 0));
    const end = Math.min(to, line.to);
    const words = state.sliceDoc(start, Math.max(start, end));
    if (words.trim() === "") return [];
    const lead = words.length - words.trimStart().length;
    return [{ from: start + lead, to: start + words.trimEnd().length }];
  });
}

const hasMarks = (stars: number, size: number): boolean => (size === 2 ? stars >= 2 : stars === 1 || stars >= 3);

/** Where the marks of a stretch stand: outside it, inside it, or null when it has none. */
function marked(state: EditorState, { from, to }: Stretch, size: number): "outside" | "inside" | null {
  const words = state.sliceDoc(from, to);
  const [lead, trail] = [STARS_BEHIND.exec(words)?.[0].length ?? 0, STARS_BEFORE.exec(words)?.[0].length ?? 0];
  if (words.length > lead + trail && hasMarks(Math.min(lead, trail), size)) return "inside";
  const before = STARS_BEFORE.exec(state.sliceDoc(Math.max(0, from - 3), from))?.[0].length ?? 0;
  const behind = STARS_BEHIND.exec(state.sliceDoc(to, to + 3))?.[0].length ?? 0;
  return hasMarks(Math.min(before, behind), size) ? "outside" : null;
}

function toggled(state: EditorState, stretch: Stretch, marks: string, off: boolean): ChangeSpec[] {
  const { from, to } = stretch;
  const size = marks.length;
  const where = marked(state, stretch, size);
  if (!off) return where === null ? [{ from, insert: marks }, { from: to, insert: marks }] : [];
  if (where === "inside") return [{ from, to: from + size }, { from: to - size, to }];
  return [{ from: from - size, to: from }, { from: to, to: to + size }];
}

function inline(marks: string): StateCommand {
  return ({ state, dispatch }) => {
    const edit = state.changeByRange((range) => {
      const word = range.empty ? state.wordAt(range.head) : null;
      const found = range.empty ? (word ? [{ from: word.from, to: word.to }] : []) : stretches(state, range.from, range.to);
      if (found.length === 0) {
        // Nothing to mark: an empty pair to type into, or away with it.
        const at = { from: range.head, to: range.head };
        if (marked(state, at, marks.length) === "outside") return { changes: toggled(state, at, marks, true), range: EditorSelection.cursor(range.head - marks.length) };
        return { changes: { from: range.head, insert: marks + marks }, range: EditorSelection.cursor(range.head + marks.length) };
      }
      const off = found.every((stretch) => marked(state, stretch, marks.length) !== null);
      const changes = state.changes(found.flatMap((stretch) => toggled(state, stretch, marks, off)));
      if (range.empty) return { changes, range: EditorSelection.cursor(changes.mapPos(range.head, 1)) };
      const [first, last] = [found[0] as Stretch, found.at(-1) as Stretch];
      return { changes, range: EditorSelection.range(changes.mapPos(first.from, 1), changes.mapPos(last.to, -1)) };
    });
    dispatch(state.update(edit, { userEvent: "input.format", scrollIntoView: true }));
    return true;
  };
}

const PREFIX: Record<"heading" | "list" | "quote", RegExp> = {
  heading: /^#{1,6}\s+/,
  list: /^\s*(?:[-*+]|\d+[.)])\s+/,
  quote: /^>\s?/,
};
const LEVELS = ["# ", "## ", "### ", ""];

/** What the lines begin with instead of `present`: on and off; headings go from large to small and away. */
function nextPrefix(kind: keyof typeof PREFIX, lines: Line[]): string {
  const present = lines.map(({ text }) => PREFIX[kind].exec(text)?.[0] ?? "");
  if (kind === "heading") return LEVELS[(LEVELS.indexOf(`${present[0]?.trim()} `.trimStart()) + 1) % LEVELS.length] ?? "";
  return present.every((prefix) => prefix !== "") ? "" : kind === "list" ? "- " : "> ";
}

function prefix(kind: keyof typeof PREFIX): StateCommand {
  return ({ state, dispatch }) => {
    const { main } = state.selection;
    const all = linesOf(state, main.from, main.to);
    const worded = all.filter(({ text }) => text.trim() !== "");
    const lines = worded.length > 0 ? worded : all.slice(0, 1);
    const wanted = nextPrefix(kind, lines);
    const parts = lines.flatMap(({ from, text }) => {
      const present = PREFIX[kind].exec(text)?.[0] ?? "";
      return wanted !== "" && kind !== "heading" && present !== "" ? [] : [{ from, to: from + present.length, insert: wanted }];
    });
    const changes = state.changes(parts);
    const selection = main.empty ? EditorSelection.cursor(changes.mapPos(main.head, 1)) : EditorSelection.range(changes.mapPos(main.anchor, 1), changes.mapPos(main.head, 1));
    dispatch(state.update({ changes, selection, userEvent: "input.format", scrollIntoView: true }));
    return true;
  };
}

export const formats: Record<Exclude<Format, "link">, StateCommand> = {
  bold: inline("**"),
  italic: inline("*"),
  heading: prefix("heading"),
  list: prefix("list"),
  quote: prefix("quote"),
};

const NODES: [RegExp, Format][] = [
  [/^StrongEmphasis$/, "bold"],
  [/^Emphasis$/, "italic"],
  [/^(?:ATX|Setext)Heading\d$/, "heading"],
  [/^ListItem$/, "list"],
  [/^Blockquote$/, "quote"],
  [/^Link$/, "link"],
];

/** What the words at the cursor are already. */
export function activeFormats(state: EditorState): Set<Format> {
  const active = new Set<Format>();
  const { main } = state.selection;
  for (let node = syntaxTree(state).resolveInner(main.empty ? main.head : main.from, main.empty ? -1 : 1); node.parent; node = node.parent) {
    for (const [name, format] of NODES) if (name.test(node.name) && (format !== "link" || node.getChild("URL"))) active.add(format);
  }
  return active;
}

export interface LinkPlace extends Stretch {
  words: string;
  address: string;
}

/** The link at the cursor, or the words that would become one. */
export function linkPlace(state: EditorState): LinkPlace {
  const { main } = state.selection;
  for (let node = syntaxTree(state).resolveInner(main.head, -1); node.parent; node = node.parent) {
    const address = node.name === "Link" ? node.getChild("URL") : null;
    const [open, close] = node.getChildren("LinkMark");
    if (address && open && close) return { from: node.from, to: node.to, words: state.sliceDoc(open.to, close.from), address: state.sliceDoc(address.from, address.to) };
  }
  const word = main.empty ? state.wordAt(main.head) : null;
  const { from, to } = word ?? main;
  const words = state.sliceDoc(from, to).replace(/\s+/g, " ").trim();
  return /^https?:\/\/\S+$/.test(words) ? { from, to, words: "", address: words } : { from, to, words, address: "" };
}

/** The Markdown of a link; without an address the words alone. */
export function linkMarkdown(words: string, address: string): string {
  const target = address.trim();
  if (target === "") return words;
  const safe = /[\s()<>]/.test(target) ? `<${target.replace(/[<>\n]/g, encodeURIComponent)}>` : target;
  return `[${(words || target).replace(/[[\]]/g, "\\$&")}](${safe})`;
}

export const formattingKeys: readonly KeyBinding[] = [
  { key: "Mod-b", run: formats.bold, preventDefault: true },
  { key: "Mod-i", run: formats.italic, preventDefault: true },
];
