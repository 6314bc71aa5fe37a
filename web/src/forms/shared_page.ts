// A document that somebody shares: its title and text in plain fields, saved like everything else.

import { byId, pageData } from "../common/dom.js";
import { askedToWriteBack } from "../editor/put_aside.js";
import { openFields, type FieldsDraft } from "../fields/open.js";

export async function open(): Promise<void> {
  const { draft, role } = pageData<{ draft: FieldsDraft; role: string }>();
  const fields = await openFields(draft, {
    root: byId("form"),
    pill: byId<HTMLButtonElement>("save-pill"),
    notices: byId("notices"),
    label: (field) => (field === "title" ? "Title" : "Text"),
    readOnly: role === "viewer",
    what: "text",
  });
  if (role !== "viewer" && draft.status === "open") await fields.putAside.offer(byId("notices"), askedToWriteBack());
}
