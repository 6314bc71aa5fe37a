// The shapes of comments as the API gives them.

export interface Said {
  id: string;
  /** null: the account is gone. */
  author: string | null;
  mine: boolean;
  body: string;
  created_at: string;
  edited_at: string | null;
  deleted: boolean;
}

export interface Thread {
  id: string;
  /** Where its passage stands in the text after event `seq` of the list; null when it is gone. */
  from: number | null;
  to: number | null;
  gone: boolean;
  quote: string;
  resolved_at: string | null;
  may_resolve: boolean;
  comments: Said[];
}

export interface Threads {
  items: Thread[];
  seq: number;
  may_write: boolean;
}

/** A passage of the text after event `seq`. */
export interface Passage {
  from: number;
  to: number;
  seq: number;
  quote: string;
}
