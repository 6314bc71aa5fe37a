// A sitting in words.

import { count } from "../common/format.js";

export interface Sitting {
  actor: { kind: string; id: string | null; name: string };
  device: string;
  from_seq: number;
  to_seq: number;
  started_at: string;
  ended_at: string;
  saves: number;
  inserted: number;
  removed: number;
  seconds: number;
  fields: string[];
  conflicts_opened: number;
  conflicts_resolved: number;
  status: string[];
}

const STATUS: Record<string, string> = {
  "draft.created": "began the draft",
  "draft.submitted": "submitted it",
  "draft.discarded": "put it into the trash",
  "draft.recovered": "took it out of the trash",
  "draft.kept": "kept it from expiring",
  "draft.expired": "It expired and went into the trash",
};

export function author({ actor }: Sitting, account: string): string {
  if (actor.kind === "model") return "A model";
  if (actor.kind === "system") return "Draftloom";
  return actor.id === account ? "You" : actor.name || "Somebody";
}

export const duration = (seconds: number): string => {
  if (seconds < 60) return seconds < 1 ? "" : `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

const named = (field: string): string => field.replace(/^data\./, "").replaceAll("_", " ");

/** What was done, as parts of one sentence that begins with who did it. */
export function deeds(sitting: Sitting): string[] {
  const { inserted, removed, fields, saves } = sitting;
  const done = sitting.status.map((type) => STATUS[type] ?? type);
  if (inserted > 0) done.push(`wrote ${count(inserted, "character")}`);
  if (removed > 0) done.push(`took out ${count(removed, "character")}`);
  const values = fields.filter((field) => field !== "text");
  const set = values.length > 3 ? `${count(values.length, "field")}` : values.map(named).join(", ");
  if (values.length > 0 && (inserted + removed === 0 || fields.length > values.length || saves > 0)) done.push(`changed ${set}`);
  if (sitting.conflicts_opened > 0) done.push(`met ${count(sitting.conflicts_opened, "conflict")}`);
  if (sitting.conflicts_resolved > 0) done.push(`settled ${count(sitting.conflicts_resolved, "conflict")}`);
  return done;
}

export function sentence(parts: string[]): string {
  const last = parts.at(-1) ?? "changed nothing";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}
