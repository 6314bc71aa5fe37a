// Moves one replica: keeps it on the device, sends it, fetches what others did. No DOM; network, storage and time are
// handed in. Rules: on the device before on the wire; one command under way; nothing refused ever blocks the rest.

import type { ChangeSet, Text } from "@codemirror/state";
import { backoff } from "./backoff.js";
import { recordKey, toBase, toRecord, type DeviceStore } from "./device_store.js";
import { alreadyIn, applyEvent, freeze, insertedText, isEmpty, isSynced, jump, renamed, screenText, screenTitle, settle, thaw, titled, typed, Unreadable, withdraw, type Flying, type Replica, type Step } from "./replica.js";
import { PAUSE, describe, isClosed, type ParkedWords, type SyncStatus, type Trouble } from "./status.js";
import { Refusal, type Answer, type DraftEvent, type Transport } from "./wire.js";

/** What a page hears from its session. Called after the session's own state has changed. */
export interface Screen {
  remote(changes: ChangeSet, event: DraftEvent | null): void;
  title(title: string): void;
  event(event: DraftEvent): void;
  status(status: SyncStatus): void;
  parked(words: ParkedWords): void;
}

export interface Surroundings {
  transport: Transport;
  store: DeviceStore | null;
  screen: Screen;
  newId(): string;
  now(): number;
  random(): number;
  later(run: () => void, milliseconds: number): number;
  cancel(timer: number): void;
}

/** Above this many missed events a snapshot is cheaper than replaying. */
const REPLAY_LIMIT = 4_000;
const RENAME_LIMIT = 3;

export class Session {
  private onDevice: Replica | null = null;
  private writing: Promise<void> | null = null;
  private storageFails = false;
  private busy = false;
  private again = false;
  private leaving = false;
  private closed = false;
  private due = false;
  private held = false;
  private trouble: Trouble | null = null;
  private failures = 0;
  private renames = 0;
  private notBefore = 0;
  private hint = 0;
  private firstTyped: number | null = null;
  private debounce: number | null = null;
  private retry: number | null = null;
  private savedAt: number | null = null;
  private waiters: (() => void)[] = [];
  private parkedWords: ParkedWords[] = [];

  constructor(
    readonly draftId: string,
    private replica: Replica,
    private readonly around: Surroundings,
  ) {}

  get seq(): number {
    return this.replica.seq;
  }
  get synced(): boolean {
    return isSynced(this.replica);
  }
  text(): Text {
    return screenText(this.replica);
  }
  title(): string {
    return screenTitle(this.replica);
  }
  status(): SyncStatus {
    return describe({
      synced: this.synced,
      sending: this.busy,
      trouble: this.trouble,
      parked: this.parkedWords.length,
      stored: this.stored,
      savedAt: this.savedAt,
    });
  }

  /** The person changed the text; `before` is the text the changes start from. */
  typed(changes: ChangeSet, before: Text): void {
    this.replica = typed(this.replica, changes, before);
    this.changed();
  }

  retitled(title: string): void {
    this.replica = titled(this.replica, title);
    this.changed();
  }

  private changed(): void {
    this.held = false;
    if (this.trouble === "too-large") this.trouble = null;
    void this.keep();
    const now = this.around.now();
    this.firstTyped ??= now;
    if (this.debounce !== null) this.around.cancel(this.debounce);
    const wait = Math.max(0, Math.min(PAUSE.quiet, this.firstTyped + PAUSE.longest - now));
    this.debounce = this.around.later(() => this.flush(), wait);
    this.report();
  }

  /** Sends what is there without waiting for a pause. */
  flush(): void {
    if (this.debounce !== null) this.around.cancel(this.debounce);
    this.debounce = null;
    this.firstTyped = null;
    this.due = true;
    void this.pump();
  }

  /** The page may die any moment. Sends at once what the device already holds under the same number, so that a
   *  second sending after a reload is recognised by the server. */
  leave(): void {
    this.leaving = true;
    const repeatable = this.onDevice === this.replica || !this.stored;
    if (this.busy || this.replica.flying !== null || isEmpty(this.replica.buffer) || !repeatable || this.held) return this.flush();
    this.replica = freeze(this.replica);
    void this.keep();
    this.busy = true;
    void this.deliver((this.replica.flying as Flying | null)!.command).finally(() => {
      this.busy = false;
      void this.pump();
    });
  }

  /** Somebody says the draft has reached `seq`. */
  hinted(seq: number): void {
    if (seq > this.hint) this.hint = seq;
    if (this.hint > this.replica.seq) void this.pump();
  }

  /** Look again now: the network came back, the person signed in, the page is visible again. */
  wake(): void {
    if (this.trouble !== null && isClosed(this.trouble)) return;
    this.notBefore = 0;
    this.held = false;
    this.leaving = false;
    this.hint = Math.max(this.hint, this.replica.seq + 1);
    this.due = true;
    void this.pump();
  }

