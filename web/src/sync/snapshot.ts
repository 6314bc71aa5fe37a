// A draft as the server tells it, as the fields a replica starts from. No DOM.

import type { ConflictView, Snapshot } from "./wire.js";

export interface DraftAnswer {
  kind: string;
  seq: number;
  title: string;
  text: string | null;
  fields: Record<string, unknown>;
  conflicts: ConflictView[];
}

/** The prose of each kind of draft; a form's own prose bears a prefix. */
const PROSE: Record<string, string[]> = { document: ["text"], bug_report: ["description"], feature_request: ["description"], message: ["content"] };
export const isProse = (kind: string, field: string): boolean => PROSE[kind]?.includes(field) ?? field.startsWith("text.");

const withLineFeeds = (text: unknown): string => String(text ?? "").replace(/\r\n?/g, "\n");

export function toSnapshot(draft: Pick<DraftAnswer, "kind" | "seq" | "text" | "fields">): Snapshot {
  const snapshot: Snapshot = { seq: draft.seq, texts: {}, values: {} };
  for (const [field, value] of Object.entries({ ...draft.fields, ...(draft.text === null ? {} : { text: draft.text }) })) {
    if (isProse(draft.kind, field)) snapshot.texts[field] = withLineFeeds(value);
    else snapshot.values[field] = value;
  }
  return snapshot;
}
