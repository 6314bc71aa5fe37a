// One replica's talk with the server: sends its command, takes in what the log has beyond it, and does to the replica
// what an answer or a refusal means. When to talk is `session.ts`.

import type { ChangeSet } from "@codemirror/state";
import { same } from "../common/same.js";
import type { DeviceStore } from "./device_store.js";
import { Parking } from "./parking.js";
import type { Patience } from "./patience.js";
import { alreadyIn, applyEvent, applyForeign, difference, fieldsOf, foreignRun, isEmpty, isSynced, joined, jump, Misfit, renamed, resent, screenValues, settle, thaw, Unreadable, withdraw, type Pending, type Replica, type Step } from "./replica.js";
import { isClosed, PAUSE, type ParkedWords, type SyncStatus, type Trouble } from "./status.js";
import { verdict } from "./verdict.js";
import { Refusal, type Answer, type Command, type DraftEvent, type Snapshot, type Transport } from "./wire.js";

/** What a page hears from its session. Called after the session's own state has changed. */
export interface Screen {
  remote(changes: ChangeSet, event: DraftEvent | null, field: string): void;
  value(field: string, value: unknown): void;
  event(event: DraftEvent): void;
  status(status: SyncStatus): void;
  parked(words: ParkedWords): void;
  /** The server had been set back; what it lacks is sent again. */
  setBack?(): void;
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

/** The device's side, as far as an exchange needs it. */
interface Keeping {
  keep(replica: Replica): Promise<void>;
  forget(replica: Replica): Promise<void>;
}

/** Above this many missed events a snapshot is cheaper than replaying. */
const REPLAY_LIMIT = 4_000;
const RENAME_LIMIT = 3;
/** From so many events of others on they are taken in together. */
const RUN_LEAST = 4;
const SET_BACK = "The server was set back to an older state and went on from there without these words.";

export class Exchange {
  readonly parking: Parking;
  trouble: Trouble | null = null;
  /** Typing has paused: what is in the buffer may be numbered and sent. */
  due = false;
  /** Fields the server will not take as they are: they are not sent until they change. */
  readonly held = new Set<string>();
  /** The draft has reached at least this position. */
  hint = 0;
  /** How often somebody said so. */
  hints = 0;
  savedAt: number | null = null;
  private renames = 0;

  constructor(
    draftId: string,
    public replica: Replica,
    private readonly around: Surroundings,
    private readonly keeper: Keeping,
    private readonly patience: Patience,
  ) {
    this.parking = new Parking(draftId, around.store);
  }

