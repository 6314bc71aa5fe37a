// A page without a browser: a text on a screen, a session below it, a device that survives, a network that does not.

import { ChangeSet, type Text } from "@codemirror/state";
import type { BaseRecord, DeviceStore, OutboxRecord, ParkedRecord } from "../src/sync/device_store.js";
import { openPage } from "../src/sync/boot.js";
import type { Session } from "../src/sync/session.js";
import type { ParkedWords, SyncStatus } from "../src/sync/status.js";
import { toText } from "../src/sync/replica.js";
import type { Transport } from "../src/sync/wire.js";
import type { SimulatedServer } from "./simulated_server.js";

export const DRAFT = "draft-1";
/** Milliseconds a write to the device takes. */
export const STORING = 1;

export class MemoryStore implements DeviceStore {
  readonly outbox = new Map<string, OutboxRecord>();
  readonly bases = new Map<string, BaseRecord>();
  readonly parkedRecords = new Map<string, ParkedRecord>();
  broken = false;

  /** What a page holds in its hand: its writes stop with it. */
  heldBy(alive: () => boolean): DeviceStore {
    return new Proxy<DeviceStore>(this, {
      get: (store, name: keyof DeviceStore) => (name === "adopt" || name === "save" ? this.writer(alive) : store[name].bind(store)),
    });
  }

  private writer(alive: () => boolean) {
    return (record: OutboxRecord, base: BaseRecord | null, dead: string[] = []) => this.adopt(record, base, dead, alive);
  }

  private async write(run: () => void, alive: () => boolean = () => true): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, STORING));
    if (!alive()) await new Promise(() => undefined);
    if (this.broken) throw new DOMException("full", "QuotaExceededError");
    run();
  }
  save(record: OutboxRecord, base: BaseRecord | null): Promise<void> {
    return this.adopt(record, base, []);
  }
  adopt(record: OutboxRecord, base: BaseRecord | null, dead: string[], alive?: () => boolean): Promise<void> {
    const [recordCopy, baseCopy] = JSON.parse(JSON.stringify([record, base])) as [OutboxRecord, BaseRecord | null];
    return this.write(() => {
      this.outbox.set(recordCopy.key, recordCopy);
      if (baseCopy) this.bases.set(baseCopy.key, baseCopy);
      for (const key of dead) this.erase(key);
    }, alive);
  }
  leave(record: OutboxRecord, base: BaseRecord): void {
    if (this.broken) return;
    const [recordCopy, baseCopy] = JSON.parse(JSON.stringify([record, base])) as [OutboxRecord, BaseRecord];
    this.outbox.set(recordCopy.key, recordCopy);
    this.bases.set(recordCopy.key, baseCopy);
  }
  private erase(key: string): void {
    this.outbox.delete(key);
    this.bases.delete(key);
  }
  leftovers(draftId?: string): Promise<OutboxRecord[]> {
    return Promise.resolve([...this.outbox.values()].filter((record) => draftId === undefined || record.draftId === draftId));
  }
  base(key: string): Promise<BaseRecord | undefined> {
    return Promise.resolve(this.bases.get(key));
  }
  newestBase(draftId: string): Promise<BaseRecord | undefined> {
    const mine = [...this.bases.values()].filter((base) => base.draftId === draftId);
    return Promise.resolve(mine.sort((a, b) => b.seq - a.seq)[0]);
  }
  remove(key: string): Promise<void> {
    this.erase(key);
    return Promise.resolve();
  }
  park(record: ParkedRecord): Promise<void> {
    return this.write(() => this.parkedRecords.set(record.id, record));
  }
  parked(): Promise<ParkedRecord[]> {
    return Promise.resolve([...this.parkedRecords.values()]);
  }
  unpark(id: string): Promise<void> {
    this.parkedRecords.delete(id);
    return Promise.resolve();
  }
}

export interface Weather {
  online: boolean;
  /** share of exchanges that fail, half of them after the server has committed */
  loss: number;
  delay: () => number;
  random: () => number;
}

export const fair = (): Weather => ({ online: true, loss: 0, delay: () => 5, random: () => 0.5 });

let ids = 0;
export const freshId = (): string => `id-${(ids += 1)}`;

export function network(server: SimulatedServer, weather: Weather, alive: () => boolean): Transport {
  async function exchange<T>(run: () => T): Promise<T> {
    await new Promise((resolve) => setTimeout(resolve, weather.delay()));
    const lost = weather.random() < weather.loss;
    if (!weather.online || (lost && weather.random() < 0.5)) throw new TypeError("network");
    const answer = JSON.parse(JSON.stringify(run())) as T;
    await new Promise((resolve) => setTimeout(resolve, weather.delay()));
    if (lost || !alive()) throw new TypeError("network");
    return answer;
  }
  return {
    send: (command) => exchange(() => server.command(command)),
    events: (after) => exchange(() => server.after(after)),
    snapshot: () => exchange(() => server.snapshot()),
  };
}

export class SimulatedPage {
  text!: Text;
  /** What other text fields and values show. */
  readonly texts: Record<string, Text> = {};
  readonly values: Record<string, unknown> = {};
  title = "";
  status!: SyncStatus;
  readonly parked: ParkedWords[] = [];
  session!: Session;
  private alive = true;

  private constructor(
    readonly server: SimulatedServer,
    readonly store: MemoryStore | null,
    readonly weather: Weather,
  ) {}

  static async open(server: SimulatedServer, store: MemoryStore | null, weather: Weather, served = server.snapshot()): Promise<SimulatedPage> {
    const page = new SimulatedPage(server, store, weather);
    const { session, text } = await openPage(DRAFT, served, {
      store: store && store.heldBy(() => page.alive),
      transport: network(server, weather, () => page.alive),
      claim: () => Promise.resolve(true),
      screen: {
        remote: (changes, _event, field) => (field === "text" ? (page.text = changes.apply(page.text)) : (page.texts[field] = changes.apply(page.textOf(field)))),
        value: (field, value) => (field === "title" ? (page.title = String(value)) : (page.values[field] = value)),
        event: () => undefined,
        status: (status) => (page.status = status),
        parked: (words) => page.parked.push(words),
      },
      newId: freshId,
      now: () => Date.now(),
      random: () => 0.5,
      later: (run, milliseconds) => setTimeout(run, milliseconds) as unknown as number,
      cancel: (timer) => clearTimeout(timer),
    });
    page.session = session;
    page.text = text;
    page.title = session.title();
    page.status = session.status();
    return page;
  }

  textOf(field: string): Text {
    return this.texts[field] ?? this.session.text(field);
  }

  type(from: number, to: number, insert: string): void {
    const changes = ChangeSet.of({ from, to, insert: toText(insert) }, this.text.length);
    const before = this.text;
    this.text = changes.apply(before);
    this.session.typed(changes, before);
  }

  typeIn(field: string, at: number, insert: string): void {
    const before = this.textOf(field);
    const changes = ChangeSet.of({ from: at, insert: toText(insert) }, before.length);
    this.texts[field] = changes.apply(before);
    this.session.typed(changes, before, field);
  }

  set(field: string, value: unknown): void {
    this.values[field] = value;
    this.session.set(field, value);
  }

  /** The process is killed: no farewell, answers under way never arrive. */
  die(): void {
    this.alive = false;
    this.session.close();
  }
}
