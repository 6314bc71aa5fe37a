// What a page keeps on the device: the confirmed text it stands on and everything not acknowledged yet. Written before
// anything is sent. One record per replica, so that two tabs never touch each other's.

import { ChangeSet } from "@codemirror/state";
import { isSynced, openReplica, type Pending, type Replica } from "./replica.js";
import type { Command, Snapshot } from "./wire.js";

interface StoredPending {
  changes: unknown;
  title?: string;
}

/** Unsent words of one replica; `seq` names the base they stand on. */
export interface OutboxRecord {
  key: string;
  draftId: string;
  replica: string;
  nextN: number;
  seq: number;
  flying: (StoredPending & { command: Command }) | null;
  buffer: StoredPending;
  empty: boolean;
  at: number;
}

export interface BaseRecord extends Snapshot {
  key: string;
  draftId: string;
  at: number;
}

/** Words the server would never take, kept until the person has dealt with them. */
export interface ParkedRecord {
  id: string;
  draftId: string;
  reason: string;
  inserted: string;
  text: string;
  at: number;
}

export interface DeviceStore {
  save(record: OutboxRecord, base: BaseRecord | null): Promise<void>;
  /** At once, for a page that may die before anything asynchronous ends; found by `leftovers` of a later page. */
  leave(record: OutboxRecord, base: BaseRecord): void;
  /** Takes dead replicas' records over in the same transaction that writes the heir's. */
  adopt(record: OutboxRecord, base: BaseRecord, dead: string[]): Promise<void>;
  leftovers(draftId?: string): Promise<OutboxRecord[]>;
  base(key: string): Promise<BaseRecord | undefined>;
  newestBase(draftId: string): Promise<BaseRecord | undefined>;
  remove(key: string): Promise<void>;
  park(record: ParkedRecord): Promise<void>;
  parked(draftId: string): Promise<ParkedRecord[]>;
  allParked(): Promise<ParkedRecord[]>;
  unpark(id: string): Promise<void>;
}

export const recordKey = (draftId: string, replica: string): string => `${draftId}/${replica}`;

const stored = (pending: Pending): StoredPending =>
  pending.title === undefined ? { changes: pending.changes.toJSON() } : { changes: pending.changes.toJSON(), title: pending.title };

function restored(pending: StoredPending): Pending {
  const changes = ChangeSet.fromJSON(pending.changes);
  return pending.title === undefined ? { changes } : { changes, title: pending.title };
}

export function toRecord(draftId: string, replica: Replica, at: number): OutboxRecord {
  const { flying } = replica;
  return {
    key: recordKey(draftId, replica.id),
    draftId,
    replica: replica.id,
    nextN: replica.nextN,
    seq: replica.seq,
    flying: flying && { ...stored(flying), command: flying.command },
    buffer: stored(replica.buffer),
    empty: isSynced(replica),
    at,
  };
}

export function toBase(draftId: string, replica: Replica, at: number): BaseRecord {
  return { key: recordKey(draftId, replica.id), draftId, seq: replica.seq, text: replica.text.toString(), title: replica.title, at };
}

/** The replica as it was when the record was written. Throws RangeError when record and base do not fit. */
export function fromRecord(record: OutboxRecord, base: BaseRecord): Replica {
  if (record.seq !== base.seq) throw new RangeError("the record stands on another base");
  const opened = openReplica(record.replica, base);
  const flying = record.flying && { ...restored(record.flying), command: record.flying.command };
  const buffer = restored(record.buffer);
  const below = flying?.changes.newLength ?? opened.text.length;
  if (buffer.changes.length !== below || (flying && flying.changes.length !== opened.text.length)) {
    throw new RangeError("the record does not fit its base");
  }
  return { ...opened, nextN: record.nextN, flying, buffer };
}
