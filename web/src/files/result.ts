// One thing a search found.

export interface Found {
  kind: "draft" | "version" | "message";
  draft_id: string;
  id: string;
  title: string;
  snippet: { text: string; hit: boolean }[];
  at: string;
  note: string;
  /** The chat a message is of. */
  conversation_id?: string | null;
}

/** Where a result is looked at: a version and a message are beside their draft. */
export function addressOf({ kind, draft_id, id, conversation_id: chat }: Found): string {
  const place = kind === "draft" ? "" : `#${kind}=${id}`;
  return `/drafts/${draft_id}${place}${chat ? `&chat=${chat}` : ""}`;
}
