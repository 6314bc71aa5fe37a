// Drafts begun on this device that the server may not know yet. Kept in local storage: they must be there when the call
// returns, since the page is left right after it.

import { api, Problem } from "../common/api.js";
import { Refusal, type Transport } from "./wire.js";

export interface Begun {
  id: string;
  /** Milliseconds, by this device's clock. */
  at: number;
}

const prefixOf = (account: string): string => `draftloom-${account}/begun/`;

/** False when the browser keeps storage from us: such a draft would be lost with its page. */
export function rememberBegun(account: string, id: string): boolean {
  try {
    localStorage.setItem(prefixOf(account) + id, String(Date.now()));
    return true;
  } catch {
    return false;
  }
}

export function begunHere(account: string): Begun[] {
  const prefix = prefixOf(account);
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix));
    return names.map((name) => ({ id: name.slice(prefix.length), at: Number(localStorage.getItem(name)) }));
  } catch {
    return [];
  }
}

export const isBegunHere = (account: string, id: string): boolean => begunHere(account).some((begun) => begun.id === id);

export function forgetBegun(account: string, id?: string): void {
  for (const begun of begunHere(account)) if (id === undefined || begun.id === id) localStorage.removeItem(prefixOf(account) + begun.id);
}

/** Makes the draft known to the server; asking twice makes nothing twice. Throws `Problem`. */
export async function makeKnown(account: string, id: string): Promise<void> {
  try {
    await api("POST", "/api/drafts", { kind: "document", id });
  } catch (error) {
    // Erased meanwhile: it cannot be begun again. Its words are parked when they are refused.
    if (error instanceof Problem && error.code === "id_taken") forgetBegun(account, id);
    throw error;
  }
  forgetBegun(account, id);
}

/** The same way to the server, on which the draft is made known before anything else is said about it. */
export function madeKnown(transport: Transport, account: string, id: string): Transport {
  let known: Promise<void> | null = null;
  const first = async <T>(then: () => Promise<T>): Promise<T> => {
    if (isBegunHere(account, id)) {
      known ??= makeKnown(account, id).finally(() => (known = null));
      await known;
    }
    return then();
  };
  const reading = <T>(then: () => Promise<T>): Promise<T> =>
    first(then).catch((error: unknown) => {
      if (error instanceof Problem && error.status > 0) throw new Refusal(error.status, error.code, error.message);
      throw error;
    });
  return {
    async send(command, options) {
      try {
        return await first(() => transport.send(command, options));
      } catch (error) {
        if (!(error instanceof Problem) || error.status === 0) throw error;
        const { status, code, message, retryAfter } = error;
        return { kind: "refused", status, code, detail: message, retryAfter };
      }
    },
    events: (after) => reading(() => transport.events(after)),
    snapshot: () => reading(() => transport.snapshot()),
  };
}
