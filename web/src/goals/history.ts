// The messages a page knows, in their order, and how they are laid out: days, the unread line, groups. No DOM.

import type { Changes, Conversation, Message, Receipt } from "./wire.js";

export type Row =
  | { kind: "day"; key: string; at: string }
  /** `count` is null where not all that is unread is loaded. */
  | { kind: "unread"; key: string; count: number | null }
  | { kind: "message"; key: string; message: Message; first: boolean };

const TOGETHER = 5 * 60_000;
/** So many messages are known at once; beyond that those furthest from what is read are forgotten, `SLACK` at a time. */
const MOST = 2_000;
const SLACK = 200;
/** So many of the latest are kept wherever one reads, so that the end is there without asking. */
const LATEST = 100;
const MOST_TRIES = 3;

/**
 * A part of a conversation without gaps, as `list` gives it, and apart from it the latest messages. What lies between is not
 * known, and is asked for when the part grows towards it.
 */
export class History {
  private readonly messages = new Map<string, Message>();
  private readonly known = new Set<string>();
  private sorted: Message[] | null = null;
  /** The part reaches from one position to another, to the end while `to` is infinite. The latest begin at `latestFrom`. */
  private from = 0;
  private to = Infinity;
  private latestFrom = 0;
  /** How often another part was gone to: what was asked for an earlier one is of no use any more. */
  part = 0;
  seq: number;
  /** Whether there are messages before the first one of the part. */
  older = false;

  constructor(messages: Message[], seq: number, older = false) {
    this.seq = seq;
    this.add(messages, older);
  }

  /** The top-level messages of the part, oldest first. */
  list(): readonly Message[] {
    return (this.sorted ??= this.between(this.from, this.to));
  }
  /** The last messages of the conversation that are known, oldest first. */
  latest(): readonly Message[] {
    return this.newer ? this.between(this.latestFrom, Infinity) : this.list();
  }
  private between(from: number, to: number): Message[] {
    return [...this.messages.values()].filter(({ position }) => position >= from && position <= to).sort((a, b) => a.position - b.position);
  }
  /** Whether there are messages behind the last one of the part. */
  get newer(): boolean {
    return this.to !== Infinity;
  }
  find(id: string): Message | undefined {
    return this.messages.get(id);
  }
  /** Whether the message stands in the part. */
  shows(id: string): boolean {
    const position = this.messages.get(id)?.position;
    return position !== undefined && position >= this.from && position <= this.to;
  }
  /** The last position anybody could have read, replies included. */
  get last(): number {
    return this.lastPosition;
  }
  private lastPosition = 0;

  /** A page of older messages, or the first one; `more` says whether there are others before them. */
  add(messages: Message[], more = false): void {
    this.store(messages);
    this.older = more;
    if (messages.length > 0) this.from = Math.min(...messages.map(({ position }) => position));
  }

  /** A page of later messages; `more` says whether there are others behind them. */
  addNewer(messages: Message[], more: boolean): void {
    this.store(messages);
    this.reach(messages, more);
  }

  /** The part is another one from now on. */
  goTo(messages: Message[], older: boolean, newer: boolean): void {
    this.latestFrom = beginningOf(this.latest());
    this.store(messages);
    this.part += 1;
    this.older = older;
    this.from = messages[0]?.position ?? 0;
    this.reach(messages, newer);
    this.forget();
  }

  /** The part is the end of the conversation from now on. */
  goToEnd(): void {
    if (!this.newer) return;
    this.part += 1;
    this.older = true;
    this.from = this.latestFrom;
    this.to = Infinity;
    this.forget();
  }

  private reach(messages: Message[], more: boolean): void {
    const last = messages.at(-1)?.position ?? this.to;
    this.to = !more || last >= this.latestFrom ? Infinity : last;
    this.sorted = null;
  }

