// What can be done to one draft from the list: rename, duplicate, export, to the trash and back.

import { api, Problem } from "../common/api.js";
import { askText } from "../common/dialog.js";
import { count, daysUntil } from "../common/format.js";
import { toast } from "../common/toast.js";
import { savedExportItems } from "../files/export_menu.js";
import { shareDialog } from "../sharing/dialog.js";
import { newReplicaId } from "../sync/identity.js";
import { showDetails } from "./draft_details.js";
import type { DraftSummary, RowActions } from "./draft_list.js";

/** The list the draft is in. */
export interface DraftRows {
  readonly drafts: DraftSummary[];
  replace(drafts: DraftSummary[]): void;
  reload(): Promise<void>;
  focusRow(index: number): void;
}

interface Content {
  seq: number;
  title: string;
  text: string;
}

const read = (draft: DraftSummary): Promise<Content> => api<Content>("GET", `/api/drafts/${draft.id}`);
const nameOf = (draft: DraftSummary): string => draft.title?.trim() || "Untitled draft";

async function attempt(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    toast(error instanceof Problem ? error.message : "That did not work.");
    return false;
  }
}

export function draftActs(list: DraftRows): RowActions {
  async function remove(draft: DraftSummary): Promise<void> {
    const index = list.drafts.indexOf(draft);
    const putBack = (): void => {
      list.replace([...list.drafts.slice(0, index), draft, ...list.drafts.slice(index)]);
      list.focusRow(index);
    };
    list.replace(list.drafts.filter((other) => other !== draft));
    list.focusRow(Math.min(index, list.drafts.length - 1));
    const gone = await attempt(() => api("DELETE", `/api/drafts/${draft.id}`));
    if (!gone) return putBack();
    const undo = (): void => void attempt(() => api("POST", `/api/drafts/${draft.id}/recover`)).then((done) => done && putBack());
    toast(`“${nameOf(draft)}” is in the trash.`, { label: "Undo", run: undo });
  }

  async function recover(draft: DraftSummary): Promise<void> {
    const done = await attempt(() => api("POST", `/api/drafts/${draft.id}/recover`));
    if (!done) return;
    list.replace(list.drafts.filter((other) => other !== draft));
    toast("Back among your drafts.", { label: "Open", run: () => location.assign(`/drafts/${draft.id}`) });
  }

  /** A page that only renames is a replica of its own, with one command. */
  async function rename(draft: DraftSummary): Promise<void> {
    const title = await askText("Rename the draft", "Title", draft.title ?? "", "Rename", { maxlength: "255" });
    if (title === null || title === draft.title) return;
    await attempt(async () => {
      const { seq } = await read(draft);
      await api("POST", `/api/drafts/${draft.id}/commands`, { replica: newReplicaId(), n: 1, base_seq: seq, ops: [{ field: "title", set: title }] });
      list.replace(list.drafts.map((other) => (other === draft ? { ...other, title } : other)));
    });
  }

  async function duplicate(draft: DraftSummary): Promise<void> {
    await attempt(async () => {
      const copy = await api<{ id: string }>("POST", `/api/drafts/${draft.id}/duplicate`);
      await list.reload();
      list.focusRow(list.drafts.findIndex(({ id }) => id === copy.id));
      const open = (): void => location.assign(`/drafts/${copy.id}`);
      toast(`“${nameOf(draft)}” is duplicated, without its versions and its chat.`, draft.kind === "document" ? { label: "Open", run: open } : undefined);
    });
  }

  async function keep(draft: DraftSummary): Promise<void> {
    await attempt(async () => {
      const { expires_at } = await api<{ expires_at: string | null }>("POST", `/api/drafts/${draft.id}/keep`);
      list.replace(list.drafts.map((other) => (other === draft ? { ...other, expires_at } : other)));
      toast(expires_at === null ? `“${nameOf(draft)}” stays.` : `“${nameOf(draft)}” stays at least ${count(daysUntil(expires_at), "day")}.`);
    });
  }

  return {
    remove: (draft) => void remove(draft),
    recover: (draft) => void recover(draft),
    rename: (draft) => void rename(draft),
    duplicate: (draft) => void duplicate(draft),
    export: ({ id }) => savedExportItems(id),
    keep: (draft) => void keep(draft),
    details: (draft) => void showDetails(draft.id, nameOf(draft)),
    share: ({ id }) => void shareDialog(id),
  };
}
