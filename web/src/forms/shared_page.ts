// A document that somebody shares: its title and text in plain fields, saved like everything else, and what is said about it.

import { FieldComments } from "../comments/in_fields.js";
import { byId, pageData } from "../common/dom.js";
import { askedToWriteBack } from "../editor/put_aside.js";
import { openFields, type FieldsDraft } from "../fields/open.js";

export async function open(): Promise<void> {
  const { draft, role } = pageData<{ draft: FieldsDraft; role: string }>();
  let comments: FieldComments | null = null;
  const look = (): void => void comments?.panel.refresh();
  const fields = await openFields(draft, {
    root: byId("form"),
    pill: byId<HTMLButtonElement>("save-pill"),
    notices: byId("notices"),
    label: (field) => (field === "title" ? "Title" : "Text"),
    readOnly: role !== "editor",
    what: "text",
    changed: () => comments?.changed(),
    comments: look,
    closed: look,
  });
  comments = new FieldComments(draft.id, fields.session, byId<HTMLTextAreaElement>("shared-text"));
  look();
  if (role === "editor" && draft.status === "open") await fields.putAside.offer(byId("notices"), askedToWriteBack());
}
