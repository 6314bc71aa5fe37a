// Words that were put aside go into their draft again: as a command on the text they were written on, so that the server
// merges them as any other's and a conflict opens where it must. Its author is a replica of its own, named after the
// words: sent twice, they stand there once. No DOM.

import { ChangeSet } from "@codemirror/state";
import { same } from "../common/same.js";
import { replacement } from "./codepoints.js";
import { screenText, screenValues, type Replica } from "./replica.js";
import type { ParkedWords } from "./status.js";
import { verdict } from "./verdict.js";
import type { Answer, Command } from "./wire.js";

export const NOT_REACHED = "The server cannot be reached. Your words stay on this device; try again when the connection is back.";
export const NO_PLACE = "It is not known any more where these words belong. Put them in at the cursor, or copy them.";

/** Whether it is known where in the draft they belong. */
export const hasPlace = (words: ParkedWords): boolean => words.changes !== undefined;

/** Whether the draft on the page says all of it already. */
export function isThere({ changes = {} }: ParkedWords, shown: Replica, isProse: (field: string) => boolean): boolean {
  const values = screenValues(shown);
  return Object.entries(changes).every(([field, { after }]) => same(after, isProse(field) ? screenText(shown, field).toString() : (values[field] ?? null)));
}

/** The command that says again what was said on the words' own base; null where that base is not known. */
export const commandOf = ({ id, base }: ParkedWords): Command | null => (base ? { replica: id, n: 1, base_seq: base.seq, ops: base.ops } : null);

/** `taken`: by the event at `seq`, or by one this page learns of by looking. `elsewhere`: the server's log does not reach the base any more. */
export type Outcome = { is: "taken"; seq: number | null } | { is: "elsewhere" } | { is: "refused"; why: string };

/** What the server's answer to that command means. */
export function outcomeOf(answer: Answer): Outcome {
  if (answer.kind === "accepted") return { is: "taken", seq: answer.seq };
  // Nobody else sends under this name, so it has the words already.
  if (answer.code === "replica_fork") return { is: "taken", seq: null };
  if (answer.code === "unknown_seq") return { is: "elsewhere" };
  return { is: "refused", why: whyNot(answer) };
}

function whyNot(answer: Extract<Answer, { kind: "refused" }>): string {
  const judged = verdict(answer);
  if (judged.kind === "closed") return "The draft takes no words any more. They stay on this device, to be copied.";
  if (judged.kind !== "wait") return `The server would not take them again: ${answer.detail || answer.code}`;
  return judged.trouble === "sign-in" ? "Sign in again first. Your words stay on this device." : "The server has trouble just now. Your words stay on this device; try again in a moment.";
}

/** What writes a text's words into it as it reads `now`, beside what others wrote there since. */
export function writtenAgain(before: string, after: string, now: string): ChangeSet {
  const ours = ChangeSet.of(replacement(before, after), before.length);
  return now === after ? ChangeSet.empty(now.length) : ours.map(ChangeSet.of(replacement(before, now), before.length));
}
