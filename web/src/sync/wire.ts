// The shapes a draft's log travels in. Only what the sync core reads; positions are UTF-16 units.

export type Op =
  | { field: string; changes: unknown }
  | { field: string; set: unknown };

/** One numbered change of one replica. Frozen once made: it is only ever re-sent unchanged. */
export interface Command {
  readonly replica: string;
  readonly n: number;
  readonly base_seq: number;
  readonly ops: readonly Op[];
}

export interface Actor {
  kind: "user" | "model" | "system";
  id: string | null;
  name?: string | null;
}

export interface DraftEvent {
  seq: number;
  type: string;
  payload: Record<string, unknown> | null;
  actor?: Actor;
  replica?: string | null;
  n?: number | null;
  at?: string;
}

/** A draft's fields at one position of its log: prose, and values that are set as a whole. */
export interface Snapshot {
  seq: number;
  texts: Record<string, string>;
  values: Record<string, unknown>;
}

export interface ConflictView {
  id: string;
  field: string;
  base: unknown;
  theirs: unknown;
  mine: unknown;
  /** Where both versions of a text passage stand, in the confirmed text. */
  from?: number | null;
  to?: number | null;
}

/** What became of a command. A promise that rejects means: no answer, so nothing is known. */
export type Answer =
  | { kind: "accepted"; seq: number; events: DraftEvent[] }
  | { kind: "refused"; status: number; code: string; detail: string; retryAfter: number | null; field?: string | null };

export interface Transport {
  send(command: Command, options: { leaving: boolean }): Promise<Answer>;
  events(after: number): Promise<{ items: DraftEvent[]; head: number }>;
  snapshot(): Promise<Snapshot>;
}

/** Raised by a transport when the server answered a read with an error. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
