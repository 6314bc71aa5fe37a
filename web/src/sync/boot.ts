// Opens a draft on this page: finds what dead pages left on the device, takes it over, and starts the session on it.

import type { Text } from "@codemirror/state";
import { fromRecord, recordKey, toBase, toRecord, toSnapshot, type DeviceStore, type OutboxRecord } from "./device_store.js";
import { adopt, openReplica, type Replica } from "./replica.js";
import { Session, type Screen, type Surroundings } from "./session.js";
import type { Snapshot } from "./wire.js";

export interface Opening extends Surroundings {
  /** True when the page that owns `replica` is dead and its records are ours to take. */
  claim(replica: string): Promise<boolean>;
}

export interface Opened {
  session: Session;
  text: Text;
  /** Records of further dead pages; each is to be drained by `drain` once there is a network. */
  others: OutboxRecord[];
}

/** `served` is the draft as the page was delivered, perhaps days old when it came from the offline shell. */
export async function openPage(draftId: string, served: Snapshot, around: Opening): Promise<Opened> {
  const id = around.newId();
  const { store } = around;
  const { heir, dead, others } = store ? await inherit(draftId, id, store, around) : { heir: null, dead: [], others: [] };
  const replica = heir ?? openReplica(id, await newest(draftId, served, store));
  const kept = await store?.adopt(toRecord(draftId, replica, around.now()), toBase(draftId, replica, around.now()), dead).then(() => replica, () => null);
  const session = new Session(draftId, replica, around, kept ?? null);
  return { session, text: session.text(), others };
}

async function newest(draftId: string, served: Snapshot, store: DeviceStore | null): Promise<Snapshot> {
  const kept = await store?.newestBase(draftId).catch(() => undefined);
  return kept && kept.seq > served.seq ? toSnapshot(kept) : served;
}

interface Inheritance {
  heir: Replica | null;
  dead: string[];
  others: OutboxRecord[];
}

async function inherit(draftId: string, id: string, store: DeviceStore, around: Opening): Promise<Inheritance> {
  const dead: string[] = [];
  const others: OutboxRecord[] = [];
  let heir: Replica | null = null;
  const records = await store.leftovers(draftId).catch(() => []);
  for (const record of records.sort((a, b) => b.at - a.at)) {
    if (!(await around.claim(record.replica))) continue;
    if (record.empty) dead.push(record.key);
    else if (heir !== null) others.push(record);
    else {
      heir = await revive(record, store).then((left) => left && adopt(id, left));
      if (heir !== null) dead.push(record.key);
    }
  }
  return { heir, dead, others };
}

/** The dead page's replica, or null when its record is damaged (it is then left where it is). */
async function revive(record: OutboxRecord, store: DeviceStore): Promise<Replica | null> {
  const base = await store.base(record.key).catch(() => undefined);
  if (!base) return null;
  try {
    return fromRecord(record, base);
  } catch {
    return null;
  }
}

/** Sends what a dead page left, without a screen. True when nothing of it remains to be sent. */
export async function drain(record: OutboxRecord, around: Omit<Surroundings, "screen">, screen?: Partial<Screen>): Promise<boolean> {
  if (around.store === null) return false;
  const left = await revive(record, around.store);
  if (left === null) return false;
  const quiet = { remote: () => undefined, value: () => undefined, event: () => undefined, status: () => undefined, parked: () => undefined };
  const session = new Session(record.draftId, left, { ...around, screen: { ...quiet, ...screen } }, left);
  try {
    await session.settled();
    await session.keep();
  } catch {
    return false;
  } finally {
    session.close();
  }
  await around.store.remove(recordKey(record.draftId, record.replica)).catch(() => undefined);
  return true;
}
