// Sends what dead pages left on this device, for drafts that are not open: after a crash, or days without a network.

import { drain } from "./boot.js";
import { browserSurroundings, deviceStore } from "./browser.js";
import { forgetDevice } from "./indexed_store.js";
import type { OutboxRecord } from "./device_store.js";
import { ownership } from "./ownership.js";

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
  for (const { draftId, record } of await unsentOnDevice(account)) {
    const mine = await owners.claim(record.replica);
    if (mine && (await drain(record, browserSurroundings(draftId, store)))) sent += 1;
    else left.add(draftId);
  }
  return { sent, left };
}

/** Whether the device was cleared of the account's drafts; it is left alone while it holds unsent words. */
export async function clearDevice(account: string): Promise<boolean> {
  if ((await unsentOnDevice(account)).length > 0) return false;
  await forgetDevice(account).catch(() => undefined);
  return true;
}
