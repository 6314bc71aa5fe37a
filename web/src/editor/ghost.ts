// What a model is writing right now, in violet below the text, or below the passage it writes anew. It is not part of the
// text: typing goes on beside it.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";
import { ghostLine, isFence } from "./ghost_lines.js";

export interface Ghost {
  text: string;
  label: string;
  /** false: the model has stopped, the words wait to be placed */
  streaming: boolean;
  /** Where the passage it writes anew ends; null: it writes the whole text. */
  at: number | null;
}

export const setGhost = StateEffect.define<Ghost | null>();

class GhostWidget extends WidgetType {
  constructor(private readonly ghost: Ghost) {
    super();
  }
  override eq(other: GhostWidget): boolean {
    return other.ghost === this.ghost;
  }
  toDOM(): HTMLElement {
    const box = document.createElement("div");
    box.className = "ghost";
    box.setAttribute("aria-hidden", "true");
    const label = document.createElement("span");
    label.className = "ghost-label";
    const body = document.createElement("div");
    box.append(label, body);
    this.updateDOM(box);
    return box;
  }
  override updateDOM(box: HTMLElement): boolean {
    const [label, body] = box.children;
    if (!(label instanceof HTMLElement) || !(body instanceof HTMLElement)) return false;
    label.textContent = this.ghost.label;
    box.classList.toggle("still", !this.ghost.streaming);
    paint(body, this.ghost.text);
    return true;
  }
  override get estimatedHeight(): number {
    return 34 + (this.ghost.text.length / 70) * 32;
  }
  override ignoreEvent(): boolean {
    return false;
  }
}

const shown = new WeakMap<HTMLElement, string>();

/** Lines that are complete stay as they are on the screen; only the last one and new ones are laid out. */
function paint(body: HTMLElement, text: string): void {
  const before = shown.get(body) ?? "";
  if (!text.startsWith(before)) body.replaceChildren();
  const lines = text.split("\n");
  const kept = Math.max(0, body.childElementCount - 1);
  for (const stale of [...body.children].slice(kept)) stale.remove();
  let fenced = lines.slice(0, kept).filter(isFence).length % 2 === 1;
  for (const line of lines.slice(kept)) {
    body.append(lineElement(line, fenced));
    if (isFence(line)) fenced = !fenced;
  }
  shown.set(body, text);
}

function lineElement(line: string, fenced: boolean): HTMLElement {
  const { style, runs } = ghostLine(line, fenced);
  const element = document.createElement("div");
  element.className = `ghost-line ${style}`;
  for (const { text, style: mark } of runs) {
    const run = document.createElement("span");
    run.className = mark;
    run.textContent = text;
    element.append(mark ? run : text);
  }
  return element;
}

interface Shown {
  ghost: Ghost | null;
  decorations: DecorationSet;
}

export const ghostField = StateField.define<Shown>({
  create: () => ({ ghost: null, decorations: Decoration.none }),
  update(shown, transaction) {
    let { ghost } = shown;
    for (const effect of transaction.effects) if (effect.is(setGhost)) ghost = effect.value;
    if (ghost === shown.ghost && !transaction.docChanged) return shown;
    if (ghost === null) return { ghost, decorations: Decoration.none };
    if (transaction.docChanged && ghost.at !== null && ghost === shown.ghost) ghost = { ...ghost, at: transaction.changes.mapPos(ghost.at, 1) };
    const doc = transaction.newDoc;
    const place = ghost.at === null ? doc.length : doc.lineAt(Math.min(ghost.at, doc.length)).to;
    const widget = Decoration.widget({ widget: new GhostWidget(ghost), block: true, side: 1 });
    return { ghost, decorations: Decoration.set(widget.range(place)) };
  },
  provide: (field) => EditorView.decorations.from(field, ({ decorations }) => decorations),
});
