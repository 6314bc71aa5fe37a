// Drafts that this device named before the server knew of them: made there when the first words are sent, so that a
// draft can be begun without a network and none is made by only looking.

import { recall, remember } from "../common/kept.js";
import type { Snapshot } from "./wire.js";

const KEY = "unborn";

type Unborn = Record<string, string>;

function all(): Unborn {
  try {
    return JSON.parse(recall(KEY) ?? "{}") as Unborn;
  } catch {
    return {};
  }
}

function keep(unborn: Unborn): void {
  remember(KEY, Object.keys(unborn).length > 0 ? JSON.stringify(unborn) : null);
}

/** `id` stands for a new draft of this kind until the server has made it. */
export function nameUnborn(id: string, kind: string): void {
  keep({ ...all(), [id]: kind });
}

export const unbornKind = (id: string): string | null => all()[id] ?? null;

/** Makes the draft on the server, if it is not there yet; safe to do twice. Throws `Problem`. */
export async function bear(id: string, make: (kind: string) => Promise<unknown>): Promise<void> {
  const kind = unbornKind(id);
  if (kind === null) return;
  await make(kind);
  forgetUnborn(id);
}

export function forgetUnborn(id: string): void {
  const { [id]: _gone, ...others } = all();
  keep(others);
}

/** Where a draft stands that has only been made: every new one alike. */
export const FIRST_SEQ = 1;

/** The fields of a new report. */
export function firstFields(): Snapshot {
  return { seq: FIRST_SEQ, texts: { description: "" }, values: { title: "", metadata: {} } };
}
