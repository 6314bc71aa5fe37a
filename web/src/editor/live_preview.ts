// Markdown that looks like what it means while it stays the text it is: marks are hidden away from the cursor, and only
// what is on the screen is looked at.

import { syntaxTree } from "@codemirror/language";
import type { EditorState, Range } from "@codemirror/state";
import { Decoration, ViewPlugin, WidgetType, type DecorationSet, type EditorView, type ViewUpdate } from "@codemirror/view";
import type { SyntaxNode, SyntaxNodeRef } from "@lezer/common";

class Bullet extends WidgetType {
  override eq(): boolean {
    return true;
  }
  toDOM(): HTMLElement {
    const dot = document.createElement("span");
    dot.className = "md-bullet";
    return dot;
  }
}

const line = (name: string): Decoration => Decoration.line({ class: name });
const mark = (name: string): Decoration => Decoration.mark({ class: name });

const LINES = {
  heading: [1, 2, 3, 4, 4, 4].map((level) => line(`md-h${level}`)),
  quote: line("md-quote"),
  list: line("md-list"),
  code: line("md-block"),
  codeFirst: line("md-block-first"),
  codeLast: line("md-block-last"),
};
const MARKS: Record<string, Decoration> = {
  StrongEmphasis: mark("md-strong"),
  Emphasis: mark("md-em"),
  Strikethrough: mark("md-strike"),
  InlineCode: mark("md-code"),
  Link: mark("md-link"),
};
const DIMMED = mark("md-mark");
const URL_MARK = mark("md-url");
const DASH = mark("md-number md-mark");
const NUMBER = mark("md-number");
const RULE = mark("md-rule");
const HIDDEN = Decoration.replace({});
const BULLET = Decoration.replace({ widget: new Bullet() });

const INLINE_MARKS = new Set(["EmphasisMark", "StrikethroughMark", "CodeMark", "LinkMark"]);

const isLinked = (link: SyntaxNode): boolean => link.getChild("URL") !== null || link.getChild("LinkLabel") !== null;

/** Collects the decorations of one screenful. */
class Look {
  readonly ranges: Range<Decoration>[] = [];
  constructor(
    private readonly state: EditorState,
    private readonly focused: boolean,
  ) {}

  /** Whether the cursor or selection touches the stretch; then its marks are shown. */
  private touched(from: number, to: number): boolean {
    return this.focused && this.state.selection.ranges.some((range) => range.from <= to && range.to >= from);
  }

  private add(decoration: Decoration, from: number, to = from): void {
    this.ranges.push(decoration.range(from, to));
  }

  private eachLine(from: number, to: number, run: (at: number, first: boolean, last: boolean) => void): void {
    const { doc } = this.state;
    const last = doc.lineAt(to).number;
    for (let number = doc.lineAt(from).number, first = number; number <= last; number += 1) {
      run(doc.line(number).from, number === first, number === last);
    }
  }

  visit(node: SyntaxNodeRef): void {
    const { name, from, to } = node;
    const heading = /^(?:ATX|Setext)Heading(\d)$/.exec(name);
    // [words] alone are words; they are a link once an address follows.
    const style = name === "Link" && !isLinked(node.node) ? undefined : MARKS[name];
    if (heading) this.eachLine(from, to, (at) => this.add(LINES.heading[Number(heading[1]) - 1] as Decoration, at));
    else if (style) this.add(style, from, to);
    else if (name === "Blockquote") this.eachLine(from, to, (at) => this.add(LINES.quote, at));
    else if (name === "FencedCode" || name === "CodeBlock") this.codeBlock(from, to);
    else if (name === "ListMark") this.listMark(node);
    else if (name === "HeaderMark" || name === "QuoteMark") this.lineMark(node);
    else if (INLINE_MARKS.has(name)) this.inlineMark(node);
    else if (name === "URL") this.address(node);
    else if (name === "HorizontalRule") this.add(this.touched(from, to) ? DIMMED : RULE, from, to);
  }

  private codeBlock(from: number, to: number): void {
    this.eachLine(from, to, (at, first, last) => {
      this.add(LINES.code, at);
      if (first) this.add(LINES.codeFirst, at);
      if (last) this.add(LINES.codeLast, at);
    });
  }

  private listMark({ node, from, to }: SyntaxNodeRef): void {
    const at = this.state.doc.lineAt(from);
    this.add(LINES.list, at.from);
    const end = Math.min(at.to, to + 1);
    if (node.parent?.parent?.name === "OrderedList") return this.add(NUMBER, from, end);
    this.add(this.touched(from, to) ? DASH : BULLET, from, end);
  }

  /** `#` and `>`: hidden, with the space behind them, unless the cursor is in their line. */
  private lineMark({ from, to }: SyntaxNodeRef): void {
    const at = this.state.doc.lineAt(from);
    if (this.touched(at.from, at.to)) return this.add(DIMMED, from, to);
    const spaced = this.state.doc.sliceString(to, to + 1) === " " && to < at.to;
    const before = from > at.from && from === to ? 0 : Math.max(at.from, from);
    this.add(HIDDEN, before, spaced ? to + 1 : to);
  }

  private inlineMark({ node, from, to }: SyntaxNodeRef): void {
    const parent = node.parent;
    if (parent?.name === "Link" && !isLinked(parent)) return;
    if (!parent || parent.name === "FencedCode" || parent.name === "Image") return this.add(DIMMED, from, to);
    this.add(this.touched(parent.from, parent.to) ? DIMMED : HIDDEN, from, to);
  }

  private address({ node, from, to }: SyntaxNodeRef): void {
    const parent = node.parent;
    if (parent?.name !== "Link") return this.add(URL_MARK, from, to);
    this.add(this.touched(parent.from, parent.to) ? URL_MARK : HIDDEN, from, to);
  }
}

function decorate(view: EditorView): DecorationSet {
  const look = new Look(view.state, view.hasFocus);
  for (const { from, to } of view.visibleRanges) syntaxTree(view.state).iterate({ from, to, enter: (node) => look.visit(node) });
  return Decoration.set(look.ranges, true);
}

export const livePreview = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = decorate(view);
    }
    update(update: ViewUpdate): void {
      const parsed = syntaxTree(update.startState) !== syntaxTree(update.state);
      if (update.docChanged || update.viewportChanged || update.selectionSet || update.focusChanged || parsed) this.decorations = decorate(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);
