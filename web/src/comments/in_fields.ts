// Comments beside a text in a plain field: their passages marked behind it, a passage chosen by selecting it.

import { byId, isNarrow } from "../common/dom.js";
import { toast } from "../common/toast.js";
import type { Session } from "../sync/session.js";
import { FieldMarks } from "./field_marks.js";
import { CommentPanel } from "./panel.js";
import { marksOnScreen, openThreads } from "./places.js";
import type { Threads } from "./wire.js";

const LOOK_AGAIN = 1_200;

export class FieldComments {
  readonly panel: CommentPanel;
  private readonly marks: FieldMarks;
  private readonly button = byId<HTMLButtonElement>("comment-passage");
  private threads: Threads | null = null;
  private timer = 0;

  constructor(draftId: string, private readonly session: Session, private readonly text: HTMLTextAreaElement) {
    this.marks = new FieldMarks(text, byId("shared-marks"));
    this.panel = new CommentPanel(draftId, {
      show: (threads) => void this.show(threads),
      goTo: (id, pressed) => this.goTo(id, pressed),
      opened: () => undefined,
    });
    // A press would take the focus, and on some phones the selection with it.
    this.button.addEventListener("pointerdown", (event) => event.preventDefault());
    this.button.addEventListener("click", () => void this.begin());
    text.addEventListener("input", () => this.changed());
    text.addEventListener("click", () => this.pressed());
  }

  /** The text may have changed, here or elsewhere: a passage may be gone, or back. */
  changed(): void {
    if (!this.marks.changed() || this.threads === null || this.threads.items.length === 0) return;
    if (this.marks.count !== openThreads(this.threads).length || this.threads.items.some(({ gone }) => gone)) this.lookAgain();
  }

  private lookAgain(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.panel.refresh(), LOOK_AGAIN);
  }

  private async show(threads: Threads): Promise<void> {
    this.threads = threads;
    this.button.hidden = !threads.may_write;
    const marks = await marksOnScreen(this.session, threads);
    if (marks === null) return this.lookAgain();
    this.marks.set(marks);
  }

  private goTo(id: string | null, pressed: boolean): void {
    this.marks.choose(id);
    const mark = this.marks.find(id);
    if (mark === undefined || document.activeElement === this.text) return;
    this.bringIntoSight(mark.from);
    if (!pressed) return;
    this.text.setSelectionRange(mark.from, mark.to);
    this.text.focus({ preventScroll: true });
  }

  private bringIntoSight(position: number): void {
    const { text } = this;
    const top = this.marks.heightOf(position);
    text.scrollTop = Math.max(0, top - text.clientHeight / 2);
    const at = text.getBoundingClientRect().top + top - text.scrollTop;
    // On a phone the comments cover the lower part.
    const [wanted, last] = isNarrow() ? [140, 220] : [innerHeight / 2, innerHeight - 80];
    if (at < 80 || at > last) scrollBy({ top: at - wanted });
  }

  /** A press on a marked passage shows what is said; on a phone it would cover what somebody is about to change. */
  private pressed(): void {
    const { selectionStart, selectionEnd, readOnly } = this.text;
    const mark = selectionStart === selectionEnd ? this.marks.at(selectionStart) : undefined;
    if (mark !== undefined && (this.panel.isOpen || readOnly || !isNarrow())) this.panel.choose(mark.id, true);
  }

  private async begin(): Promise<void> {
    try {
      await this.session.settled();
    } catch {
      return void toast("Your latest words are not saved yet, so this has to wait. Nothing is lost.");
    }
    const { selectionStart, selectionEnd, value } = this.text;
    const quote = value.slice(selectionStart, selectionEnd);
    if (quote.trim() === "") {
      toast("Select the words you want to comment on first.");
      return this.text.focus();
    }
    this.panel.begin({ from: selectionStart, to: selectionEnd, seq: this.session.seq, quote });
  }
}
