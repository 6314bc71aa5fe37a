// The browser's side of the sync core: device storage that may be missing, timers, names.

import { meta } from "../common/dom.js";
import { madeKnown } from "./begun_here.js";
import type { DeviceStore } from "./device_store.js";
import { newReplicaId } from "./identity.js";
import { openDeviceStore } from "./indexed_store.js";
import type { Surroundings } from "./session.js";
import { httpTransport } from "./transport.js";

const OPENING = 3_000;

/** The device's store, or null when the browser keeps it from us or does not answer. */
export async function deviceStore(account: string): Promise<DeviceStore | null> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), OPENING));
  try {
    return await Promise.race([openDeviceStore(account), late]);
  } catch {
    return null;
  }
}

export function browserSurroundings(draftId: string, store: DeviceStore | null): Omit<Surroundings, "screen"> {
  return {
    transport: madeKnown(httpTransport, meta("account"), draftId),
    store,
    newId: newReplicaId,
    now: () => Date.now(),
    random: Math.random,
    later: (run, milliseconds) => window.setTimeout(run, milliseconds),
    cancel: (timer) => window.clearTimeout(timer),
  };
}
