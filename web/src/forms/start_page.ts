// Starting a form, from nothing or a template; or what to do about the one that is unfinished.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h, meta, pageData } from "../common/dom.js";
import { day, time } from "../common/format.js";
import { begunHere, rememberBegun } from "../sync/begun_here.js";
import { newDraftId } from "../sync/identity.js";
import { offerLocalDrafts } from "./local_drafts.js";
import type { StartData } from "./wire.js";

interface Started {
  id: string;
  fields: { current_step: string };
}

export function open(): void {
  const data = pageData<StartData>();
  for (const when of document.querySelectorAll<HTMLTimeElement>("time[data-when]")) when.textContent = `${day(when.dateTime).replace(/^(Today|Yesterday)$/, (name) => name.toLowerCase())} ${time(when.dateTime)}`;
  document.getElementById("start")?.addEventListener("click", () => void attempt(() => start(data)));
  document.getElementById("fresh")?.addEventListener("click", () => void attempt(() => startFresh(data)));
  document.getElementById("preview")?.addEventListener("click", () => preview(data));
  for (const row of document.querySelectorAll<HTMLElement>("[data-template]")) {
    const id = row.dataset["template"] ?? "";
    row.querySelector("[data-act=use]")?.addEventListener("click", () => void attempt(() => start(data, id)));
    row.querySelector("[data-act=remove]")?.addEventListener("click", () => void attempt(() => removeTemplate(row, id)));
  }
  offerLocalDrafts(data, byId("notices"));
}

async function attempt(run: () => Promise<void>): Promise<void> {
  const problem = byId("problem");
  problem.hidden = true;
  try {
    await run();
  } catch (error) {
    problem.textContent = error instanceof Problem ? error.message : "That did not work.";
    problem.hidden = false;
  }
}

async function start(data: StartData, template: string | null = null): Promise<void> {
  try {
    const draft = await api<Started>("POST", "/api/drafts", { kind: "form", fields: { form: data.form, subject: data.subject }, template_id: template });
    location.assign(`/forms/${data.form}/${draft.id}/${draft.fields.current_step}`);
  } catch (error) {
    // What a template says is on the server alone.
    const id = error instanceof Problem && error.status === 0 && template === null ? beginHere(data) : null;
    if (id === null) throw error;
    location.assign(`/forms/${data.form}/${id}`);
  }
}

/** The form begun on this device without a network, or a new one; null where the device keeps nothing. */
function beginHere({ form, subject }: StartData): string | null {
  const account = meta("account");
  const before = begunHere(account).find((begun) => begun.form?.form === form && begun.form.subject === subject);
  if (before) return before.id;
  const id = newDraftId();
  return rememberBegun(account, id, { form, subject }) ? id : null;
}

async function startFresh(data: StartData): Promise<void> {
  if (data.draft) await api("DELETE", `/api/drafts/${data.draft.id}`);
  await start(data);
}

async function removeTemplate(row: HTMLElement, id: string): Promise<void> {
  await api("DELETE", `/api/form-templates/${id}`);
  row.remove();
}

function preview(data: StartData): void {
  const content = byId<HTMLTemplateElement>("preview-content").content.cloneNode(true);
  const dialog = openDialog(`Unfinished ${data.noun}`, [h("div", {}, content)], [h("a", { class: "button primary", href: `/forms/${data.form}/${data.draft?.id ?? ""}` }, "Continue")], { wide: true });
  dialog.foot.querySelector("a")?.focus();
}
