// What a model is writing right now, in violet below the text. It is not part of the text: typing goes on beside it.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";

export interface Ghost {
  text: string;
  label: string;
  /** false: the model has stopped, the words wait to be placed */
  streaming: boolean;
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
    box.append(label, document.createTextNode(""));
    this.updateDOM(box);
    return box;
  }
  override updateDOM(box: HTMLElement): boolean {
    const [label, text] = box.childNodes;
    if (!label || !(text instanceof Text)) return false;
    label.textContent = this.ghost.label;
    // Appending leaves what is on the screen alone; only the new words are laid out.
    if (this.ghost.text.startsWith(text.data)) text.appendData(this.ghost.text.slice(text.data.length));
    else text.data = this.ghost.text;
    box.classList.toggle("still", !this.ghost.streaming);
    return true;
  }
  override get estimatedHeight(): number {
    return 34 + (this.ghost.text.length / 70) * 32;
  }
  override ignoreEvent(): boolean {
    return false;
  }
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
    const widget = Decoration.widget({ widget: new GhostWidget(ghost), block: true, side: 1 });
    return { ghost, decorations: Decoration.set(widget.range(transaction.newDoc.length)) };
  },
  provide: (field) => EditorView.decorations.from(field, ({ decorations }) => decorations),
});
