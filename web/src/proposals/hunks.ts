// Proposed changes as ranges of the text, followed through every change; which of them are drawn is `drawing.ts`'s.

import { ChangeSet, MapMode, RangeSet, RangeValue, StateEffect, StateField, type ChangeDesc, type EditorState, type Range, type Transaction } from "@codemirror/state";

export interface Hunk {
  id: string;
  turnId: string;
  from: number;
  to: number;
  old: string;
  text: string;
  /** Within the hunk: what goes, and what comes in its place. */
  edits: readonly [number, number, string][];
  state: "pending" | "stale" | "ghost";
}

class HunkValue extends RangeValue {
  override mapMode = MapMode.TrackDel;
  constructor(readonly hunk: Omit<Hunk, "from" | "to">) {
    super();
    // What is written right before or behind a hunk stays outside of it.
    this.startSide = 1;
    this.endSide = -1;
  }
  override eq(other: HunkValue): boolean {
    return other.hunk === this.hunk;
  }
}

export const setHunks = StateEffect.define<readonly Hunk[]>();
export const setCurrent = StateEffect.define<string | null>();
export const addGhost = StateEffect.define<Hunk>();
/** A model begins to work on the text as it stands: its operations count in this text. */
export const beginGhosts = StateEffect.define<null>();
export const clearGhosts = StateEffect.define<null>();

interface Hunks {
  set: RangeSet<HunkValue>;
  current: string | null;
  /** Counts what must be drawn anew; ranges that only moved need not. */
  drawing: number;
}

const range = ({ from, to, ...hunk }: Hunk): Range<HunkValue> => new HunkValue(hunk).range(from, to);

export const hunkField = StateField.define<Hunks>({
  create: () => ({ set: RangeSet.empty, current: null, drawing: 0 }),
  update(hunks, transaction) {
    let { set, current, drawing } = hunks;
    if (transaction.docChanged && set.size > 0) {
      const marked = staled(set, transaction);
      set = marked.map(transaction.changes);
      if (marked !== hunks.set || set.size !== marked.size) drawing += 1;
    }
    const moved = set;
    for (const effect of transaction.effects) {
      if (effect.is(setHunks)) set = RangeSet.of(effect.value.map(range), true);
      else if (effect.is(setCurrent)) current = effect.value;
      else if (effect.is(addGhost)) set = set.update({ add: [range(effect.value)], sort: true });
      else if (effect.is(clearGhosts)) set = set.update({ filter: (_from, _to, { hunk }) => hunk.state !== "ghost" });
    }
    if (set !== moved || current !== hunks.current) drawing += 1;
    return set === hunks.set && current === hunks.current ? hunks : { set, current, drawing };
  },
});

/** Hunks whose words this transaction changes are stale at once; the server says later whether they really are. */
function staled(set: RangeSet<HunkValue>, { changes }: Transaction): RangeSet<HunkValue> {
  const stale: Range<HunkValue>[] = [];
  changes.iterChangedRanges((fromA, toA) => {
    set.between(fromA, toA, (from, to, value) => {
      if (value.hunk.state === "pending" && fromA < to && toA > from) stale.push(new HunkValue({ ...value.hunk, state: "stale" }).range(from, to));
    });
  });
  if (stale.length === 0) return set;
  const ids = new Set(stale.map(({ value }) => value.hunk.id));
  const once = [...new Map(stale.map((one) => [one.value.hunk.id, one])).values()];
  return set.update({ filter: (_from, _to, { hunk }) => !ids.has(hunk.id), add: once, sort: true });
}

/** How the text changed since the model began to work on it; null while none does. */
export const sinceBegun = StateField.define<ChangeDesc | null>({
  create: () => null,
  update(since, transaction) {
    if (since !== null && transaction.docChanged) since = since.composeDesc(transaction.changes.desc);
    for (const effect of transaction.effects) {
      if (effect.is(beginGhosts)) since = ChangeSet.empty(transaction.newDoc.length).desc;
      else if (effect.is(clearGhosts)) since = null;
    }
    return since;
  },
});

/** The hunks that touch a stretch, in order. */
export function hunksBetween(state: EditorState, from: number, to: number): Hunk[] {
  const found: Hunk[] = [];
  state.field(hunkField).set.between(from, to, (start, end, { hunk }) => void found.push({ ...hunk, from: start, to: end }));
  return found;
}

/** Everything that waits for a decision, in the order of the text. */
export const waiting = (state: EditorState): Hunk[] => hunksBetween(state, 0, state.doc.length).filter(({ state: one }) => one !== "ghost");