  /** Sends the command under way; false when nothing more can be done now. `leaving`: the page may die any moment. */
  async deliver(command: Command, leaving: boolean): Promise<boolean> {
    let answer: Answer;
    try {
      answer = await this.around.transport.send(command, { leaving });
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
    void this.keeper.keep(this.replica);
    return true;
  }

  private async refused(answer: Extract<Answer, { kind: "refused" }>): Promise<boolean> {
    const judged = verdict(answer);
    if (judged.kind === "wait") return this.failed(judged.trouble, judged.pause);
    this.worked();
    const reason = answer.detail || answer.code;
    switch (judged.kind) {
      case "hold":
        return this.hold(answer.field ?? null, judged.trouble);
      case "fork":
        return this.forked(reason);
      case "restart":
        return this.restart(reason, answer.code === "replica_gap");
      case "closed":
        await this.parkEverything(reason);
        this.trouble = judged.trouble;
        return false;
      case "park":
        await this.parkFlying(reason);
        return true;
    }
  }

  /** Keeps the field (or all the command changed, when the server names none) in the page and goes on with the rest. */
  private hold(field: string | null, trouble: Trouble): boolean {
    const fields = this.replica.flying === null ? [] : fieldsOf(this.replica.flying);
    const named = field !== null && fields.includes(field) ? [field] : fields;
    for (const name of named) this.held.add(name);
    this.replica = thaw(this.replica);
    this.trouble = trouble;
    this.due = named.length < fields.length;
    void this.keeper.keep(this.replica);
    return this.due;
  }

  /** The server holds another command under this number: a later one of the same page. Its event replaces ours. */
  private async forked(reason: string): Promise<boolean> {
    const disputed = this.replica.flying?.command;
    this.hint = Math.max(this.hint, this.replica.seq + 1);
    if (!(await this.pull())) return false;
    if (this.replica.flying?.command === disputed) await this.parkFlying(reason);
    return true;
  }

  /** The server no longer knows our past (a restored backup): stand on what it has, under a new name. `lost`: commands
   *  it had acknowledged. */
  private async restart(reason: string, lost: boolean): Promise<boolean> {
    this.renames += 1;
    if (this.renames > RENAME_LIMIT) {
      this.renames = 0;
      await this.parkFlying(reason);
      return true;
    }
    try {
      const snapshot = await this.around.transport.snapshot();
      if (snapshot.seq < this.replica.seq) this.sendAgain(snapshot);
      else await this.standOn(snapshot, lost);
    } catch (error) {
      return this.readFailed(error);
    }
    this.due = true;
    return true;
  }

  private async standOn(snapshot: Snapshot, lost: boolean): Promise<void> {
    if (lost) await this.parkScreen(snapshot);
    this.show(settle(this.replica, snapshot), null);
    this.replica = renamed(this.replica, this.around.newId());
  }

  private sendAgain(snapshot: Snapshot): void {
    this.replica = resent(this.replica, snapshot, this.around.newId());
    this.hint = snapshot.seq;
    this.due = true;
    this.around.screen.setBack?.();
  }

  /** Keeps what the page shows where the server's fields go another way. */
  private async parkScreen(snapshot: Snapshot): Promise<void> {
    const lost = difference(snapshot, this.replica);
    if (!isEmpty(lost)) await this.park(SET_BACK, lost, false);
  }

  private async parkFlying(reason: string): Promise<void> {
    if (this.replica.flying === null) return;
    await this.park(reason, this.replica.flying);
    this.show(withdraw(this.replica), null);
    this.due = true;
    // A page opened before that would find the command on the device, and send it beside the words that were put aside.
    await this.keeper.keep(this.replica);
  }

  private async parkEverything(reason: string): Promise<void> {
    const { flying, buffer } = this.replica;
    if (isSynced(this.replica)) return;
    await this.park(reason, flying === null ? buffer : joined(flying, buffer));
    await this.keeper.forget(this.replica);
  }

  private async park(reason: string, pending: Pending, based = true): Promise<void> {
    const { newId, now, screen } = this.around;
    const words = await this.parking.add(newId(), reason, pending, this.replica, now(), based);
    if (words !== null) screen.parked(words);
  }

  /** Fetches and takes in what the log has beyond us; false when the server could not be read. */
  async pull(): Promise<boolean> {
    const { transport } = this.around;
    let hints = this.hints;
    try {
      for (let head = Infinity; this.replica.seq < head; ) {
        hints = this.hints;
        const page = await transport.events(this.replica.seq);
        head = page.head;
        const missing = head - this.replica.seq;
        if (missing < 0) {
          this.sendAgain(await transport.snapshot());
          head = this.replica.seq;
        } else if (missing > REPLAY_LIMIT || (missing > 0 && page.items.length === 0)) this.show(jump(this.replica, await transport.snapshot()), null);
        else await this.replay(page.items);
      }
    } catch (error) {
      return this.readFailed(error);
    }
    // A hint that came while the answer was on its way may be of what the answer lacks: it stays, and is looked after next.
    if (hints === this.hints) this.hint = Math.min(this.hint, this.replica.seq);
    this.worked();
    void this.keeper.keep(this.replica);
    return true;
  }

  private async replay(items: DraftEvent[]): Promise<void> {
    for (let next = 0; next < items.length; ) {
      const run = foreignRun(this.replica, items, next);
      const events = items.slice(next, next + Math.max(1, run < RUN_LEAST ? 1 : run));
      next += events.length;
      const last = events.at(-1);
      if (last === undefined || events[0]?.seq !== this.replica.seq + 1) continue;
      try {
        this.show(events.length > 1 ? applyForeign(this.replica, events) : applyEvent(this.replica, last), last);
        for (const event of events) this.around.screen.event(event);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        const snapshot = await this.around.transport.snapshot();
        if (error instanceof Misfit) await this.parkScreen(snapshot);
        this.show(jump(this.replica, snapshot), null);
      }
    }
  }

  private show(step: Step, event: DraftEvent | null): void {
    const before = screenValues(this.replica);
    this.replica = step.replica;
    const { screen } = this.around;
    for (const [field, changes] of Object.entries(step.screen ?? {})) screen.remote(changes, event, field);
    const after = screenValues(this.replica);
    for (const field of Object.keys({ ...before, ...after })) if (!same(before[field], after[field])) screen.value(field, after[field]);
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
    // What the server would not take stays so, whatever else it answers.
    if (this.trouble === null || isClosed(this.trouble) || this.held.size > 0) return;
    this.trouble = null;
  }
}
