// The stream of a conversation on the screen: rows are kept in step with what is known, older ones are fetched on the
// way up without the page jumping, and whoever reads at the end stays there.

import { Problem } from "../common/api.js";
import { byId, h, icon } from "../common/dom.js";
import { count, day, time } from "../common/format.js";
import { arrange, seenBy, type History, type Row } from "./history.js";
import { messageElement, type MessageActs } from "./message_view.js";
import type { Outgoing } from "./outgoing.js";
import type { Message, Receipt } from "./wire.js";

const NEAR_END = 80;

export interface StreamLinks {
  acts: MessageActs;
  me: string;
  older(before: string): Promise<{ messages: Message[]; next: string | null }>;
  /** The end is on the screen. */
  atEnd(): void;
  retry(id: string): void;
  takeBack(item: Outgoing): void;
}

export class Stream {
  private readonly box = byId("stream");
  private readonly top = byId("stream-top");
  private readonly log = byId("log");
  private readonly waiting = byId("pending");
  private readonly toEnd = byId<HTMLButtonElement>("to-end");
  private readonly shown = new Map<string, { element: HTMLElement; stamp: string }>();
  private loading = false;
  private missed = 0;
  selecting: Set<string> | null = null;

  constructor(
    private readonly history: History,
    private next: string | null,
    private unreadAfter: number | null,
    private readonly links: StreamLinks,
  ) {
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.toEnd.addEventListener("click", () => this.goToEnd());
    this.log.addEventListener("keydown", (event) => this.key(event));
    // What grows at the end (a picture that loads, the keyboard that opens) must not push it out of sight.
    new ResizeObserver(() => {
      if (this.followed) this.box.scrollTop = this.box.scrollHeight;
    }).observe(this.box);
  }

  private followed = true;

  get isAtEnd(): boolean {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_END;
  }

  /** The first sight: at the first unread message, else at the end. */
  start(): void {
    this.draw();
    const line = this.log.querySelector<HTMLElement>(".unread-line");
    if (line && line.offsetTop < this.box.scrollHeight - this.box.clientHeight) {
      this.followed = false;
      this.box.scrollTop = line.offsetTop - 72;
    } else this.goToEnd();
    this.scrolled();
  }

  /** Brings the screen in step. `fresh` are messages nobody here has seen before. */
  draw(fresh: Message[] = []): void {
    const follow = this.followed || fresh.some(({ mine }) => mine);
    const rows = arrange(this.history.list(), this.unreadAfter);
    const keep = new Set(rows.map(({ key }) => key));
    for (const [key, { element }] of this.shown) {
      if (keep.has(key)) continue;
      element.remove();
      this.shown.delete(key);
    }
    let before: Element | null = null;
    for (const row of rows) {
      const element = this.element(row);
      const place: Element | null = before === null ? this.log.firstElementChild : before.nextElementSibling;
      if (place !== element) this.log.insertBefore(element, place);
      before = element;
    }
    this.showTop(rows.length);
    if (follow) this.goToEnd();
    else {
      this.missed += fresh.filter(({ mine, reply_to_id }) => !mine && reply_to_id === null).length;
      this.scrolled();
    }
  }

  private element(row: Row): HTMLElement {
    const stamp = row.kind === "message" ? this.stamp(row.message, row.first) : row.kind === "unread" ? String(row.count) : "";
    const known = this.shown.get(row.key);
    if (known?.stamp === stamp) return known.element;
    const element = this.made(row);
    if (known) known.element.replaceWith(element);
    this.shown.set(row.key, { element, stamp });
    return element;
  }

  /** All that a message's element shows; while it is the same, the element stays. */
  private stamp({ id, changed_seq, replies, attachments }: Message, first: boolean): string {
    const files = attachments.map((file) => `${file.id}${file.state}`);
    return JSON.stringify([changed_seq, first, replies.count, replies.latest.at(-1)?.changed_seq, files, this.selecting?.has(id), this.links.acts.mayWrite]);
  }

  private made(row: Row): HTMLElement {
    if (row.kind === "day") return h("div", { class: "day-line", role: "separator" }, h("span", {}, day(row.at)));
    if (row.kind === "unread") return h("div", { class: "unread-line", role: "separator" }, h("span", {}, count(row.count, "new message")));
    const element = messageElement(row.message, row.first, this.links.acts);
    if (this.selecting && row.message.deleted_at === null) element.prepend(this.tick(row.message));
    return element;
  }

  private tick(message: Message): HTMLElement {
    const box = h("input", { type: "checkbox", "aria-label": `Select the message of ${message.sender.name}, ${time(message.created_at)}` });
    box.checked = this.selecting?.has(message.id) ?? false;
    box.addEventListener("change", () => this.links.acts.select(message));
    return h("label", { class: "msg-tick" }, box);
  }

