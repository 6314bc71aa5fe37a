// The shapes of proposals and locks as the API gives them.

export type State = "pending" | "stale" | "accepted" | "rejected" | "withdrawn";

export interface Proposal {
  id: string;
  turn_id: string;
  index: number;
  state: State;
  /** Where its words stand, or stood if it is stale, in the text after event `seq` of the list. */
  from: number | null;
  to: number | null;
  old: string;
  new: string;
  /** The words that change: from, to (within `old`) and what takes their place. */
  edits: [number, number, string][];
  locked: boolean;
  refining: string | null;
}

export interface Listed<T> {
  items: T[];
  seq: number;
}

export interface Decided {
  id: string;
  state: State;
  seq: number | null;
  version: { id: string; number: number; label: string | null } | null;
  accepted: string[];
  stale: string[];
  locked: string[];
}

export interface Lock {
  id: string;
  from: number;
  to: number;
}
