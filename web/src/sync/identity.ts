// Names for open pages and new drafts. `crypto.randomUUID` exists only in secure contexts; a server on the local network
// has none.

export function newReplicaId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return written(crypto.getRandomValues(new Uint8Array(16)), 4);
}

/** Ordered by time, as the server's own: rows of one time lie together. */
export function newDraftId(now = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(now / 2 ** (40 - 8 * index)) % 256;
  return written(bytes, 7);
}

function written(bytes: Uint8Array, version: 4 | 7): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
