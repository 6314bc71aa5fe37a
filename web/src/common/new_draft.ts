// Starts a draft and goes to it.

import { api } from "./api.js";

/** Rejects with a `Problem` when the server cannot make one. */
export async function startDraft(): Promise<void> {
  const { id } = await api<{ id: string }>("POST", "/api/drafts", { kind: "document" });
  location.assign(`/drafts/${id}`);
}
