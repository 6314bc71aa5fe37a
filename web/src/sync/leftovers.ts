// Sends what dead pages left on this device, for drafts that are not open: after a crash, or days without a network.

import { drain } from "./boot.js";
import { browserSurroundings, deviceStore } from "./browser.js";
import { begunHere, forgetAllBegun, makeKnown } from "./begun_here.js";
import { forgetDevice } from "./indexed_store.js";
import { fromRecord, toSnapshot, type BaseRecord, type OutboxRecord, type ParkedRecord } from "./device_store.js";
import { ownership } from "./ownership.js";
import { screenText, screenTitle, screenValues, textFields, type Values } from "./replica.js";

/** Browsers open six connections to a server. */
const AT_ONCE = 6;

interface Unsent {
  draftId: string;
  record: OutboxRecord;
}

async function unsentOnDevice(account: string): Promise<Unsent[]> {
  const store = await deviceStore(account);
  const records = await store?.leftovers().catch(() => []);
  return (records ?? []).filter((record) => !record.empty).map((record) => ({ draftId: record.draftId, record }));
}

export interface Drained {
  /** How many leftovers reached the server. */
  sent: number;
  /** The drafts that still have unsent words on this device. */
  left: Set<string>;
}

/** Sends every leftover nobody else owns. */
export async function drainLeftovers(account: string): Promise<Drained> {
  const store = await deviceStore(account);
  const owners = ownership();
  const left = new Set<string>();
  let sent = 0;
  for (const { id } of begunHere(account)) {
    // A draft without words: its page was left before anything was typed. One with words is made known with them.
    await makeKnown(account, id).then(() => (sent += 1), () => left.add(id));
  }
  const waiting = await unsentOnDevice(account);
  const one = async ({ draftId, record }: Unsent): Promise<void> => {
    const mine = await owners.claim(record.replica);
    if (mine && (await drain(record, browserSurroundings(draftId, store)))) sent += 1;
    else left.add(draftId);
    // What could not be sent may be taken over by a page that opens the draft, or by this one later.
    if (mine) owners.release(record.replica);
  };
  const several = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await one(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, several));
  return { sent, left };
}

/** Words of any draft that the server would not take, for people to copy; the latest first. */
export async function parkedHere(account: string): Promise<ParkedRecord[]> {
  const store = await deviceStore(account);
  const words = (await store?.allParked().catch(() => [])) ?? [];
  return words.sort((a, b) => b.at - a.at);
}

export async function letGoHere(account: string, id: string): Promise<void> {
  await (await deviceStore(account))?.unpark(id);
}

/** A draft the server does not know yet, as it reads here. */
export interface OnlyHere {
  draftId: string;
  title: string;
  at: number;
  unsent: string;
  /** The name of its form, if it is one. */
  form: string | null;
}

/** Drafts begun here without a network that the server does not know yet, as far as they are written. */
export async function draftsOnlyHere(account: string): Promise<OnlyHere[]> {
  const begun = begunHere(account);
  if (begun.length === 0) return [];
  const store = await deviceStore(account);
  const found = begun.map(async ({ id, at, form }) => {
    const base = await store?.newestBase(id).catch(() => undefined);
    const record = (await store?.leftovers(id).catch(() => []))?.find((left) => !left.empty);
    const shown = record && base ? screenOf(record, base) : { text: "", title: "" };
    return { draftId: id, title: shown.title, at: record?.at ?? at, unsent: shown.text, form: form?.form ?? null };
  });
  return Promise.all(found);
}

function screenOf(record: OutboxRecord, base: BaseRecord): { text: string; title: string } {
  try {
    const replica = fromRecord(record, base);
    const text = textFields(replica).map((field) => screenText(replica, field).toString()).find(Boolean) ?? "";
    return { text, title: screenTitle(replica) || formTitle(screenValues(replica)) };
  } catch {
    const { values } = toSnapshot(base);
    return { text: "", title: String(values["title"] ?? "") || formTitle(values) };
  }
}

/** A form keeps its title among what was answered. */
const formTitle = (values: Values): string => String(values["data.title"] ?? "");

/** Whether the device was cleared of the account's drafts; it is left alone while it holds words nobody else has. */
export async function clearDevice(account: string): Promise<boolean> {
  if ((await unsentOnDevice(account)).length > 0 || begunHere(account).length > 0 || (await parkedHere(account)).length > 0) return false;
  forgetAllBegun(account);
  await forgetDevice(account).catch(() => undefined);
  return true;
}
