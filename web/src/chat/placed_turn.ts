// A turn with the passage it is limited to, as that lies in the text this page has.

import { api } from "../common/api.js";
import type { Session } from "../sync/session.js";
import type { Turn } from "./wire.js";

/** How often it is asked for while the text moves on. */
const TRIES = 5;

/** Reads a turn; without its passage when the text does not come to rest. Rejects with a `Problem`. */
export async function placedTurn(id: string, session: Session): Promise<Turn> {
  for (let tries = 1; ; tries += 1) {
    const turn = await api<Turn>("GET", `/api/turns/${id}`);
    if (!turn.passage) return turn;
    if (session.seq < turn.passage.seq) await session.reach(turn.passage.seq);
    if (session.seq === turn.passage.seq) return turn;
    if (tries === TRIES) return { ...turn, passage: null };
  }
}
