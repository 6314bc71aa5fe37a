// When one replica talks to the server: after a pause in typing, on a hint, when the network is back. Keeps it on the
// device meanwhile. No DOM; network, storage and time are handed in. Rules: on the device before on the wire; one command
// under way; nothing refused ever blocks the rest.

import type { ChangeSet, Text } from "@codemirror/state";
import { Exchange, type Surroundings } from "./exchange.js";
import { Keeper } from "./keeper.js";
import { Patience } from "./patience.js";
import { confirmedText, freeze, isEmpty, isSynced, rangeOnScreen, screenText, screenTitle, screenValues, typed, valued, type Replica, type Values } from "./replica.js";
import { commandOf, hasPlace, isThere, NO_PLACE, NOT_REACHED, outcomeOf, writtenAgain, type Outcome } from "./put_back.js";
import { describe, isClosed, type ParkedWords, type SyncStatus } from "./status.js";
import { TypingPause } from "./typing_pause.js";

export type { Screen, Surroundings } from "./exchange.js";

export class Session {
  private readonly exchange: Exchange;
  private readonly keeper: Keeper;
  private readonly patience: Patience;
  private readonly pause: TypingPause;
  private busy = false;
  private again = false;
  private closed = false;
  private leaving = false;
  private waiters: (() => void)[] = [];

  constructor(
    readonly draftId: string,
    replica: Replica,
    private readonly around: Surroundings,
    onDevice: Replica | null,
  ) {
    this.keeper = new Keeper(draftId, around.store, () => around.now(), () => this.report(), onDevice);
    this.patience = new Patience(around, () => this.wake());
    this.pause = new TypingPause(around, () => this.flush());
    this.exchange = new Exchange(draftId, replica, around, this.keeper, this.patience);
  }

  private get replica(): Replica {
    return this.exchange.replica;
  }
  private set replica(replica: Replica) {
    this.exchange.replica = replica;
  }
  get seq(): number {
    return this.replica.seq;
  }
  get synced(): boolean {
    return isSynced(this.replica);
  }
  text(field = "text"): Text {
    return screenText(this.replica, field);
  }
  values(): Values {
    return screenValues(this.replica);
  }
  /** Null when the range is not one of the confirmed text. */
  rangeOnScreen(from: number, to: number): [number, number] | null {
    return from <= to && to <= confirmedText(this.replica).length ? rangeOnScreen(this.replica, from, to) : null;
  }
  title(): string {
    return screenTitle(this.replica);
  }
  status(): SyncStatus {
    const { trouble, savedAt, parking } = this.exchange;
    return describe({ synced: this.synced, trouble, savedAt, parked: parking.count, stored: this.keeper.works });
  }

  /** The person changed a text; `before` is the text the changes start from. */
  typed(changes: ChangeSet, before: Text, field = "text"): void {
    this.replica = typed(this.replica, changes, before, field);
    this.changed(field);
  }

  /** The person chose another value. */
  set(field: string, value: unknown): void {
    this.replica = valued(this.replica, field, value);
    this.changed(field);
  }

  retitled(title: string): void {
    this.set("title", title);
  }

  private changed(field: string): void {
    const { held, trouble } = this.exchange;
    held.delete(field);
    if (held.size === 0 && (trouble === "too-large" || trouble === "invalid")) this.exchange.trouble = null;
    void this.keep();
    this.pause.key();
    this.report();
  }

  /** Sends what is there without waiting for a pause. */
  flush(): void {
    this.pause.over();
    this.exchange.due = true;
    void this.pump();
  }

  /** The page may die any moment: keeps and sends at once, without waiting for anything, where that is safe. */
  leave(): void {
    this.leaving = true;
    const { flying, buffer } = this.replica;
    if (this.exchange.held.size > 0 || flying !== null || isEmpty(buffer) || !this.keeper.recognises(this.replica)) {
      this.keeper.leave(this.replica);
      return this.flush();
    }
    this.replica = freeze(this.replica);
    this.keeper.leave(this.replica);
    void this.keep();
    const command = this.replica.flying?.command;
    if (!command) return;
    if (!this.busy) void this.working(() => this.exchange.deliver(command, this.leaving));
    // Should the page live on, the command is sent once more when the exchange under way is over; that does no harm.
    else void this.around.transport.send(command, { leaving: true }).catch(() => undefined);
  }

