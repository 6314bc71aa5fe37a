// Draws the proposed changes that are on the screen: words that would go are struck, words that would come are violet.

import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, ViewPlugin, WidgetType, type DecorationSet, type EditorView, type ViewUpdate } from "@codemirror/view";
import { hunkField, hunksBetween, type Hunk } from "./hunks.js";

class Proposed extends WidgetType {
  constructor(
    private readonly id: string,
    private readonly text: string,
    private readonly look: string,
  ) {
    super();
  }
  override eq(other: Proposed): boolean {
    return other.id === this.id && other.text === this.text && other.look === this.look;
  }
  toDOM(): HTMLElement {
    const element = document.createElement("ins");
    element.className = `hunk-new ${this.look}`;
    element.tabIndex = -1;
    element.dataset["hunk"] = this.id;
    const shown = this.text.replace(/^\n+|\n+$/g, "");
    if (shown.length < this.text.length) element.classList.add("of-blocks");
    element.textContent = shown;
    return element;
  }
  override ignoreEvent(): boolean {
    return false;
  }
}

interface Piece {
  from: number;
  to: number;
  decoration: Decoration;
}

/** The pieces of one hunk, in order. */
function pieces(hunk: Hunk, isCurrent: boolean): Piece[] {
  const look = [isCurrent ? "current" : "", hunk.state].filter(Boolean).join(" ");
  if (hunk.state === "stale") return hunk.to > hunk.from ? [{ from: hunk.from, to: hunk.to, decoration: Decoration.mark({ class: `hunk-stale ${look}`, attributes: { "data-hunk": hunk.id } }) }] : [];
  return hunk.edits.flatMap(([from, to, text], index) => {
    const start = hunk.from + from;
    const end = Math.min(hunk.from + to, hunk.to);
    const gone = end > start ? [{ from: start, to: end, decoration: Decoration.mark({ class: `hunk-old ${look}`, attributes: { "data-hunk": hunk.id } }) }] : [];
    const come = text ? [{ from: end, to: end, decoration: Decoration.widget({ widget: new Proposed(`${hunk.id}`, text, look), side: 1 + index }) }] : [];
    return [...gone, ...come];
  });
}

function drawn(view: EditorView): DecorationSet {
  const { current } = view.state.field(hunkField);
  const all = view.visibleRanges.flatMap(({ from, to }) => hunksBetween(view.state, from, to));
  const once = [...new Map(all.map((hunk) => [hunk.id, hunk])).values()];
  const sorted = once.flatMap((hunk) => pieces(hunk, hunk.id === current)).sort((a, b) => a.from - b.from || a.decoration.startSide - b.decoration.startSide);
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to, decoration } of sorted) builder.add(from, to, decoration);
  return builder.finish();
}

export const hunkDrawing = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = drawn(view);
    }
    update(update: ViewUpdate): void {
      const { drawing, set } = update.state.field(hunkField);
      if (set.size === 0 && this.decorations.size === 0) return;
      if (drawing !== update.startState.field(hunkField).drawing || update.viewportChanged) this.decorations = drawn(update.view);
      else if (update.docChanged) this.decorations = this.decorations.map(update.changes);
    }
  },
  { decorations: ({ decorations }) => decorations },
);
