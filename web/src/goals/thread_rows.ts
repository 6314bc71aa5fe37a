// How the rows of a thread look: the message it hangs on, a line, the replies.

import { h } from "../common/dom.js";
import type { RowLooks } from "../windowing/windowed_rows.js";
import { isBeingEdited } from "./editing.js";
import { messageElement, type MessageActs } from "./message_view.js";
import { guessHeight } from "./stream_rows.js";
import type { Message } from "./wire.js";

export type ThreadRow = { key: string; message: Message | null };

export const threadRows = (root: Message, replies: readonly Message[]): ThreadRow[] => [root, null, ...replies].map((message) => ({ key: message?.id ?? "line", message }));

export class ThreadRows implements RowLooks<ThreadRow> {
  constructor(
    private readonly list: HTMLElement,
    private readonly acts: MessageActs,
  ) {}

  guess({ message }: ThreadRow): number {
    return message === null ? 21 : guessHeight(message, this.list.clientWidth, true);
  }

  stamp({ message }: ThreadRow): string {
    return message === null ? "" : JSON.stringify([message.changed_seq, message.attachments.map(({ id, state }) => [id, state]), this.acts.mayWrite]);
  }

  make({ message }: ThreadRow): HTMLElement {
    if (message === null) return h("div", { class: "thread-rule", role: "separator" });
    const element = messageElement(message, true, this.acts);
    // The message above may be in the stream's hands.
    if (message.reply_to_id !== null && isBeingEdited(message.id)) this.acts.edit(message, element, false);
    return element;
  }

  placed(): void {}

  holds({ message }: ThreadRow): boolean {
    return message !== null;
  }

  always(): string[] {
    return [];
  }
}
