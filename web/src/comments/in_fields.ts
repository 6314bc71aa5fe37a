// Comments beside a text in a plain field: a passage is chosen by selecting it there, and shown by selecting it.

import { byId, isNarrow } from "../common/dom.js";
import { toast } from "../common/toast.js";
import type { Session } from "../sync/session.js";
import { CommentPanel } from "./panel.js";
import type { Threads } from "./wire.js";

export function commentsInField(draftId: string, session: Session, text: HTMLTextAreaElement): CommentPanel {
  let threads: Threads | null = null;
  let shown: string | null = null;
  const button = byId<HTMLButtonElement>("comment-passage");
  const panel = new CommentPanel(draftId, {
    show: (now) => {
      threads = now;
      button.hidden = !now.may_write;
    },
    goTo: (id, pressed) => {
      if (id === shown && !pressed) return;
      shown = id;
      const thread = threads?.items.find((one) => one.id === id);
      // Places hold for one position of the log only.
      if (!threads || !thread || thread.from === null || thread.to === null || session.seq !== threads.seq) return;
      const place = session.rangeOnScreen(thread.from, thread.to);
      if (place === null || document.activeElement === text) return;
      show(text, place);
      // A selection is seen in the field that has the focus only.
      if (pressed) text.focus({ preventScroll: true });
    },
    opened: () => undefined,
  });
  // A press would take the focus, and on some phones the selection with it.
  button.addEventListener("pointerdown", (event) => event.preventDefault());
  button.addEventListener("click", () => void begin());

  async function begin(): Promise<void> {
    try {
      await session.settled();
    } catch {
      return void toast("Your latest words are not saved yet, so this has to wait. Nothing is lost.");
    }
    const { selectionStart, selectionEnd, value } = text;
    const quote = value.slice(selectionStart, selectionEnd);
    if (quote.trim() === "") {
      toast("Select the words you want to comment on first.");
      return text.focus();
    }
    panel.begin({ from: selectionStart, to: selectionEnd, seq: session.seq, quote });
  }
  return panel;
}

/** Selects a passage and brings it into the middle, without taking the focus. */
function show(text: HTMLTextAreaElement, [from, to]: [number, number]): void {
  text.setSelectionRange(from, to);
  const { value } = text;
  // As tall as the text up to the passage, measured in a twin of the field.
  const twin = text.cloneNode() as HTMLTextAreaElement;
  twin.removeAttribute("id");
  twin.removeAttribute("data-field");
  twin.setAttribute("aria-hidden", "true");
  twin.rows = 1;
  Object.assign(twin.style, { position: "absolute", visibility: "hidden", height: "0", minHeight: "0", width: `${text.offsetWidth}px`, overflow: "hidden" });
  twin.value = value.slice(0, from);
  text.after(twin);
  const top = twin.scrollHeight;
  twin.remove();
  text.scrollTop = Math.max(0, top - text.clientHeight / 2);
  const frame = text.getBoundingClientRect();
  const at = frame.top + top - text.scrollTop;
  // On a phone the comments cover the lower part.
  const [wanted, last] = isNarrow() ? [140, 220] : [innerHeight / 2, innerHeight - 80];
  if (at < 80 || at > last) scrollBy({ top: at - wanted });
}
