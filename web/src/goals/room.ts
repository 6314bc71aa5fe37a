// The live side of a conversation: hears that something changed, who types, who is here, who has read; says the same.

import { backoff } from "../sync/backoff.js";
import type { Person, Receipt } from "./wire.js";

const POLL = 15_000;
const TYPING_EVERY = 2_000;

export interface RoomListener {
  /** Something changed or may have been missed: look. `message` is one whose files may have changed besides. */
  changed(message?: string): void;
  /** Its people, goal or state changed. */
  conversation(): void;
  typing(person: Person, seconds: number): void;
  seen(receipt: Receipt): void;
  present(people: Person[]): void;
  /** This person began a message here, on whatever page. */
  drafted(replyTo: string | null): void;
  /** This person has no business here any more. */
  gone(): void;
}

interface Hint {
  conversation?: string;
  message?: string;
  change?: string;
  gone?: boolean;
  resync?: boolean;
  seq?: number;
  typing?: { conversation: string; person: Person; seconds: number };
  seen?: Receipt & { conversation: string };
  drafted?: { conversation: string; reply_to_id: string | null };
  presence?: { conversation: string; people: Person[] };
  error?: { code: string };
}

export class Room {
  private socket: WebSocket | null = null;
  private failures = 0;
  private retry = 0;
  private closed = false;
  private typed = 0;
  private readonly poll: number;

  constructor(private readonly id: string, private readonly listener: RoomListener) {
    this.poll = window.setInterval(() => {
      if (!this.connected && document.visibilityState === "visible") this.listener.changed();
    }, POLL);
    window.addEventListener("online", () => this.wake());
    window.addEventListener("pagehide", () => this.close());
    window.addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      this.closed = false;
      this.wake();
    });
    this.connect();
  }

  get connected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  wake(): void {
    clearTimeout(this.retry);
    this.connect();
  }

  private connect(): void {
    if (this.closed || this.socket) return;
    const address = new URL("/api/live", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.failures = 0;
      this.send({ subscribe: [this.id] });
    });
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string") this.hear(JSON.parse(data) as Hint);
    });
    socket.addEventListener("close", () => {
      this.socket = null;
      this.failures += 1;
      this.listener.present([]);
      if (!this.closed) this.retry = window.setTimeout(() => this.connect(), backoff(this.failures, Math.random));
    });
  }

  private hear(hint: Hint): void {
    const { listener } = this;
    if (hint.typing) listener.typing(hint.typing.person, hint.typing.seconds);
    else if (hint.seen) listener.seen(hint.seen);
    else if (hint.presence) listener.present(hint.presence.people);
    else if (hint.drafted) listener.drafted(hint.drafted.reply_to_id);
    else if (hint.gone || hint.error?.code === "not_found") listener.gone();
    else if (hint.change === "conversation") listener.conversation();
    // The answer to `subscribe` comes this way too: what happened before it is asked for.
    else if (hint.resync || hint.conversation === this.id) listener.changed(hint.change === "updated" ? hint.message : undefined);
  }

  typing(): void {
    const now = Date.now();
    if (now - this.typed < TYPING_EVERY) return;
    this.typed = now;
    this.send({ typing: this.id });
  }

  /** True when it is on its way. */
  seen(position: number): boolean {
    return this.send({ seen: { conversation: this.id, position } });
  }

  private send(signal: object): boolean {
    if (!this.connected) return false;
    this.socket?.send(JSON.stringify(signal));
    return true;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.socket?.close();
  }

  end(): void {
    clearInterval(this.poll);
    this.close();
  }
}
