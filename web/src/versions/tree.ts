// The order and shape of the versions list: newest first, grouped by day, branches indented. No DOM.

export interface Version {
  id: string;
  number: number;
  parent_id: string | null;
  merged_from_id: string | null;
  source: "user" | "ai_generation" | "ai_edit";
  author: { kind?: string; id?: string | null; name?: string | null } | string | null;
  model: string | null;
  label: string | null;
  words: number;
  words_delta: number;
  cost_usd: string | null;
  created_at: string;
  current: boolean;
  /** Names of the branches that end here; in lists. */
  branches?: string[];
  text?: string | null;
}

const DEEPEST = 6;

/** How far each version is indented: 0 on the line that leads to the current one, one more for each branch off it. */
export function depths(versions: readonly Version[]): Map<string, number> {
  const byId = new Map(versions.map((version) => [version.id, version]));
  const line = mainLine(versions, byId);
  const newestChild = new Map<string, Version>();
  for (const version of versions) {
    const known = version.parent_id === null ? undefined : newestChild.get(version.parent_id);
    if (version.parent_id !== null && !line.has(version.id) && (!known || known.number < version.number)) newestChild.set(version.parent_id, version);
  }
  const result = new Map<string, number>();
  for (const version of [...versions].sort((a, b) => a.number - b.number)) {
    const parent = version.parent_id;
    const above = parent === null ? 0 : (result.get(parent) ?? 0);
    const continues = parent !== null && !line.has(parent) && newestChild.get(parent) === version;
    const depth = line.has(version.id) || parent === null || !byId.has(parent) ? 0 : continues ? above : above + 1;
    result.set(version.id, Math.min(DEEPEST, depth));
  }
  return result;
}

function mainLine(versions: readonly Version[], byId: Map<string, Version>): Set<string> {
  const line = new Set<string>();
  let at = versions.find(({ current }) => current) ?? versions.reduce<Version | undefined>((best, one) => (best && best.number > one.number ? best : one), undefined);
  while (at && !line.has(at.id)) {
    line.add(at.id);
    at = at.parent_id === null ? undefined : byId.get(at.parent_id);
  }
  return line;
}

/** Consecutive versions of one day under the day's name. */
export function byDay(versions: readonly Version[], dayOf: (version: Version) => string): { day: string; versions: Version[] }[] {
  const days: { day: string; versions: Version[] }[] = [];
  for (const version of versions) {
    const day = dayOf(version);
    const last = days.at(-1);
    if (last?.day === day) last.versions.push(version);
    else days.push({ day, versions: [version] });
  }
  return days;
}

export const isByModel = (version: Version): boolean => version.source !== "user";

export function authorName(version: Version): string {
  if (isByModel(version)) return version.model ?? "a model";
  const { author } = version;
  return (typeof author === "string" ? author : author?.name) || "you";
}