  /** Forgets what is beyond the most that is kept, at the end of the part that is further away. */
  trim(end: "oldest" | "latest"): void {
    const list = this.list();
    if (list.length <= MOST + SLACK) return;
    if (end === "oldest") {
      this.from = list[list.length - MOST]?.position ?? this.from;
      this.older = true;
    } else {
      if (!this.newer) this.latestFrom = beginningOf(list);
      this.to = list[MOST - 1]?.position ?? this.to;
    }
    this.forget();
  }

  private forget(): void {
    for (const [id, { position, replies }] of this.messages) {
      if ((position >= this.from && position <= this.to) || (this.newer && position >= this.latestFrom)) continue;
      this.messages.delete(id);
      for (const reply of replies.latest) this.known.delete(reply.id);
    }
    this.sorted = null;
  }

  private store(messages: Message[]): void {
    this.sorted = null;
    for (const message of messages) {
      this.messages.set(message.id, newest(this.messages.get(message.id), message));
      this.lastPosition = Math.max(this.lastPosition, message.position, ...message.replies.latest.map(({ position }) => position));
      for (const reply of message.replies.latest) this.known.add(reply.id);
    }
  }

  /** What changed since; answers of one's own requests come this way too. Gives the messages nobody here has seen yet. */
  take(items: Message[], upTo?: number): Message[] {
    const fresh: Message[] = [];
    for (const item of items) {
      this.lastPosition = Math.max(this.lastPosition, item.position);
      if (item.reply_to_id !== null) {
        if (this.reply(item)) fresh.push(item);
        continue;
      }
      // Changes of messages that are not known are read when these are.
      if (!this.messages.has(item.id) && !this.reaches(item.position)) continue;
      if (!this.messages.has(item.id)) fresh.push(item);
      this.messages.set(item.id, newest(this.messages.get(item.id), item));
    }
    this.sorted = null;
    if (this.newer && this.latest().length > LATEST + SLACK) {
      this.latestFrom = beginningOf(this.latest());
      this.forget();
    }
    if (upTo !== undefined) this.seq = Math.max(this.seq, upTo);
    return fresh;
  }

  private reaches(position: number): boolean {
    return (position >= this.from && position <= this.to) || (this.newer && position >= this.latestFrom);
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

/** Where the latest of these messages begin. */
const beginningOf = (messages: readonly Message[]): number => (messages.at(-LATEST) ?? messages[0])?.position ?? 0;

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

/**
 * Lays messages out. `unreadAfter` is how far the person had read when the page opened; null shows no line. `ends` says
 * whether messages before the first and behind the last one are missing: then the line may belong elsewhere, or not all that
 * is unread can be counted.
 */
export function arrange(messages: readonly Message[], unreadAfter: number | null, ends = { older: false, newer: false }): Row[] {
  const rows: Row[] = [];
  let before: Message | null = null;
  let lined = unreadAfter === null;
  for (const message of messages) {
    const newDay = before === null || dayOf(before.created_at) !== dayOf(message.created_at);
    if (newDay) rows.push({ kind: "day", key: `day-${dayOf(message.created_at)}`, at: message.created_at });
    const line = !lined && !message.mine && message.position > (unreadAfter ?? 0);
    const certain = !ends.older || (messages[0]?.position ?? 0) <= (unreadAfter ?? 0);
    if (line && !certain && ends.newer) lined = true;
    else if (line) {
      const count = !certain || ends.newer ? null : messages.filter((other) => !other.mine && other.deleted_at === null && other.position >= message.position).length;
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
export function seenBy(messages: readonly Message[], receipts: Receipt[], me: string): Seen | null {
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

/** Asks for messages again when they were read before the last change that is known: they would bring back what was so then. */
export async function upToDate(history: { readonly seq: number }, ask: () => Promise<Conversation>): Promise<Conversation> {
  for (let tries = 1; ; tries += 1) {
    const page = await ask();
    if (page.seq >= history.seq || tries === MOST_TRIES) return page;
  }
}
