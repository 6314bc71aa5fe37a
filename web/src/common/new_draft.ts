// Starts a draft and goes to it, also without a network: the device gives it its name and makes it known later.

import { rememberBegun } from "../sync/begun_here.js";
import { newDraftId } from "../sync/identity.js";
import { api, Problem } from "./api.js";
import { meta } from "./dom.js";

/** Rejects with a `Problem` when the server does not want to make one. */
export async function startDraft(): Promise<void> {
  const id = newDraftId();
  try {
    await api("POST", "/api/drafts", { kind: "document", id });
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 0 || !rememberBegun(meta("account"), id)) throw error;
  }
  location.assign(`/drafts/${id}`);
}
