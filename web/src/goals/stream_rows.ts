// How the rows of the stream look: days, the line above what is unread, messages with what hangs on them.

import { h, icon } from "../common/dom.js";
import { count, day, time } from "../common/format.js";
import type { RowLooks } from "../windowing/windowed_rows.js";
import { isBeingEdited } from "./editing.js";
import type { History, Row, Seen } from "./history.js";
import { messageElement, type MessageActs } from "./message_view.js";
import { mounts } from "./mounts.js";
import type { Message } from "./wire.js";

/** Pixels, roughly: what is wrong is put right once a row is drawn. */
const LINE = 26;
const LETTER = 8;

/** Of a message without what hangs on it; `first`: with its head. */
export function guessHeight({ content, attachments }: Message, width: number, first: boolean): number {
  const perLine = Math.max(20, (width - 60) / LETTER);
  const lines = content.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / perLine)), 0);
  const files = attachments.length === 0 ? 0 : attachments.some((file) => file.width !== null) ? 200 : 50;
  return lines * LINE + 6 + (first ? 28 : 0) + files;
}

export class StreamRows implements RowLooks<Row> {
  selecting: Set<string> | null = null;
  private said: { id: string; line: HTMLElement } | null = null;
  private ordinals = new Map<string, number>();

  constructor(
    private readonly log: HTMLElement,
    private readonly history: History,
    private readonly acts: MessageActs,
  ) {}

  /** Which message is the how-manieth of those loaded. */
  order(rows: readonly Row[]): void {
    this.ordinals = new Map();
    for (const row of rows) if (row.kind === "message") this.ordinals.set(row.key, this.ordinals.size + 1);
  }

  guess(row: Row): number {
    if (row.kind !== "message") return 45;
    return guessHeight(row.message, this.log.clientWidth, row.first) + (row.message.replies.count > 0 ? 38 : 0);
  }

  stamp(row: Row): string {
    if (row.kind === "unread") return String(row.count);
    if (row.kind === "day") return day(row.at);
    const { id, changed_seq, replies, attachments } = row.message;
    const files = attachments.map((file) => `${file.id}${file.state}`);
    return JSON.stringify([changed_seq, row.first, replies.count, replies.latest.at(-1)?.changed_seq, files, this.selecting?.has(id), this.acts.mayWrite, mounts.message !== undefined]);
  }

  make(row: Row): HTMLElement {
    if (row.kind === "day") return h("div", { class: "day-line", role: "separator" }, h("span", {}, day(row.at)));
    if (row.kind === "unread") return h("div", { class: "unread-line", role: "separator" }, h("span", {}, row.count === null ? "New messages" : count(row.count, "new message")));
    const { message } = row;
    const element = messageElement(message, row.first, this.acts);
    if (this.selecting && message.deleted_at === null) element.prepend(this.tick(message));
    if (isBeingEdited(message.id)) this.acts.edit(message, element, false);
    return element;
  }

  placed(element: HTMLElement, row: Row): void {
    if (row.kind !== "message") return;
    const whole = !this.history.older && !this.history.newer;
    element.setAttribute("aria-posinset", String(this.ordinals.get(row.key) ?? 1));
    element.setAttribute("aria-setsize", whole ? String(this.ordinals.size) : "-1");
    if (this.said?.id === row.key && this.said.line.parentElement !== element) element.append(this.said.line);
  }

  /** The first one loaded may lose its head once it is known what comes before it. */
  holds(row: Row): boolean {
    return row.kind === "message" && !(this.history.older && this.ordinals.get(row.key) === 1);
  }

  always(): string[] {
    return ["unread"];
  }

  /** Says below one's last message who has seen it. */
  say(seen: Seen | null, on: HTMLElement | undefined): void {
    this.said?.line.remove();
    this.said = null;
    if (!seen) return;
    const words = seen.people.length === 0 ? "Sent" : `Seen by ${seen.people.map(({ person, read_at }) => `${person.name} ${day(read_at) === "Today" ? "" : `${day(read_at)} `}${time(read_at)}`).join(", ")}`;
    this.said = { id: seen.id, line: h("p", { class: `receipt${seen.people.length > 0 ? " seen" : ""}` }, icon("check"), words) };
    on?.append(this.said.line);
  }

  private tick(message: Message): HTMLElement {
    const box = h("input", { type: "checkbox", "aria-label": `Select the message of ${message.sender.name}, ${time(message.created_at)}` });
    box.checked = this.selecting?.has(message.id) ?? false;
    box.addEventListener("change", () => this.acts.select(message));
    return h("label", { class: "msg-tick" }, box);
  }
}
