// A thread beside the stream: the message, its replies, and a composer of its own. On a phone it covers the stream.

import { Problem } from "../common/api.js";
import { byId, h, icon, isNarrow } from "../common/dom.js";
import { count } from "../common/format.js";
import { Composer } from "./composer.js";
import { WindowedRows } from "../windowing/windowed_rows.js";
import type { MessageActs } from "./message_view.js";
import type { Outbox } from "./outgoing.js";
import { pendingElement, type StreamLinks } from "./stream.js";
import { threadRows, ThreadRows, type ThreadRow } from "./thread_rows.js";
import { asFields, thread, type Message, type MessageDraft, type MessageType } from "./wire.js";

interface Links {
  conversation: string;
  types: MessageType[];
  acts: MessageActs;
  outbox: Outbox;
  drafts: MessageDraft[];
  pending: Pick<StreamLinks, "retry" | "takeBack">;
  typing(): void;
  /** Shows a message where it stands in the stream. */
  show(message: Message): void;
}

export class ThreadPanel {
  private readonly panel = byId("thread");
  private root: Message | null = null;
  private replies: Message[] = [];
  private composer: Composer | null = null;
  /** What the person writes in this conversation, as it was last heard of. */
  drafts: MessageDraft[];
  private rows: WindowedRows<ThreadRow> | null = null;
  private readonly failed = h("div");
  private readonly waiting = h("div", { class: "stream-pending" });
  private from: HTMLElement | null = null;
  /** Replies that are shown as on their way. */
  private sending = new Set<string>();

  constructor(private readonly links: Links) {
    this.drafts = links.drafts;
    // Right after sending nothing has the focus for a moment: the key is still meant for the thread.
    document.addEventListener("keydown", (event) => {
      const here = event.target === document.body || this.panel.contains(event.target as Node);
      if (event.key !== "Escape" || event.defaultPrevented || this.root === null || !here) return;
      event.preventDefault();
      this.close();
    });
  }

  get rootId(): string | null {
    return this.root?.id ?? null;
  }

  /** `reply`: shows this one of its replies. */
  async open(message: Message, write: boolean, reply: string | null = null): Promise<void> {
    const other = this.root?.id !== message.id;
    if (other) {
      this.composer?.close();
      this.from = document.activeElement as HTMLElement | null;
      this.root = message;
      this.replies = message.replies.latest;
      this.build(message);
    }
    this.focus(write);
    if (other) await this.load();
    if (reply !== null && this.root?.id === message.id) this.showReply(reply);
  }

  private showReply(id: string): void {
    this.rows?.reveal(id, 8);
    this.rows?.element(id)?.focus({ preventScroll: true });
  }

  /** At once, before anything is loaded: a focus that moves while somebody types takes their keys. */
  private focus(write: boolean): void {
    if (write && this.composer) this.composer.focus();
    else this.panel.querySelector<HTMLElement>("#close-thread")?.focus();
  }

  private build(message: Message): void {
    const place = h("div", { class: "thread-composer" });
    const list = h("div", { class: "thread-log", role: "log", "aria-label": "Replies", "aria-live": "off" });
    const body = h("div", { class: "thread-body" }, list, this.failed, this.waiting);
    const rows = (this.rows = new WindowedRows(body, list, new ThreadRows(list, Object.create(this.links.acts, { thread: { value: null } }) as MessageActs)));
    body.addEventListener("scroll", () => rows.scrolled(), { passive: true });
    this.failed.replaceChildren();
    this.sending.clear();
    this.panel.replaceChildren(
      h("div", { class: "thread-head" }, h("h2", {}, "Thread"), h("span", { class: "hint", id: "thread-count" }), h("span", { class: "grow" }), h("button", { type: "button", class: "button small quiet", id: "show-root", onclick: () => this.showRoot() }, "Go to message"), h("button", { type: "button", class: "icon-button", id: "close-thread", "aria-label": "Close the thread", onclick: () => this.close() }, icon("close"))),
      body,
      place,
    );
    this.panel.hidden = false;
    byId("talk").classList.add("with-thread");
    if (this.links.acts.mayWrite) {
      const draft = this.drafts.find(({ reply_to_id }) => reply_to_id === message.id);
      this.composer = new Composer({
        place, conversation: this.links.conversation, replyTo: message.id, types: this.links.types,
        draft: draft ? asFields(this.links.conversation, draft) : null, outbox: this.links.outbox, typing: this.links.typing,
      });
    }
    this.draw();
  }

  private async load(): Promise<void> {
    const root = this.root;
    if (!root) return;
    try {
      const items: Message[] = [];
      for (let after: string | null = "0"; after !== null; ) {
        const page = await thread(root.id, after);
        items.push(...page.items);
        if (this.root?.id !== root.id) return;
        this.root = page.root;
        after = page.next;
      }
      this.replies = items;
      this.failed.replaceChildren();
      this.draw();
    } catch (error) {
      const again = h("button", { type: "button", class: "button small", onclick: () => void this.load() }, "Try again");
      this.failed.replaceChildren(h("p", { class: "notice bad" }, h("span", { class: "grow" }, error instanceof Problem ? error.message : "The thread could not be loaded."), again));
      this.rows?.moved();
      if (!(error instanceof Problem)) throw error;
    }
  }

  /** Something changed that may be of this thread. */
  take(items: Message[]): void {
    const { root } = this;
    if (!root) return;
    const mine = items.filter(({ id, reply_to_id }) => id === root.id || reply_to_id === root.id);
    if (mine.length === 0) return;
    const known = new Map(this.replies.map((reply) => [reply.id, reply]));
    for (const item of mine) {
      if (item.id === root.id) this.root = item;
      else known.set(item.id, item);
    }
    this.replies = [...known.values()].sort((a, b) => a.position - b.position);
    this.draw();
  }

  has(id: string): boolean {
    return this.replies.some((reply) => reply.id === id);
  }
  composerOf(root: string): Composer | null {
    return this.root?.id === root ? this.composer : null;
  }
  wake(): void {
    this.composer?.wake();
  }
  resume(): void {
    this.composer?.resume();
  }

  pending(): void {
    const items = this.links.outbox.list().filter(({ reply_to_id }) => reply_to_id === this.root?.id);
    this.waiting.replaceChildren(...items.map((item) => pendingElement(item, this.links.outbox.waiting, this.links.pending)));
    const fresh = items.some(({ id }) => !this.sending.has(id));
    this.sending = new Set(items.map(({ id }) => id));
    if (fresh) this.rows?.toEnd();
  }

  private draw(): void {
    if (!this.root) return;
    this.rows?.show(threadRows(this.root, this.replies));
    const living = this.replies.filter(({ deleted_at }) => deleted_at === null).length;
    const counter = this.panel.querySelector("#thread-count");
    if (counter) counter.textContent = living === 0 ? "No replies yet" : count(living, "reply", "replies");
    this.pending();
  }

  private showRoot(): void {
    const { root } = this;
    if (isNarrow()) this.close();
    if (root) this.links.show(root);
  }

  close(): void {
    this.composer?.close();
    this.composer = null;
    this.rows = null;
    this.root = null;
    this.panel.hidden = true;
    this.panel.replaceChildren();
    byId("talk").classList.remove("with-thread");
    if (this.from?.isConnected && !isNarrow()) this.from.focus();
  }
}
