// Moves one replica: keeps it on the device, sends it, fetches what others did. No DOM; network, storage and time are
// handed in. Rules: on the device before on the wire; one command under way; nothing refused ever blocks the rest.

import type { ChangeSet, Text } from "@codemirror/state";
import type { DeviceStore } from "./device_store.js";
import { Keeper } from "./keeper.js";
import { Parking } from "./parking.js";
import { Patience } from "./patience.js";
import { alreadyIn, applyEvent, freeze, isEmpty, isSynced, jump, rangeOnScreen, renamed, screenText, screenTitle, settle, thaw, titled, typed, Unreadable, withdraw, type Replica, type Step } from "./replica.js";
import { describe, isClosed, PAUSE, type ParkedWords, type SyncStatus, type Trouble } from "./status.js";
import { TypingPause } from "./typing_pause.js";
import { verdict } from "./verdict.js";
import { Refusal, type Answer, type Command, type DraftEvent, type Transport } from "./wire.js";

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
  private readonly keeper: Keeper;
  private readonly patience: Patience;
  private readonly pause: TypingPause;
  private readonly parking: Parking;
  private busy = false;
  private again = false;
  private closed = false;
  private leaving = false;
  /** Typing has paused: what is in the buffer may be numbered and sent. */
  private due = false;
  /** The server finds the text too long: nothing is sent until it changes. */
  private held = false;
  private trouble: Trouble | null = null;
  private renames = 0;
  private hint = 0;
  private savedAt: number | null = null;
  private waiters: (() => void)[] = [];

  constructor(
    readonly draftId: string,
    private replica: Replica,
    private readonly around: Surroundings,
    onDevice: Replica | null,
  ) {
    this.keeper = new Keeper(draftId, around.store, () => around.now(), () => this.report(), onDevice);
    this.patience = new Patience(around, () => this.wake());
    this.pause = new TypingPause(around, () => this.flush());
    this.parking = new Parking(draftId, around.store);
  }

  get seq(): number {
    return this.replica.seq;
  }
  get synced(): boolean {
    return isSynced(this.replica);
  }
  text(): Text {
    return screenText(this.replica);
  }
  /** Null when the range is not one of the confirmed text. */
  rangeOnScreen(from: number, to: number): [number, number] | null {
    return from <= to && to <= this.replica.text.length ? rangeOnScreen(this.replica, from, to) : null;
  }
  title(): string {
    return screenTitle(this.replica);
  }
  status(): SyncStatus {
    const { synced, trouble, savedAt } = this;
    return describe({ synced, trouble, savedAt, parked: this.parking.count, stored: this.keeper.works });
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
    this.pause.key();
    this.report();
  }

  /** Sends what is there without waiting for a pause. */
  flush(): void {
    this.pause.over();
    this.due = true;
    void this.pump();
  }

  /** The page may die any moment: sends at once, without waiting for the device, where that is safe. */
  leave(): void {
    this.leaving = true;
    const { flying, buffer } = this.replica;
    if (this.held || flying !== null || isEmpty(buffer) || !this.keeper.recognises(this.replica)) return this.flush();
    this.replica = freeze(this.replica);
    void this.keep();
    const command = this.replica.flying?.command;
    if (!command) return;
    if (!this.busy) void this.working(() => this.deliver(command));
    // Should the page live on, the command is sent once more when the exchange under way is over; that does no harm.
    else void this.around.transport.send(command, { leaving: true }).catch(() => undefined);
  }

  /** Somebody says the draft has reached `seq`. */
  hinted(seq: number): void {
    if (seq > this.hint) this.hint = seq;
    if (this.hint > this.replica.seq) void this.pump();
  }

  /** Look again now: the network came back, the person signed in, the page is visible again. */
  wake(): void {
    if (this.trouble !== null && isClosed(this.trouble)) return;
    this.patience.now();
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
    this.patience.stop();
    this.pause.over();
  }

  /** The person has dealt with words that could not be saved. */
  letGo(words: ParkedWords): void {
    this.parking.remove(words.id);
    this.report();
  }

  /** Resolves once the page has taken in event `seq`, or cannot get there now. */
  reach(seq: number): Promise<void> {
    this.hinted(seq);
    return this.until(() => this.replica.seq >= seq || this.trouble !== null || this.closed);
  }

  /** Resolves when everything is acknowledged; rejects when something stands in the way. */
  async settled(): Promise<void> {
    this.flush();
    await this.until(() => this.synced || this.trouble !== null || this.closed);
    if (!this.synced) throw new Error(this.trouble ?? "closed");
  }

  private until(reached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => void (reached() ? resolve() : this.waiters.push(look));
      look();
    });
  }

  /** Writes the present state to the device; resolves when it is there or storage has failed. */
  keep(): Promise<void> {
    return this.keeper.keep(this.replica);
  }

  private pump(): Promise<void> {
    this.again = true;
    return this.busy ? Promise.resolve() : this.working(() => Promise.resolve(true));
  }

  /** Runs `first`, then everything there is to do, one exchange at a time. */
  private async working(first: () => Promise<boolean>): Promise<void> {
    this.busy = true;
    try {
      if (await first()) this.again = true;
      while (this.again && !this.closed && this.patience.ready) {
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
    if (this.replica.flying === null) return this.hint > this.replica.seq && this.pull();
    await this.keep();
    const command = this.replica.flying?.command;
    return command === undefined || this.deliver(command);
  }

  private async deliver(command: Command): Promise<boolean> {
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
    const judged = verdict(answer);
    if (judged.kind === "wait") return this.failed(judged.trouble, judged.pause);
    this.worked();
    const reason = answer.detail || answer.code;
    switch (judged.kind) {
      case "hold":
        this.replica = thaw(this.replica);
        this.held = true;
        this.trouble = "too-large";
        void this.keep();
        return false;
      case "fork":
        return this.forked(reason);
      case "restart":
        return this.restart(reason);
      case "closed":
        await this.parkEverything(reason);
        this.trouble = judged.trouble;
        return false;
      case "park":
        await this.parkFlying(reason);
        return true;
    }
  }

  /** The server holds another command under this number: a later one of the same page. Its event replaces ours. */
  private async forked(reason: string): Promise<boolean> {
    const disputed = this.replica.flying?.command;
    this.hint = Math.max(this.hint, this.replica.seq + 1);
    if (!(await this.pull())) return false;
    if (this.replica.flying?.command === disputed) await this.parkFlying(reason);
    return true;
  }

  /** The server no longer knows our past (a restored backup): stand on what it has, under a new name. */
  private async restart(reason: string): Promise<boolean> {
    this.renames += 1;
    if (this.renames > RENAME_LIMIT) {
      this.renames = 0;
      await this.parkFlying(reason);
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

  private async parkFlying(reason: string): Promise<void> {
    if (this.replica.flying === null) return;
    await this.park(reason, this.replica.flying.changes);
    this.show(withdraw(this.replica), null);
    this.due = true;
  }

  private async parkEverything(reason: string): Promise<void> {
    const { flying, buffer } = this.replica;
    if (this.synced) return;
    await this.park(reason, flying === null ? buffer.changes : flying.changes.compose(buffer.changes));
    await this.keeper.forget(this.replica);
  }

  private async park(reason: string, changes: ChangeSet): Promise<void> {
    const { newId, now, screen } = this.around;
    screen.parked(await this.parking.add(newId(), reason, changes, this.text().toString(), now()));
  }

  /** Fetches and takes in what the log has beyond us; false when the server could not be read. */
  private async pull(): Promise<boolean> {
    const { transport } = this.around;
    try {
      for (let head = Infinity; this.replica.seq < head; ) {
        const page = await transport.events(this.replica.seq);
        head = page.head;
        const missing = head - this.replica.seq;
        if (missing < 0) this.show(settle(this.replica, await transport.snapshot()), null);
        else if (missing > REPLAY_LIMIT || (missing > 0 && page.items.length === 0)) this.show(jump(this.replica, await transport.snapshot()), null);
        else await this.replay(page.items);
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
        this.show(applyEvent(this.replica, event), event);
        this.around.screen.event(event);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        this.show(jump(this.replica, await this.around.transport.snapshot()), null);
      }
    }
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
    if (error.status !== 404 && error.status !== 403) return this.failed("server", null);
    this.trouble = "gone";
    return false;
  }

  private failed(trouble: Trouble, pause: number | null): false {
    this.trouble = trouble;
    this.patience.failed(pause);
    return false;
  }

  private worked(): void {
    this.patience.worked();
    if (this.trouble === null || !isClosed(this.trouble)) this.trouble = null;
  }

  private report(): void {
    if (this.closed) return;
    this.around.screen.status(this.status());
    const waiting = this.waiters;
    this.waiters = [];
    for (const look of waiting) look();
  }
}
