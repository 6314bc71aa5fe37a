// Where the passages that are commented on stand in the text on the screen.

import type { Session } from "../sync/session.js";
import type { Mark } from "./marks.js";
import type { Thread, Threads } from "./wire.js";

/** The threads whose passages are shown in the text. */
export function openThreads(threads: Threads | null): Thread[] {
  return (threads?.items ?? []).filter(({ gone, resolved_at }) => !gone && resolved_at === null);
}

/** Their places; null when the text has gone on: places hold for one position of the log only. */
export async function marksOnScreen(session: Session, threads: Threads): Promise<Mark[] | null> {
  if (session.seq < threads.seq) await session.reach(threads.seq);
  if (session.seq !== threads.seq) return null;
  return openThreads(threads).flatMap(({ id, from, to }): Mark[] => {
    const place = from === null || to === null ? null : session.rangeOnScreen(from, to);
    return place !== null && place[1] > place[0] ? [{ id, from: place[0], to: place[1] }] : [];
  });
}
