// A plain text control and the prose below it: what is typed becomes change sets, what others write moves around the
// caret. While an input method composes, the control is left alone; what comes in meanwhile is put in when it is done.

import { ChangeSet, type Text } from "@codemirror/state";
import { replacement, storable } from "../sync/codepoints.js";
import { toText } from "../sync/replica.js";
import { isTypedEarly, writeText } from "./controls.js";

type TextControl = HTMLInputElement | HTMLTextAreaElement;

export interface ProseLinks {
  /** `before` is the text the changes start from. */
  typed(changes: ChangeSet, before: Text): void;
  /** The text as it should be on the screen. */
  text(): Text;
}

export class Prose {
  private written: string;
  /** What others changed and the control does not show yet; counts in `written`. */
  private missed: ChangeSet | null = null;
  private composing = false;

  constructor(private readonly control: TextControl, private readonly links: ProseLinks, signal: AbortSignal) {
    this.written = links.text().toString();
    if (isTypedEarly(control)) this.takeEarly(control.defaultValue);
    else writeText(control, this.written);
    control.addEventListener("input", () => this.read(), { signal });
    control.addEventListener("compositionstart", () => (this.composing = true), { signal });
    control.addEventListener("compositionend", () => {
      this.composing = false;
      this.read();
      this.show();
    }, { signal });
  }

  /** Words typed on what the page was delivered with: the text here may be another by now. */
  private takeEarly(served: string): void {
    this.missed = ChangeSet.of(replacement(served, this.written), served.length);
    this.written = served;
    this.read();
    this.show();
  }

  private read(): void {
    const now = storable(this.control.value);
    if (now === this.written) return;
    const typed = ChangeSet.of(replacement(this.written, now), this.written.length);
    const before = this.links.text();
    this.written = now;
    if (this.missed === null) return this.links.typed(typed, before);
    const ours = typed.map(this.missed);
    this.missed = this.missed.map(typed, true);
    this.links.typed(ours, before);
  }

  /** Somebody else changed the text that was on the screen. */
  remote(changes: ChangeSet): void {
    this.missed = this.missed?.compose(changes) ?? changes;
    if (!this.composing) this.show();
  }

  private show(): void {
    const { control, missed } = this;
    this.missed = null;
    if (missed === null) return;
    const { selectionStart, selectionEnd, selectionDirection, scrollTop } = control;
    const focused = document.activeElement === control;
    this.written = missed.apply(toText(this.written)).toString();
    control.value = this.written;
    if (focused && selectionStart !== null && selectionEnd !== null) {
      control.setSelectionRange(missed.mapPos(selectionStart, -1), missed.mapPos(selectionEnd, -1), selectionDirection ?? "none");
    }
    control.scrollTop = scrollTop;
    // Screen and session disagree only if something went wrong; the session is what is saved.
    const right = this.links.text().toString();
    if (this.written !== right) control.value = this.written = right;
  }
}
