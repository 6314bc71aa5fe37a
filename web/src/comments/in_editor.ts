// Comments beside the editor: their passages marked in the text, a passage chosen by selecting it.

import { EditorView } from "@codemirror/view";
import { isNarrow } from "../common/dom.js";
import { toast } from "../common/toast.js";
import { track, trackedDone, trackedPassage } from "../editor/tracked.js";
import type { Session } from "../sync/session.js";
import { chooseMark, marksOf, setMarks } from "./marks.js";
import { CommentPanel } from "./panel.js";
import { marksOnScreen, openThreads } from "./places.js";
import type { Threads } from "./wire.js";

const LOOK_AGAIN = 1_200;
/** Stands for the passage that is about to be commented on. */
const NEXT = "comment";

export class EditorComments {
  readonly panel: CommentPanel;
  private threads: Threads | null = null;
  private timer = 0;

  constructor(draftId: string, private readonly session: Session, private readonly view: EditorView, opened: () => void) {
    this.panel = new CommentPanel(draftId, {
      show: (threads) => void this.show(threads),
      goTo: (id) => this.goTo(id),
      opened,
    });
    view.contentDOM.addEventListener("click", ({ target }) => {
      const id = target instanceof Element ? target.closest<HTMLElement>("[data-comment]")?.dataset["comment"] : undefined;
      // On a phone it would cover what somebody is about to change.
      if (id !== undefined && (this.panel.isOpen || !isNarrow())) this.panel.choose(id, true);
    });
  }

  /** The text changed: a passage may be gone, or back. */
  changed(): void {
    if (this.threads === null || this.threads.items.length === 0) return;
    const marked = marksOf(this.view.state).length;
    if (marked === openThreads(this.threads).length && !this.threads.items.some(({ gone }) => gone)) return;
    this.lookAgain();
  }

  private lookAgain(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.panel.refresh(), LOOK_AGAIN);
  }

  private async show(threads: Threads): Promise<void> {
    this.threads = threads;
    const marks = await marksOnScreen(this.session, threads);
    if (marks === null) return this.lookAgain();
    this.view.dispatch({ effects: setMarks.of(marks) });
  }

  private goTo(id: string | null): void {
    const { view } = this;
    const mark = marksOf(view.state).find((one) => one.id === id);
    const seen = view.hasFocus || mark === undefined;
    view.dispatch({ effects: chooseMark.of(mark?.id ?? null) });
    if (!seen) view.dispatch({ effects: EditorView.scrollIntoView(mark.from, isNarrow() ? { y: "start", yMargin: 32 } : { y: "center" }) });
  }

  /** Comments on what is selected. */
  async begin(): Promise<void> {
    const { from, to } = this.view.state.selection.main;
    if (this.view.state.sliceDoc(from, to).trim() === "") return void toast("Select the words you want to comment on first.");
    // While the last words are saved, the passage may come to lie elsewhere.
    this.view.dispatch({ effects: track.of({ id: NEXT, range: [from, to], mark: "attached" }) });
    const done = (): void => this.view.dispatch({ effects: trackedDone.of(NEXT) });
    try {
      await this.session.settled();
    } catch {
      done();
      return void toast("Your latest words are not saved yet, so this has to wait. Nothing is lost.");
    }
    const [start, end] = trackedPassage(this.view.state, NEXT)?.range ?? [from, to];
    this.panel.begin({ from: start, to: end, seq: this.session.seq, quote: this.view.state.sliceDoc(start, end) }, done);
  }
}