  /** The browser lost its network. */
  lost(): void {
    this.trouble ??= "offline";
    this.report();
  }

  close(): void {
    this.closed = true;
    for (const timer of [this.debounce, this.retry]) if (timer !== null) this.around.cancel(timer);
  }

  /** The person has dealt with words that could not be saved. */
  letGo(words: ParkedWords): void {
    this.parkedWords = this.parkedWords.filter(({ id }) => id !== words.id);
    void this.around.store?.unpark(words.id).catch(() => undefined);
    this.report();
  }

  /** Resolves once the page has taken in event `seq`, or cannot get there now. */
  reach(seq: number): Promise<void> {
    this.hinted(seq);
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.replica.seq >= seq || this.trouble !== null || this.closed) resolve();
        else this.waiters.push(look);
      };
      look();
    });
  }

  /** Resolves when everything is acknowledged; rejects when something stands in the way. */
  settled(): Promise<void> {
    this.flush();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.synced) return resolve();
        if (this.trouble !== null || this.closed) return reject(new Error(this.trouble ?? "closed"));
        this.waiters.push(look);
      };
      look();
    });
  }

  /** Writes the present state to the device; resolves when it is there or storage has failed. */
  keep(): Promise<void> {
    const { store } = this.around;
    if (store === null || this.onDevice === this.replica) return Promise.resolve();
    this.writing ??= this.write(store);
    return this.writing;
  }

  private async write(store: DeviceStore): Promise<void> {
    const { now } = this.around;
    const failedBefore = this.storageFails;
    try {
      while (this.onDevice !== this.replica) {
        const present = this.replica;
        const moved = this.onDevice?.seq !== present.seq || this.onDevice.text !== present.text;
        await store.save(toRecord(this.draftId, present, now()), moved ? toBase(this.draftId, present, now()) : null);
        this.onDevice = present;
        this.storageFails = false;
      }
    } catch {
      // An old record would be sent again after a reload; none is safer than a wrong one.
      this.onDevice = null;
      this.storageFails = true;
      await store.remove(recordKey(this.draftId, this.replica.id)).catch(() => undefined);
    } finally {
      this.writing = null;
    }
    if (this.storageFails !== failedBefore) this.report();
  }

  private get stored(): boolean {
    return this.around.store !== null && !this.storageFails;
  }

  private async pump(): Promise<void> {
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.again && !this.closed && this.around.now() >= this.notBefore) {
        this.again = false;
        if (await this.advance()) this.again = true;
        this.report();
      }
    } finally {
      this.busy = false;
      this.report();
    }
  }

  /** One exchange with the server; false when there is nothing to do or nothing can be done now. */
  private async advance(): Promise<boolean> {
    if (this.trouble !== null && isClosed(this.trouble)) return false;
    if (this.replica.flying === null && this.due && !this.held) {
      this.replica = freeze(this.replica);
      this.due = false;
    }
    if (this.replica.flying !== null) {
      await this.keep();
      return this.replica.flying === null || this.deliver(this.replica.flying.command);
    }
    return this.hint > this.replica.seq && this.pull();
  }

  private async deliver(command: Flying["command"]): Promise<boolean> {
    let answer: Answer;
    try {
      answer = await this.around.transport.send(command, { leaving: this.leaving });
    } catch {
      return this.failed("offline", null);
    }
    if (answer.kind === "refused") return this.refused(answer);
    this.worked();
    this.renames = 0;
    this.savedAt = this.around.now();
    try {
      await this.replay(answer.events);
    } catch (error) {
      return this.readFailed(error);
    }
    if (answer.seq > this.replica.seq) {
      this.hint = Math.max(this.hint, answer.seq);
      if (!(await this.pull())) return false;
    }
    if (this.replica.flying?.command === command) this.show(alreadyIn(this.replica), null);
    void this.keep();
    return true;
  }

  private async refused(answer: Extract<Answer, { kind: "refused" }>): Promise<boolean> {
    const { status, code } = answer;
    if (status === 401) return this.failed("sign-in", PAUSE.signIn);
    if (status === 403 && code === "csrf") return this.failed("sign-in", PAUSE.signIn);
    if (status === 408 || status === 425 || status === 429 || status >= 500) {
      return this.failed("server", answer.retryAfter === null ? null : answer.retryAfter * 1_000);
    }
    this.worked();
    if (status === 413) {
      this.replica = thaw(this.replica);
      this.held = true;
      this.trouble = "too-large";
      void this.keep();
      return false;
    }
    if (code === "replica_fork") return this.forked(answer.detail || code);
    if (code === "replica_gap" || code === "unknown_seq") return this.restart(answer.detail || code);
    if (status === 404 || status === 410 || code === "draft_closed") {
      await this.park(answer.detail || code, true);
      this.trouble = status === 409 ? "closed" : "gone";
      return false;
    }
    await this.park(answer.detail || code, false);
    this.due = true;
    return true;
  }

  /** The server holds another command under this number: a later one of the same page. Its event replaces ours. */
  private async forked(reason: string): Promise<boolean> {
    const disputed = this.replica.flying?.command;
    this.hint = Math.max(this.hint, this.replica.seq + 1);
    if (!(await this.pull())) return false;
    if (this.replica.flying?.command === disputed) await this.park(reason, false);
    return true;
  }

  /** The server no longer knows our past (a restored backup): stand on what it has, under a new name. */
  private async restart(reason: string): Promise<boolean> {
    this.renames += 1;
    if (this.renames > RENAME_LIMIT) {
      this.renames = 0;
      await this.park(reason, false);
      return true;
    }
    try {
      this.show(settle(this.replica, await this.around.transport.snapshot()), null);
    } catch (error) {
      return this.readFailed(error);
    }
    this.replica = renamed(this.replica, this.around.newId());
    this.due = true;
    return true;
  }

  private async park(reason: string, everything: boolean): Promise<void> {
    const { flying, buffer } = this.replica;
    if (flying === null && isEmpty(buffer)) return;
    const changes = flying === null ? buffer.changes : everything ? flying.changes.compose(buffer.changes) : flying.changes;
    const words: ParkedWords = {
      id: this.around.newId(),
      draftId: this.draftId,
      reason,
      inserted: insertedText(changes),
      text: this.text().toString(),
      at: this.around.now(),
    };
    this.parkedWords.push(words);
    await this.around.store?.park(words).catch(() => (this.storageFails = true));
    if (!everything) this.show(withdraw(this.replica), null);
    else await this.forget();
    this.around.screen.parked(words);
  }

  private async forget(): Promise<void> {
    await this.keep();
    await this.around.store?.remove(recordKey(this.draftId, this.replica.id)).catch(() => undefined);
  }

  /** Fetches and takes in what the log has beyond us; false when the server could not be read. */
  private async pull(): Promise<boolean> {
    const { transport } = this.around;
    try {
      for (;;) {
        const { items, head } = await transport.events(this.replica.seq);
        if (head - this.replica.seq > REPLAY_LIMIT) {
          this.show(jump(this.replica, await transport.snapshot()), null);
        } else if (head < this.replica.seq) {
          this.show(settle(this.replica, await transport.snapshot()), null);
        } else {
          await this.replay(items);
          if (items.length === 0 && head > this.replica.seq) this.show(jump(this.replica, await transport.snapshot()), null);
        }
        if (this.replica.seq >= head) break;
      }
    } catch (error) {
      return this.readFailed(error);
    }
    this.hint = Math.min(this.hint, this.replica.seq);
    this.worked();
    void this.keep();
    return true;
  }

  private async replay(items: DraftEvent[]): Promise<void> {
    for (const event of items) {
      if (event.seq !== this.replica.seq + 1) continue;
      try {
        this.take(event);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        this.show(jump(this.replica, await this.around.transport.snapshot()), null);
      }
    }
  }

  private take(event: DraftEvent): void {
    this.show(applyEvent(this.replica, event), event);
    this.around.screen.event(event);
  }

  private show(step: Step, event: DraftEvent | null): void {
    const title = this.title();
    this.replica = step.replica;
    if (step.screen !== null) this.around.screen.remote(step.screen, event);
    if (this.title() !== title) this.around.screen.title(this.title());
  }

  private readFailed(error: unknown): boolean {
    if (!(error instanceof Refusal)) return this.failed("offline", null);
    if (error.status === 401 || error.code === "csrf") return this.failed("sign-in", PAUSE.signIn);
    if (error.status === 404 || error.status === 403) {
      this.trouble = "gone";
      return false;
    }
    return this.failed("server", null);
  }

  private failed(trouble: Trouble, wait: number | null): false {
    this.trouble = trouble;
    this.failures += 1;
    const pause = wait ?? backoff(this.failures, this.around.random);
    this.notBefore = this.around.now() + pause;
    if (this.retry !== null) this.around.cancel(this.retry);
    this.retry = this.around.later(() => this.wake(), pause);
    return false;
  }

  private worked(): void {
    this.failures = 0;
    this.notBefore = 0;
    if (this.trouble === null || !isClosed(this.trouble)) this.trouble = null;
    if (this.retry !== null) this.around.cancel(this.retry);
    this.retry = null;
  }

  private report(): void {
    if (this.closed) return;
    this.around.screen.status(this.status());
    const waiting = this.waiters;
    this.waiters = [];
    for (const look of waiting) look();
  }
}
