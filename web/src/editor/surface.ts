// The writing surface: CodeMirror set up for prose, joined to the sync session.

import { defaultKeymap, history, historyKeymap, isolateHistory } from "@codemirror/commands";
import { markdownKeymap, markdownLanguage } from "@codemirror/lang-markdown";
import { LanguageSupport } from "@codemirror/language";
import { search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Transaction, type ChangeSet, type Extension, type Text } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { clearModelWords, insertedRanges, markModelWords, modelWords } from "./by_model.js";
import { contest, contestedPassages, contestedPlace, settleContest } from "./contested.js";
import { formattingKeys } from "./formatting.js";
import { ghostField, setGhost, type Ghost } from "./ghost.js";
import { livePreview } from "./live_preview.js";
import { fromServer, storableInput } from "./storable_input.js";
import { commentMarks } from "../comments/marks.js";
import { hunkDrawing } from "../proposals/drawing.js";
import { hunkField, sinceBegun } from "../proposals/hunks.js";
import { lockField } from "../proposals/locks.js";
import { track, trackedDone, trackedPassage, trackedPassages } from "./tracked.js";

const ATTACHED = "attached";
const SHOW_MODEL_WORDS = 12_000;
/** Pixels from the end of the page within which it follows what is being written. */
const FOLLOW = 160;

export interface SurfaceListener {
  typed(changes: ChangeSet, before: Text): void;
  changed(): void;
  selected(from: number, to: number): void;
}

export class Surface {
  readonly view: EditorView;
  private readonly readOnly = new Compartment();
  private clearing = 0;

  constructor(parent: HTMLElement, text: Text, nonce: string, listener: SurfaceListener) {
    const extensions: Extension[] = [
      history(),
      search({ top: true }),
      keymap.of([...formattingKeys, ...markdownKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap]),
      new LanguageSupport(markdownLanguage),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ spellcheck: "true", autocapitalize: "sentences", autocorrect: "on", "aria-label": "Text of the draft", tabindex: "0" }),
      ...(nonce ? [EditorView.cspNonce.of(nonce)] : []),
      placeholder("Start writing, or ask for a first draft."),
      this.readOnly.of([]),
      storableInput,
      livePreview,
      modelWords,
      contestedPassages,
      trackedPassages,
      ghostField,
      hunkField,
      sinceBegun,
      hunkDrawing,
      lockField,
      commentMarks,
      EditorView.updateListener.of((update) => {
        for (const transaction of update.transactions) {
          if (transaction.docChanged && !transaction.annotation(fromServer)) listener.typed(transaction.changes, transaction.startState.doc);
        }
        if (update.docChanged) listener.changed();
        if (update.selectionSet || update.docChanged) {
          const { from, to } = update.state.selection.main;
          listener.selected(from, to);
        }
      }),
    ];
    this.view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
  }

  get text(): Text {
    return this.view.state.doc;
  }

  /** A change made elsewhere. `byModel`: mark what it wrote. Only what this writer asked for is the writer's to undo, as one step. */
  remote(changes: ChangeSet, byModel: boolean, undoable = false): void {
    const effects = byModel ? [markModelWords.of(insertedRanges(changes))] : [];
    const history = undoable ? [isolateHistory.of("full")] : [Transaction.addToHistory.of(false), Transaction.remote.of(true)];
    this.view.dispatch({ changes, effects, annotations: [fromServer.of(true), ...history] });
    if (!byModel) return;
    clearTimeout(this.clearing);
    this.clearing = window.setTimeout(() => this.view.dispatch({ effects: clearModelWords.of(null) }), SHOW_MODEL_WORDS);
  }

  /** Last resort when screen and session disagree: show what the session holds. */
  replace(text: Text): void {
    this.view.dispatch({ changes: { from: 0, to: this.text.length, insert: text }, annotations: [fromServer.of(true), Transaction.addToHistory.of(false)] });
  }

  /** Shows what a model is writing; the page follows it while the reader is at the end. */
  ghost(ghost: Ghost | null): void {
    const { scrollDOM } = this.view;
    const atEnd = ghost !== null && scrollDOM.scrollHeight - scrollDOM.scrollTop - scrollDOM.clientHeight < FOLLOW;
    this.view.dispatch({ effects: setGhost.of(ghost) });
    if (atEnd) scrollDOM.scrollTop = scrollDOM.scrollHeight;
  }

  /** Marks a passage that waits for a decision; without a range the mark goes. */
  contested(id: string, range: [number, number] | null): void {
    const effect = range && range[1] > range[0] ? contest.of({ id, from: range[0], to: range[1] }) : settleContest.of({ id });
    this.view.dispatch({ effects: effect });
  }

  /** Brings a contested passage into view and selects it; false when it is not in the text any more. */
  showContested(id: string): boolean {
    const place = contestedPlace(this.view.state, id);
    if (place === null) return false;
    this.select(...place);
    this.view.focus();
    return true;
  }

  /** Follows the passage that turn `id` may change (null: the whole text), and marks it until `workedOn`. */
  workOn(id: string, range: [number, number] | null, busy: boolean): void {
    this.view.dispatch({ effects: track.of({ id, range, mark: busy ? "busy" : null }) });
  }

  /** Shows which words go with the next message, also while the cursor is in it. */
  attach(range: [number, number] | null): void {
    const before = this.passageOf(ATTACHED) ?? null;
    if (before?.[0] === range?.[0] && before?.[1] === range?.[1]) return;
    this.view.dispatch({ effects: track.of({ id: ATTACHED, range, mark: "attached" }) });
  }

  workedOn(id: string): void {
    this.view.dispatch({ effects: trackedDone.of(id) });
  }

  /** The passage turn `id` was limited to, as it lies now; undefined when this page does not know. */
  passageOf(id: string): [number, number] | null | undefined {
    return trackedPassage(this.view.state, id)?.range;
  }

  /** Brings into view where the ghost appears. */
  showGhost(): void {
    const { ghost } = this.view.state.field(ghostField);
    this.view.dispatch({ effects: EditorView.scrollIntoView(ghost?.at ?? this.text.length, { y: "center" }) });
  }

  lock(locked: boolean): void {
    this.view.dispatch({ effects: this.readOnly.reconfigure(locked ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : []) });
  }

  insertAtCursor(text: string): void {
    const { main } = this.view.state.selection;
    const line = this.text.lineAt(main.to);
    const at = line.length > 0 && main.to === line.to ? `\n\n${text}` : text;
    this.view.dispatch({ changes: { from: main.to, insert: at }, selection: { anchor: main.to + at.length }, scrollIntoView: true, userEvent: "input" });
    this.view.focus();
  }

  focus(): void {
    this.view.focus();
  }

  select(from: number, to: number): void {
    const limit = this.text.length;
    this.view.dispatch({ selection: { anchor: Math.min(from, limit), head: Math.min(to, limit) }, scrollIntoView: true });
  }
}
