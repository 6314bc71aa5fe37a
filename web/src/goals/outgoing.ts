// Messages on their way: kept on the device until the server has them, sent in their order, each once.

import { api, Problem } from "../common/api.js";
import { recall, remember } from "../common/kept.js";
import { drain } from "../sync/boot.js";
import { browserSurroundings, deviceStore } from "../sync/browser.js";
import { ownership } from "../sync/ownership.js";
import { talkPath, type Message, type MessageType } from "./wire.js";

export interface Outgoing {
  /** The draft that becomes the message; or the id it will have. */
  id: string;
  /** Whether the draft is on the server. One that was begun without a network is sent whole. */
  drafted: boolean;
  content: string;
  message_type: MessageType;
  target_date: string | null;
  reply_to_id: string | null;
  at: string;
  /** Why the server will not have it, once it said so. */
  refused: string | null;
}

/** The page's own hold on the words of a draft that is on its way. */
export interface Settling {
  settled(): Promise<void>;
  close(): void;
}

interface Links {
  account: string;
  conversation: string;
  /** The list changed: something was added, sent or refused. */
  changed(): void;
  sent(message: Message): void;
}

export class Outbox {
  private items: Outgoing[];
  private busy = false;
  private again = false;
  private readonly owners = ownership();
  private readonly claimed = new Set<string>();
  private readonly arrived = new Set<string>();
  private readonly taken: Set<string>;
  private readonly settling = new Map<string, Settling>();
  private readonly key: string;
  waiting = false;

  constructor(private readonly links: Links) {
    this.key = `outgoing.${links.account}.${links.conversation}`;
    this.items = read(this.key);
    this.taken = new Set(this.items.map(({ id }) => id));
    window.addEventListener("online", () => void this.send());
  }

  /** What the conversation does not show yet. */
  list(): readonly Outgoing[] {
    return this.items.filter(({ id }) => !this.arrived.has(id));
  }

  /** The conversation shows these messages: word of one may come before the answer to its sending. */
  shown(messages: readonly Message[]): void {
    const there = this.items.filter((item) => messages.some(({ id }) => id === item.id));
    if (there.length === 0) return;
    for (const { id, refused } of there) {
      this.arrived.add(id);
      if (refused !== null) this.remove(id);
    }
    this.links.changed();
  }

  /** Whether this page has sent this message, or is about to. */
  took(id: string): boolean {
    return this.taken.has(id);
  }

  add(item: Outgoing, settling: Settling | null): void {
    this.taken.add(item.id);
    this.items.push(item);
    if (settling) this.settling.set(item.id, settling);
    this.keep();
    void this.send();
  }

  /** The person takes a message back that could not be sent. */
  takeBack(id: string): void {
    this.taken.delete(id);
    this.remove(id);
  }

  private remove(id: string): void {
    this.items = this.items.filter((item) => item.id !== id);
    this.settling.get(id)?.close();
    this.settling.delete(id);
    this.keep();
  }

  retry(id: string): void {
    const item = this.items.find((other) => other.id === id);
    if (item) item.refused = null;
    this.keep();
    void this.send();
  }

  /** Sends what waits, the oldest first; what was refused blocks nothing. */
  async send(): Promise<void> {
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.again) {
        this.again = false;
        for (let item = this.next(); item; item = this.next()) {
          if (!(await this.deliver(item))) break;
        }
      }
    } finally {
      this.busy = false;
    }
  }

  private next(): Outgoing | undefined {
    return this.items.find(({ refused }) => refused === null);
  }

  private async deliver(item: Outgoing): Promise<boolean> {
    try {
      const message = item.drafted ? await this.publish(item) : await this.post(item);
      this.waiting = false;
      this.remove(item.id);
      this.links.sent(message);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 0 || error.status >= 500 || error.status === 429 || error.status === 401) {
        this.waiting = true;
        this.links.changed();
        return false;
      }
      item.refused = error.message;
      this.keep();
      return true;
    }
  }

  /** Whatever of its words is still on the device goes first. */
  private async publish(item: Outgoing): Promise<Message> {
    if (!(await this.isSaved(item.id))) throw new Problem(0, "unsent", "Its words are not saved yet.");
    await api("POST", `/api/drafts/${item.id}/submit`);
    return api("GET", `/api/messages/${item.id}`);
  }

  private async isSaved(id: string): Promise<boolean> {
    const settling = this.settling.get(id);
    if (!settling) return this.drained(id);
    return settling.settled().then(
      () => true,
      // Submitted already, by a try whose answer was lost: it takes no words any more, and has them all.
      (error: unknown) => error instanceof Error && error.message === "closed",
    );
  }

  /** Sends what a dead page left of a draft. What another page holds, that page sends. */
  private async drained(id: string): Promise<boolean> {
    const store = await deviceStore(this.links.account);
    const records = (await store?.leftovers(id).catch(() => [])) ?? [];
    for (const record of records.filter(({ empty }) => !empty)) {
      if (!this.claimed.has(record.replica) && !(await this.owners.claim(record.replica))) return false;
      this.claimed.add(record.replica);
      if (!(await drain(record, browserSurroundings(id, store)))) return false;
    }
    return true;
  }

  private post({ id, content, message_type, target_date, reply_to_id }: Outgoing): Promise<Message> {
    return api("POST", `${talkPath(this.links.conversation)}/messages`, { id, content, message_type, target_date, reply_to_id });
  }

  private keep(): void {
    remember(this.key, this.items.length > 0 ? JSON.stringify(this.items) : null);
    this.links.changed();
  }
}

function read(key: string): Outgoing[] {
  try {
    return JSON.parse(recall(key) ?? "[]") as Outgoing[];
  } catch {
    return [];
  }
}
