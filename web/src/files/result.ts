// One thing a search found.

export interface Found {
  kind: "draft" | "version" | "message";
  draft_id: string;
  id: string;
  title: string;
  snippet: { text: string; hit: boolean }[];
  at: string;
  note: string;
}

/** Where a result is looked at: a version and a message are beside their draft. */
export const addressOf = ({ kind, draft_id, id }: Found): string => `/drafts/${draft_id}${kind === "draft" ? "" : `#${kind}=${id}`}`;
