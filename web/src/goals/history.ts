// The messages a page knows, in their order, and how they are laid out: days, the unread line, groups. No DOM.

import type { Changes, Message, Receipt } from "./wire.js";

export type Row =
  | { kind: "day"; key: string; at: string }
  | { kind: "unread"; key: string; count: number }
  | { kind: "message"; key: string; message: Message; first: boolean };

const TOGETHER = 5 * 60_000;

export class History {
  private readonly messages = new Map<string, Message>();
  private readonly known = new Set<string>();
  seq: number;

  constructor(messages: Message[], seq: number) {
    this.seq = seq;
    this.add(messages);
  }

  /** Top-level messages, oldest first. */
  list(): Message[] {
    return [...this.messages.values()].sort((a, b) => a.position - b.position);
  }
  find(id: string): Message | undefined {
    return this.messages.get(id);
  }
  /** The last position anybody could have read, replies included. */
  get last(): number {
    return this.lastPosition;
  }
  private lastPosition = 0;

  /** A page of older messages, or the first one. */
  add(messages: Message[]): void {
    for (const message of messages) {
      this.messages.set(message.id, newest(this.messages.get(message.id), message));
      this.lastPosition = Math.max(this.lastPosition, message.position, ...message.replies.latest.map(({ position }) => position));
      for (const reply of message.replies.latest) this.known.add(reply.id);
    }
  }

  /** What changed since; answers of one's own requests come this way too. Gives the messages nobody here has seen yet. */
  take(items: Message[], upTo?: number): Message[] {
    const fresh: Message[] = [];
    // A page that holds only the latest messages leaves changes of older ones to be read when they are shown.
    const oldest = this.messages.size === 0 ? 0 : Math.min(...[...this.messages.values()].map(({ position }) => position));
    for (const item of items) {
      this.lastPosition = Math.max(this.lastPosition, item.position);
      if (item.reply_to_id !== null) {
        if (this.reply(item)) fresh.push(item);
        continue;
      }
      if (!this.messages.has(item.id) && item.position < oldest) continue;
      if (!this.messages.has(item.id)) fresh.push(item);
      this.messages.set(item.id, newest(this.messages.get(item.id), item));
    }
    if (upTo !== undefined) this.seq = Math.max(this.seq, upTo);
    return fresh;
  }

  /** A reply appears, or goes, below the message it answers. */
  private reply(reply: Message): boolean {
    const fresh = !this.known.has(reply.id);
    const root = reply.reply_to_id === null ? undefined : this.messages.get(reply.reply_to_id);
    if (!root) return fresh && reply.deleted_at === null;
    const without = root.replies.latest.filter(({ id }) => id !== reply.id);
    const was = without.length < root.replies.latest.length || this.known.has(reply.id);
    const gone = reply.deleted_at !== null;
    if (gone) this.known.delete(reply.id);
    else this.known.add(reply.id);
    const count = root.replies.count + (gone ? (was ? -1 : 0) : was ? 0 : 1);
    const latest = gone ? without : [...without, reply].sort((a, b) => a.position - b.position).slice(-3);
    this.messages.set(root.id, { ...root, replies: { count: Math.max(count, latest.length), latest } });
    return fresh && !gone;
  }
}

/** The later of two states of a message. What comes without replies does not take them away. */
function newest(known: Message | undefined, found: Message): Message {
  if (known === undefined) return found;
  const latest = found.changed_seq >= known.changed_seq ? found : known;
  const replies = found.replies.latest.length > 0 || found.replies.count === 0 && known.replies.count === 0 ? found.replies : known.replies;
  return { ...latest, replies };
}

const dayOf = (at: string): string => {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
};

/** Lays messages out. `unreadAfter` is how far the person had read when the page opened; null shows no line. */
export function arrange(messages: Message[], unreadAfter: number | null): Row[] {
  const rows: Row[] = [];
  let before: Message | null = null;
  let lined = unreadAfter === null;
  for (const message of messages) {
    const newDay = before === null || dayOf(before.created_at) !== dayOf(message.created_at);
    if (newDay) rows.push({ kind: "day", key: `day-${dayOf(message.created_at)}`, at: message.created_at });
    const line = !lined && !message.mine && message.position > (unreadAfter ?? 0);
    if (line) {
      const count = messages.filter((other) => !other.mine && other.deleted_at === null && other.position >= message.position).length;
      rows.push({ kind: "unread", key: "unread", count });
      lined = true;
    }
    rows.push({ kind: "message", key: message.id, message, first: newDay || line || !together(before, message) });
    before = message;
  }
  return rows;
}

function together(before: Message | null, message: Message): boolean {
  if (before === null || before.sender.id !== message.sender.id || before.message_type !== message.message_type) return false;
  if (before.replies.count > 0 || before.deleted_at !== null || before.target_date !== message.target_date) return false;
  return new Date(message.created_at).getTime() - new Date(before.created_at).getTime() < TOGETHER;
}

export interface Seen {
  /** The last message of one's own, or of those given. */
  id: string;
  people: Receipt[];
}

/** The person's own last message, and who has read it. Null when they have said nothing. */
export function seenBy(messages: Message[], receipts: Receipt[], me: string): Seen | null {
  const own = messages.filter((message) => message.mine && message.deleted_at === null).at(-1);
  if (!own) return null;
  return { id: own.id, people: receipts.filter(({ person, position }) => person.id !== me && position >= own.position) };
}

export function mergeReceipts(known: Receipt[], found: Receipt[]): Receipt[] {
  const all = new Map(known.map((receipt) => [receipt.person.id, receipt]));
  for (const receipt of found) {
    if ((all.get(receipt.person.id)?.position ?? -1) <= receipt.position) all.set(receipt.person.id, receipt);
  }
  return [...all.values()];
}

/** Everything since `seq`, page by page. */
export async function catchUp(after: number, ask: (after: number) => Promise<Changes>): Promise<Changes> {
  const items: Message[] = [];
  for (let seq = after; ; ) {
    const page = await ask(seq);
    items.push(...page.items);
    if (!page.more) return { ...page, items };
    seq = page.seq;
  }
}
