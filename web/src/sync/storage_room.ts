// Whether this device has room for what is written here, asked before typing goes on. Browsers that do not tell count as roomy.

/** Bytes below which a long draft and its unsent words may not fit any more. */
const LEAST = 8_000_000;
const MOST_USED = 0.95;

export interface Room {
  usage?: number;
  quota?: number;
}

export const isNearlyFull = ({ usage, quota }: Room): boolean =>
  usage !== undefined && quota !== undefined && quota > 0 && (quota - usage < LEAST || usage / quota > MOST_USED);

/** Also asks the browser not to clear what is kept here when it needs room itself. */
export async function nearlyFull(): Promise<boolean> {
  const storage = "storage" in navigator ? navigator.storage : undefined;
  if (!storage?.estimate) return false;
  try {
    await storage.persist?.();
    return isNearlyFull(await storage.estimate());
  } catch {
    return false;
  }
}
