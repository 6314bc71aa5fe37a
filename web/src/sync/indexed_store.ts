// The device store in IndexedDB, one database per account so that people sharing a browser never see each other's words.
// What a dying page writes last goes through `last_words.ts`, since IndexedDB is too late then.

import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { BaseRecord, DeviceStore, OutboxRecord, ParkedRecord } from "./device_store.js";
import { forgetLastWords, LastWords } from "./last_words.js";

interface Schema extends DBSchema {
  outbox: { key: string; value: OutboxRecord; indexes: { draft: string } };
  bases: { key: string; value: BaseRecord; indexes: { draft: string } };
  parked: { key: string; value: ParkedRecord; indexes: { draft: string } };
}

const databaseName = (account: string): string => `draftloom-${account}`;

/** Rejects when the browser keeps storage from us (private windows, blocked cookies). */
export async function openDeviceStore(account: string): Promise<DeviceStore> {
  const database = await openDB<Schema>(databaseName(account), 1, {
    upgrade(fresh) {
      fresh.createObjectStore("outbox", { keyPath: "key" }).createIndex("draft", "draftId");
      fresh.createObjectStore("bases", { keyPath: "key" }).createIndex("draft", "draftId");
      fresh.createObjectStore("parked", { keyPath: "id" }).createIndex("draft", "draftId");
    },
    blocking(_current, _wanted, event) {
      (event.target as IDBDatabase).close();
    },
  });
  return new IndexedStore(database, new LastWords(account));
}

/** Forgets everything this browser keeps for the account. */
export function forgetDevice(account: string): Promise<void> {
  forgetLastWords(account);
  return deleteDB(databaseName(account));
}

class IndexedStore implements DeviceStore {
  constructor(private readonly database: IDBPDatabase<Schema>, private readonly lastWords: LastWords) {}

  leave(record: OutboxRecord, base: BaseRecord): void {
    this.lastWords.keep(record, base);
  }

  async save(record: OutboxRecord, base: BaseRecord | null): Promise<void> {
    await this.write(record, base, []);
  }

  async adopt(record: OutboxRecord, base: BaseRecord, dead: string[]): Promise<void> {
    await this.write(record, base, dead);
  }

  private async write(record: OutboxRecord, base: BaseRecord | null, dead: string[]): Promise<void> {
    const unit = this.database.transaction(["outbox", "bases"], "readwrite", { durability: "relaxed" });
    const outbox = unit.objectStore("outbox");
    const bases = unit.objectStore("bases");
    await Promise.all([
      outbox.put(record),
      ...(base ? [bases.put(base)] : []),
      ...dead.flatMap((key) => [outbox.delete(key), bases.delete(key)]),
      unit.done,
    ]);
  }

  async leftovers(draftId?: string): Promise<OutboxRecord[]> {
    await this.lastWords.hand(({ record, base }) => this.takeIn(record, base));
    return draftId === undefined ? this.database.getAll("outbox") : this.database.getAllFromIndex("outbox", "draft", draftId);
  }

  /** Unless the page that wrote it has lived on and kept a later state. */
  private async takeIn(record: OutboxRecord, base: BaseRecord): Promise<void> {
    const unit = this.database.transaction(["outbox", "bases"], "readwrite");
    const outbox = unit.objectStore("outbox");
    const known = await outbox.get(record.key);
    if (!known || known.at <= record.at) await Promise.all([outbox.put(record), unit.objectStore("bases").put(base)]);
    await unit.done;
  }

  base(key: string): Promise<BaseRecord | undefined> {
    return this.database.get("bases", key);
  }

  async newestBase(draftId: string): Promise<BaseRecord | undefined> {
    const bases = await this.database.getAllFromIndex("bases", "draft", draftId);
    return bases.reduce<BaseRecord | undefined>((best, base) => (best && best.seq >= base.seq ? best : base), undefined);
  }

  async remove(key: string): Promise<void> {
    const unit = this.database.transaction(["outbox", "bases"], "readwrite");
    await Promise.all([unit.objectStore("outbox").delete(key), unit.objectStore("bases").delete(key), unit.done]);
  }

  async park(record: ParkedRecord): Promise<void> {
    await this.database.put("parked", record);
  }

  parked(draftId: string): Promise<ParkedRecord[]> {
    return this.database.getAllFromIndex("parked", "draft", draftId);
  }

  allParked(): Promise<ParkedRecord[]> {
    return this.database.getAll("parked");
  }

  unpark(id: string): Promise<void> {
    return this.database.delete("parked", id);
  }
}
