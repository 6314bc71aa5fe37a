// What can be done to one draft from the list: rename, duplicate, export, to the trash and back.

import { api, Problem } from "../common/api.js";
import { askText, whyNot } from "../common/dialog.js";
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
  /** Ids of drafts on their way to the trash, or there. */
  readonly leaving: Set<string>;
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
    const before = list.drafts;
    const index = before.findIndex(({ id }) => id === draft.id);
    const left = before.filter(({ id }) => id !== draft.id);
    list.leaving.add(draft.id);
    list.replace(left);
    list.focusRow(Math.min(index, list.drafts.length - 1));
    // Into another list than the one it left, it comes only by being read anew.
    const putBack = async (): Promise<void> => {
      list.leaving.delete(draft.id);
      if (list.drafts === left) list.replace(before);
      else await list.reload();
      list.focusRow(list.drafts.findIndex(({ id }) => id === draft.id));
    };
    const gone = await attempt(() => api("DELETE", `/api/drafts/${draft.id}`));
    if (!gone) return putBack();
    const undo = (): void => void attempt(() => api("POST", `/api/drafts/${draft.id}/recover`)).then((done) => void (done && putBack()));
    toast(`“${nameOf(draft)}” is in the trash.`, { label: "Undo", run: undo });
  }

  async function recover(draft: DraftSummary): Promise<void> {
    const done = await attempt(() => api("POST", `/api/drafts/${draft.id}/recover`));
    if (!done) return;
    list.leaving.delete(draft.id);
    list.replace(list.drafts.filter(({ id, deleted_at }) => id !== draft.id || deleted_at === null));
    toast("Back among your drafts.", { label: "Open", run: () => location.assign(`/drafts/${draft.id}`) });
  }

  /** A page that only renames is a replica of its own, with one command. */
  async function rename(draft: DraftSummary): Promise<void> {
    const title = await askText("Rename the draft", "Title", draft.title ?? "", "Rename", { maxlength: "255" }, (typed) =>
      whyNot(async () => {
        if (typed === (draft.title ?? "")) return;
        const { seq } = await read(draft);
        await api("POST", `/api/drafts/${draft.id}/commands`, { replica: newReplicaId(), n: 1, base_seq: seq, ops: [{ field: "title", set: typed }] });
      }),
    );
    if (title !== null) list.replace(list.drafts.map((other) => (other.id === draft.id ? { ...other, title } : other)));
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
      list.replace(list.drafts.map((other) => (other.id === draft.id ? { ...other, expires_at } : other)));
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
    share: ({ id, kind }) => void shareDialog(id, kind),
  };
}