  /** Somebody says the draft has reached `seq`. */
  hinted(seq: number): void {
    this.exchange.hints += 1;
    if (seq > this.exchange.hint) this.exchange.hint = seq;
    if (this.exchange.hint > this.replica.seq) void this.pump();
  }

  /** Look again now: the network came back, the person signed in, the page is visible again. */
  wake(): void {
    if (this.exchange.trouble !== null && isClosed(this.exchange.trouble)) return;
    this.patience.now();
    this.exchange.held.clear();
    this.leaving = false;
    this.exchange.hint = Math.max(this.exchange.hint, this.replica.seq + 1);
    this.exchange.due = true;
    void this.pump();
  }

  /** The browser lost its network. */
  lost(): void {
    this.exchange.trouble ??= "offline";
    this.report();
  }

  close(): void {
    this.closed = true;
    this.patience.stop();
    this.pause.over();
  }

  /** The person has dealt with words that could not be saved. */
  letGo(words: ParkedWords): Promise<void> {
    // What was put in at the cursor is among this page's own words, which may not have been written yet.
    const gone = this.exchange.parking.remove(words.id, this.keep());
    this.report();
    return gone;
  }

  /** Writes words that were put aside into the draft again and lets go of them once that is sure. Null, or why it was
   *  not possible: then they are kept as they were. */
  async putBack(words: ParkedWords, isProse: (field: string) => boolean): Promise<string | null> {
    if (!hasPlace(words)) return NO_PLACE;
    if (!isThere(words, this.replica, isProse)) {
      const said = await this.sayAgain(words);
      if (said.is === "refused") return said.why;
      if (said.is === "elsewhere" && !(await this.writeAgain(words, isProse))) return NOT_REACHED;
      if (said.is === "taken") await (said.seq === null ? this.wake() : this.reach(said.seq));
    }
    await this.letGo(words);
    return null;
  }

  private async sayAgain(words: ParkedWords): Promise<Outcome> {
    const command = commandOf(words);
    if (command === null) return { is: "elsewhere" };
    try {
      return outcomeOf(await this.around.transport.send(command, { leaving: false }));
    } catch {
      return { is: "refused", why: NOT_REACHED };
    }
  }

  /** As words of this page, beside what is there now. True once the device holds them as words to be sent, or the server
   *  has them. */
  private async writeAgain({ changes = {} }: ParkedWords, isProse: (field: string) => boolean): Promise<boolean> {
    for (const [field, { before, after }] of Object.entries(changes)) {
      if (isProse(field)) {
        const text = this.text(field);
        const change = writtenAgain(String(before ?? ""), String(after ?? ""), text.toString());
        if (change.empty) continue;
        this.typed(change, text, field);
        this.around.screen.remote(change, null, field);
      } else {
        this.set(field, after);
        this.around.screen.value(field, after);
      }
    }
    await this.keep();
    return this.keeper.works || this.settled().then(() => true, () => false);
  }

  /** Resolves once the page has taken in event `seq`, or cannot get there now. */
  reach(seq: number): Promise<void> {
    this.hinted(seq);
    return this.until(() => this.replica.seq >= seq || this.exchange.trouble !== null || this.closed);
  }

  /** Resolves when everything is acknowledged; rejects when something stands in the way. */
  async settled(): Promise<void> {
    this.flush();
    await this.until(() => this.synced || this.exchange.trouble !== null || this.closed);
    if (!this.synced) throw new Error(this.exchange.trouble ?? "closed");
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
    if (this.exchange.trouble !== null && isClosed(this.exchange.trouble)) return false;
    if (this.replica.flying === null && this.exchange.due) {
      this.replica = freeze(this.replica, this.exchange.held);
      this.exchange.due = false;
    }
    if (this.replica.flying === null) return this.exchange.hint > this.replica.seq && this.exchange.pull();
    await this.keep();
    const command = this.replica.flying?.command;
    return command === undefined || this.exchange.deliver(command, this.leaving);
  }

  private report(): void {
    if (this.closed) return;
    this.around.screen.status(this.status());
    const waiting = this.waiters;
    this.waiters = [];
    for (const look of waiting) look();
  }
}
