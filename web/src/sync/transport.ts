// The sync core's way to the server, over fetch.

import { api, Problem } from "../common/api.js";
import { toSnapshot, type DraftAnswer } from "./snapshot.js";
import { Refusal, type Answer, type Command, type DraftEvent, type Transport } from "./wire.js";

/** Browsers refuse a farewell (keepalive) request above 64 kB. */
const FAREWELL_LIMIT = 60_000;

export function httpTransport(draftId: string): Transport {
  const path = `/api/drafts/${draftId}`;
  return {
    async send(command: Command, { leaving }): Promise<Answer> {
      const keepalive = leaving && JSON.stringify(command).length < FAREWELL_LIMIT;
      try {
        const answer = await api<{ seq: number; events: DraftEvent[] }>("POST", `${path}/commands`, command, { keepalive });
        return { kind: "accepted", seq: answer.seq, events: answer.events };
      } catch (error) {
        if (!(error instanceof Problem) || error.status === 0) throw error;
        const { status, code, message, retryAfter, values } = error;
        return { kind: "refused", status, code, detail: message, retryAfter, field: typeof values["field"] === "string" ? values["field"] : null };
      }
    },
    events: (after) => read(() => api<{ items: DraftEvent[]; head: number }>("GET", `${path}/events?after=${after}&limit=500`)),
    snapshot: () => read(async () => toSnapshot(await api<DraftAnswer>("GET", path))),
  };
}

async function read<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Problem && error.status > 0) throw new Refusal(error.status, error.code, error.message);
    throw error;
  }
}
