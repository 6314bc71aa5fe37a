// What a refusal by the server means for the command that was refused. Pure.

import { PAUSE, type Trouble } from "./status.js";
import type { Answer } from "./wire.js";

export type Verdict =
  /** not now: the same command again later; `pause` null means back off */
  | { kind: "wait"; trouble: Trouble; pause: number | null }
  /** what is in a field is too long, or not of its kind: back to the buffer until it changes */
  | { kind: "hold"; trouble: Trouble }
  /** the number is taken by a later state of the same page */
  | { kind: "fork" }
  /** the server does not know our past */
  | { kind: "restart" }
  /** the draft takes no changes any more */
  | { kind: "closed"; trouble: Trouble }
  /** never: put the words aside and go on */
  | { kind: "park" };

const LATER = new Set([408, 425, 429]);

export function verdict({ status, code, retryAfter }: Extract<Answer, { kind: "refused" }>): Verdict {
  if (status === 401 || code === "csrf") return { kind: "wait", trouble: "sign-in", pause: PAUSE.signIn };
  if (LATER.has(status) || status >= 500) return { kind: "wait", trouble: "server", pause: retryAfter === null ? null : retryAfter * 1_000 };
  if (status === 413) return { kind: "hold", trouble: "too-large" };
  if (code === "invalid_value") return { kind: "hold", trouble: "invalid" };
  if (code === "replica_fork") return { kind: "fork" };
  if (code === "replica_gap" || code === "unknown_seq") return { kind: "restart" };
  if (code === "draft_closed") return { kind: "closed", trouble: "closed" };
  if (status === 404 || status === 410) return { kind: "closed", trouble: "gone" };
  return { kind: "park" };
}