  /** Says below one's last message who has seen it. */
  receipts(receipts: Receipt[]): void {
    this.log.querySelector(".receipt")?.remove();
    const seen = seenBy(this.history.list(), receipts, this.links.me);
    if (!seen) return;
    const said = seen.people.length === 0 ? "Sent" : `Seen by ${seen.people.map(({ person, read_at }) => `${person.name} ${day(read_at) === "Today" ? "" : `${day(read_at)} `}${time(read_at)}`).join(", ")}`;
    const line = h("p", { class: `receipt${seen.people.length > 0 ? " seen" : ""}` }, icon("check"), said);
    this.shown.get(seen.id)?.element.append(line);
    if (this.followed) this.box.scrollTop = this.box.scrollHeight;
  }

  /** Messages on their way. */
  pending(items: readonly Outgoing[], waiting: boolean): void {
    this.waiting.replaceChildren(...items.filter(({ reply_to_id }) => reply_to_id === null).map((item) => pendingElement(item, waiting, this.links)));
    if (items.length > 0) this.goToEnd();
  }

  goToEnd(): void {
    this.followed = true;
    this.missed = 0;
    this.box.scrollTop = this.box.scrollHeight;
    this.toEnd.hidden = true;
  }

  private scrolled(): void {
    this.followed = this.isAtEnd;
    if (this.followed) {
      this.missed = 0;
      this.links.atEnd();
    }
    this.toEnd.hidden = this.followed;
    const label = this.toEnd.querySelector("span");
    if (label) label.textContent = this.missed > 0 ? count(this.missed, "new message") : "Latest";
    if (this.box.scrollTop < 400) void this.loadOlder();
  }

  async loadOlder(): Promise<void> {
    if (this.loading || this.next === null) return;
    this.loading = true;
    this.log.setAttribute("aria-busy", "true");
    try {
      const page = await this.links.older(this.next);
      this.next = page.next;
      const { scrollHeight, scrollTop } = this.box;
      this.history.add(page.messages);
      this.followed = false;
      this.draw();
      this.box.scrollTop = scrollTop + this.box.scrollHeight - scrollHeight;
    } catch (error) {
      this.top.replaceChildren(h("p", { class: "notice bad" }, error instanceof Problem ? error.message : "Older messages could not be loaded.", h("button", { type: "button", class: "button small", onclick: () => void this.loadOlder() }, "Try again")));
    } finally {
      this.loading = false;
      this.log.removeAttribute("aria-busy");
    }
  }

  private showTop(rows: number): void {
    if (this.next !== null) return this.top.replaceChildren(h("p", { class: "hint" }, "Earlier messages load as you scroll up."));
    this.top.replaceChildren(
      rows === 0
        ? h("div", { class: "empty" }, h("p", { class: "empty-title" }, "Nothing said yet"), h("p", {}, "Write the first message below. What you write is kept as a draft until you send it."))
        : h("p", { class: "hint" }, "This is where the conversation begins."),
    );
  }

  /** J and K, or the arrows, walk through the messages. */
  private key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
    const step = steps[event.key];
    const here = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>(".msg") : null;
    if (step === undefined || here === null || event.target !== here) return;
    const all = [...this.log.querySelectorAll<HTMLElement>(".msg")];
    all[all.indexOf(here) + step]?.focus();
    event.preventDefault();
  }

  focusLast(): void {
    [...this.log.querySelectorAll<HTMLElement>(".msg")].at(-1)?.focus();
  }

  /** The unread line goes once the person has taken up the conversation. */
  settleLine(): void {
    if (this.unreadAfter === null) return;
    this.unreadAfter = null;
    this.draw();
  }

  unreadFrom(position: number): void {
    this.unreadAfter = position - 1;
    this.draw();
  }
}

export function pendingElement(item: Outgoing, waiting: boolean, links: Pick<StreamLinks, "retry" | "takeBack">): HTMLElement {
  const words = h("div", { class: "msg-words plain" }, item.content);
  const line = h("p", { class: "receipt" });
  if (item.refused !== null) {
    line.classList.add("refused");
    line.append(
      icon("warn"),
      `Not sent: ${item.refused} `,
      h("button", { type: "button", class: "link", onclick: () => links.retry(item.id) }, "Try again"),
      h("button", { type: "button", class: "link", onclick: () => links.takeBack(item) }, "Back to writing"),
    );
  } else line.append(waiting || !navigator.onLine ? "Kept on this device; it is sent when the server can be reached." : "Sending…");
  return h("article", { class: "msg mine sending first", "aria-label": "Message on its way" }, h("div", { class: "msg-body" }, words), line);
}
