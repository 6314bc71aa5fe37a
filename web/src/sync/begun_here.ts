// Drafts begun on this device that the server may not know yet. Kept in local storage: they must be there when the call
// returns, since the page is left right after it.

import { api, Problem } from "../common/api.js";
import { toSnapshot } from "./snapshot.js";
import { FIRST_SEQ } from "./unborn.js";
import { Refusal, type Snapshot, type Transport } from "./wire.js";

export interface Begun {
  id: string;
  /** Milliseconds, by this device's clock. */
  at: number;
  /** What a form is of and about; a document has none. */
  form?: BegunForm;
}

export interface BegunForm {
  form: string;
  subject: string | null;
}

const prefixOf = (account: string): string => `draftloom-${account}/begun/`;

/** False when the browser keeps storage from us: such a draft would be lost with its page. */
export function rememberBegun(account: string, id: string, form?: BegunForm): boolean {
  try {
    localStorage.setItem(prefixOf(account) + id, JSON.stringify({ at: Date.now(), form }));
    return true;
  } catch {
    return false;
  }
}

export function begunHere(account: string): Begun[] {
  const prefix = prefixOf(account);
  try {
    return namesWith(prefix).flatMap((name) => {
      const kept = read(localStorage.getItem(name));
      return kept === null ? [] : [{ id: name.slice(prefix.length), ...kept }];
    });
  } catch {
    return [];
  }
}

const namesWith = (prefix: string): string[] => Object.keys(localStorage).filter((name) => name.startsWith(prefix));

/** Null for what nobody here wrote: what kind of draft it was to be is unknown then. Words of such a draft are kept apart
 *  from it, and put aside for their author when the server refuses them. Earlier versions kept the time alone. */
function read(kept: string | null): Omit<Begun, "id"> | null {
  let value: unknown;
  try {
    value = JSON.parse(kept ?? "null");
  } catch {
    return null;
  }
  if (typeof value === "number") return { at: value };
  const { at, form } = (value ?? {}) as Partial<Begun>;
  if (typeof at !== "number") return null;
  if (form === undefined) return { at };
  if (form === null || typeof form.form !== "string") return null;
  return { at, form: { form: form.form, subject: form.subject ?? null } };
}

const mergedPrefixOf = (account: string): string => `draftloom-${account}/merged/`;
const mergedKey = (account: string, id: string): string => mergedPrefixOf(account) + id;

/** The draft that words written in `id` belong to: of a form and subject there is one, and the server had one already. */
export function mergedInto(account: string, id: string): string | null {
  try {
    return localStorage.getItem(mergedKey(account, id));
  } catch {
    return null;
  }
}

export const isBegunHere = (account: string, id: string): boolean => begunHere(account).some((begun) => begun.id === id);

export function forgetBegun(account: string, id: string): void {
  localStorage.removeItem(prefixOf(account) + id);
}

/** Everything this device knows of drafts begun on it, also where the server has put their words; for signing out. */
export function forgetAllBegun(account: string): void {
  try {
    for (const prefix of [prefixOf(account), mergedPrefixOf(account)]) for (const name of namesWith(prefix)) localStorage.removeItem(name);
  } catch {
    // A browser that keeps storage from us has nothing to forget.
  }
}

/** Makes the draft known to the server; asking twice makes nothing twice. Throws `Problem`. */
export async function makeKnown(account: string, id: string): Promise<void> {
  const form = begunHere(account).find((begun) => begun.id === id)?.form;
  try {
    const made = await api<{ id: string }>("POST", "/api/drafts", form ? { kind: "form", id, fields: form } : { kind: "document", id });
    // Kept before the draft is forgotten: its words must find their way from then on, also after a crash.
    if (made.id !== id) localStorage.setItem(mergedKey(account, id), made.id);
  } catch (error) {
    // Erased meanwhile: it cannot be begun again. Its words are parked when they are refused.
    if (error instanceof Problem && error.code === "id_taken") forgetBegun(account, id);
    throw error;
  }
  forgetBegun(account, id);
}

/** The way `to` the server on which the draft is made known before anything else is said about it. */
export function madeKnown(to: (draftId: string) => Transport, account: string, id: string): Transport {
  const there = (): Transport => to(mergedInto(account, id) ?? id);
  let known: Promise<void> | null = null;
  let misfit = false;
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
        const answer = await first(() => there().send(command, options));
        // The other one began with words, for instance of a template: ours are put beside those, not beside what came later,
        // so that what was changed in both is found.
        misfit = answer.kind === "refused" && answer.code === "invalid_change" && command.base_seq === FIRST_SEQ && mergedInto(account, id) !== null;
        return answer.kind === "refused" && misfit ? { ...answer, code: "unknown_seq" } : answer;
      } catch (error) {
        if (!(error instanceof Problem) || error.status === 0) throw error;
        const { status, code, message, retryAfter } = error;
        return { kind: "refused", status, code, detail: message, retryAfter };
      }
    },
    events: (after) => reading(() => there().events(after)),
    snapshot: () => reading(() => (misfit ? beginning(there()) : there().snapshot())),
  };
}

/** The fields a form had when it was made. */
async function beginning(transport: Transport): Promise<Snapshot> {
  const [made] = (await transport.events(FIRST_SEQ - 1)).items;
  const fields = made?.payload?.["fields"];
  if (typeof fields !== "object" || fields === null) return transport.snapshot();
  return toSnapshot({ kind: "form", seq: FIRST_SEQ, text: null, fields: fields as Record<string, unknown> });
}
