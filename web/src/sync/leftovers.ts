// Sends what dead pages left on this device, for drafts that are not open: after a crash, or days without a network.

import { drain } from "./boot.js";
import { browserSurroundings, deviceStore } from "./browser.js";
import type { OutboxRecord } from "./device_store.js";
import { ownership } from "./ownership.js";

export interface Unsent {
  draftId: string;
  record: OutboxRecord;
}

export async function unsentOnDevice(account: string): Promise<Unsent[]> {
  const store = await deviceStore(account);
  const records = await store?.leftovers().catch(() => []);
  return (records ?? []).filter((record) => !record.empty).map((record) => ({ draftId: record.draftId, record }));
}

/** Drains every leftover nobody else owns. Returns the drafts that still have unsent words on this device. */
export async function drainLeftovers(account: string): Promise<Set<string>> {
  const store = await deviceStore(account);
  const owners = ownership();
  const left = new Set<string>();
  for (const { draftId, record } of await unsentOnDevice(account)) {
    const mine = await owners.claim(record.replica);
    if (!mine || !(await drain(record, browserSurroundings(draftId, store)))) left.add(draftId);
  }
  return left;
}
