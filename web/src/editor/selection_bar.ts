// What can be done with the selected words: beside them on a wide screen, at the bottom of a phone.

import type { EditorView, Rect } from "@codemirror/view";
import { byId, h, icon, isNarrow } from "../common/dom.js";
import { menuButton, type MenuItem } from "../common/menu.js";
import { toolbar } from "../common/toolbar.js";

export interface SelectionActions {
  /** Attaches the selection to a question. */
  ask(): void;
  /** Runs a quick action on the selection alone; it asks for what is not given. */
  act(id: string, values?: Record<string, string>): void;
  /** The tones to choose from. */
  tones(): string[];
  /** What else can be done with the selection. */
  more(): MenuItem[];
  /** Whether an edit may start now. */
  ready(): boolean;
  /** Locks the selected paragraphs against the assistant, or unlocks them. */
  lock(): void;
  locked(): boolean;
  /** Tells where the selected words came from. */
  whoWrote(from: number, to: number): void;
  /** Says something about the selected words. */
  comment(): void;
}

export interface SelectionBar {
  moved(): void;
}

/** Milliseconds a selection made by keyboard rests before the bar appears. */
const REST = 250;
const GAP = 8;
const EDITS: readonly [label: string, action: string][] = [
  ["Tighten", "tighten"],
  ["Clarify", "clarify"],
];
/** What the bar shows at once, so that it fits a phone; everything else is in its menu. */
export const ON_THE_BAR: readonly string[] = [...EDITS.map(([, id]) => id), "tone"];

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function selectionBar(view: EditorView, actions: SelectionActions): SelectionBar {
  const bar = byId("selection-bar");
  const area = byId("document");
  let timer = 0;
  let pressed = false;
  let dismissed = false;

  const button = (label: string, run?: () => void): HTMLButtonElement => h("button", { type: "button", class: "selection-act", ...(run ? { onclick: run } : {}) }, label);
  const start = (id: string, values?: Record<string, string>): void => {
    dismissed = true;
    hide();
    actions.act(id, values);
  };
  const then = (run: () => void) => (): void => {
    dismissed = true;
    hide();
    run();
  };
  const edits = EDITS.map(([label, id]) => button(label, () => start(id)));
  const tone = button("Tone");
  menuButton(tone, "Tone", () => [...actions.tones().map((tone) => ({ label: capital(tone), run: () => start("tone", { tone }) })), { label: "Other…", run: () => start("tone") }]);
  const more = button("More");
  menuButton(more, "More actions", () => [...(actions.ready() ? actions.more() : []), ...always()]);
  const ask = h("button", { type: "button", class: "selection-act", onclick: () => actions.ask() }, icon("model"), "Ask…");
  const comment = h("button", { type: "button", class: "selection-act wide-only", onclick: then(() => actions.comment()) }, "Comment");
  bar.append(ask, ...edits, tone, comment, more);
  toolbar(bar, () => {
    dismissed = true;
    hide();
    view.focus();
  });

  /** What needs no assistant, so it can be done while one is busy too. */
  const always = (): MenuItem[] => {
    const { from, to } = view.state.selection.main;
    const lock = actions.locked() ? "Unlock the paragraph" : "Lock the paragraph";
    const comment = isNarrow() ? [{ label: "Comment…", run: then(() => actions.comment()) }] : [];
    return [...comment, { label: lock, run: then(() => actions.lock()) }, { label: "Who wrote this", run: then(() => actions.whoWrote(from, to)) }];
  };

  const here = (): boolean => view.hasFocus || bar.contains(document.activeElement) || document.activeElement?.closest(".menu") != null;
  const wanted = (): boolean => {
    const { main } = view.state.selection;
    return !dismissed && !pressed && !view.state.readOnly && here() && view.state.sliceDoc(main.from, main.to).trim() !== "";
  };

  function hide(): void {
    bar.hidden = true;
    area.classList.remove("selecting");
  }

  function show(): void {
    if (!wanted()) return hide();
    for (const one of bar.querySelectorAll("button")) one.disabled = !actions.ready() && one !== ask && one !== comment && one !== more;
    bar.hidden = false;
    area.classList.add("selecting");
    if (!isNarrow()) place();
  }

  function place(): void {
    const { main } = view.state.selection;
    view.requestMeasure({
      key: "selection-bar",
      read: () => ({ start: view.coordsAtPos(main.from, 1), end: view.coordsAtPos(main.to, -1), frame: area.getBoundingClientRect(), text: view.scrollDOM.getBoundingClientRect(), size: bar.getBoundingClientRect() }),
      write: ({ start, end, frame, text, size }) => {
        const top = topOf(start, end, text, size.height);
        if (top === null) return void (bar.style.visibility = "hidden");
        const left = Math.min(Math.max((start ?? end ?? text).left, text.left + GAP), text.right - size.width - 2 * GAP);
        bar.style.visibility = "";
        bar.style.left = `${left - frame.left}px`;
        bar.style.top = `${top - frame.top}px`;
      },
    });
  }

  view.contentDOM.addEventListener("pointerdown", ({ pointerType }) => {
    pressed = pointerType === "mouse";
    if (pressed) hide();
  });
  window.addEventListener("pointerup", () => {
    if (!pressed) return;
    pressed = false;
    setTimeout(show);
  });
  view.scrollDOM.addEventListener("scroll", () => !bar.hidden && !isNarrow() && place());
  window.addEventListener("resize", () => !bar.hidden && show());
  for (const place of [view.contentDOM, bar]) place.addEventListener("focusout", () => setTimeout(() => here() || hide()));
  view.contentDOM.addEventListener("focus", () => setTimeout(show, REST));
  view.contentDOM.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || bar.hidden) return;
    dismissed = true;
    hide();
    event.preventDefault();
  });

  return {
    moved() {
      clearTimeout(timer);
      dismissed = false;
      if (view.state.selection.main.empty) return hide();
      if (bar.hidden) timer = window.setTimeout(show, REST);
      else show();
    },
  };
}

/** Above the selection, else below it, else (both ends out of sight) at the upper edge; null when it is not to be seen. */
function topOf(start: Rect | null, end: Rect | null, text: DOMRect, height: number): number | null {
  if (start && start.top - height - GAP > text.top && start.top < text.bottom) return start.top - height - GAP;
  if (end && end.bottom + height + GAP < text.bottom && end.bottom > text.top) return end.bottom + GAP;
  const covers = (!start || start.top <= text.top + height + GAP) && (!end || end.bottom >= text.bottom - height - GAP);
  return covers ? text.top + GAP : null;
}
