// What a page keeps on the device: the confirmed text it stands on and everything not acknowledged yet. Written before
// anything is sent. One record per replica, so that two tabs never touch each other's.

import { ChangeSet } from "@codemirror/state";
import { confirmedText, isSynced, openReplica, type Pending, type Replica } from "./replica.js";
import type { Command, Op, Snapshot } from "./wire.js";

interface StoredPending {
  changes: Record<string, unknown>;
  values: Record<string, unknown>;
}

/** As it was written when every draft was a document: one text and perhaps a title. */
interface DocumentPending {
  changes: unknown[];
  title?: string;
}

/** Unsent words of one replica; `seq` names the base they stand on. */
export interface OutboxRecord {
  key: string;
  draftId: string;
  replica: string;
  nextN: number;
  seq: number;
  flying: ((StoredPending | DocumentPending) & { command: Command }) | null;
  buffer: StoredPending | DocumentPending;
  empty: boolean;
  at: number;
}

interface OnDevice {
  key: string;
  draftId: string;
  at: number;
}

export type BaseRecord = OnDevice & (Snapshot | { seq: number; text: string; title: string });

/** Words the server would never take, kept until the person has dealt with them. */
export interface ParkedRecord {
  id: string;
  draftId: string;
  reason: string;
  inserted: string;
  text: string;
  /** The fields the words were for; missing in records of documents. */
  fields?: string[];
  /** What each of them said before and with the words, for writing them in again; missing in older records. */
  changes?: Record<string, { before: unknown; after: unknown }>;
  /** The position of the log they stand on, and what they change there; null where the server has another past, missing
   *  in older records. */
  base?: { seq: number; ops: Op[] } | null;
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

function stored({ changes, values }: Pending): StoredPending {
  return { changes: Object.fromEntries(Object.entries(changes).map(([field, change]) => [field, change.toJSON() as unknown])), values: { ...values } };
}

const isDocument = (pending: StoredPending | DocumentPending): pending is DocumentPending => Array.isArray(pending.changes);

function restored(pending: StoredPending | DocumentPending): Pending {
  if (isDocument(pending)) {
    const changes = ChangeSet.fromJSON(pending.changes);
    return { changes: changes.empty ? {} : { text: changes }, values: pending.title === undefined ? {} : { title: pending.title } };
  }
  return { changes: Object.fromEntries(Object.entries(pending.changes).map(([field, json]) => [field, ChangeSet.fromJSON(json)])), values: pending.values };
}

/** The fields a record stands on. */
export function toSnapshot(base: BaseRecord): Snapshot {
  return "texts" in base ? { seq: base.seq, texts: base.texts, values: base.values } : { seq: base.seq, texts: { text: base.text }, values: { title: base.title } };
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
  const texts = Object.fromEntries(Object.entries(replica.texts).map(([field, text]) => [field, text.toString()]));
  return { key: recordKey(draftId, replica.id), draftId, seq: replica.seq, texts, values: { ...replica.values }, at };
}

/** The replica as it was when the record was written. Throws RangeError when record and base do not fit. */
export function fromRecord(record: OutboxRecord, base: BaseRecord): Replica {
  if (record.seq !== base.seq) throw new RangeError("the record stands on another base");
  const opened = openReplica(record.replica, toSnapshot(base));
  const flying = record.flying && { ...restored(record.flying), command: record.flying.command };
  const buffer = restored(record.buffer);
  for (const [field, changes] of Object.entries(buffer.changes)) require(changes.length === (flying?.changes[field]?.newLength ?? confirmedText(opened, field).length));
  for (const [field, changes] of Object.entries(flying?.changes ?? {})) require(changes.length === confirmedText(opened, field).length);
  return { ...opened, nextN: record.nextN, flying, buffer };
}

function require(fits: boolean): void {
  if (!fits) throw new RangeError("the record does not fit its base");
}
