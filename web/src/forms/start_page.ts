// Starting a form, from nothing or a template; or what to do about the one that is unfinished.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h, pageData } from "../common/dom.js";
import { onPress } from "../common/early.js";
import { day, time } from "../common/format.js";
import { beginFromTemplate, beginHere, unfinishedHere } from "./begin_here.js";
import { offerLocalDrafts } from "./local_drafts.js";
import type { StartData } from "./wire.js";

interface Started {
  id: string;
  fields: { current_step: string };
}

export function open(): void {
  const data = pageData<StartData>();
  for (const when of document.querySelectorAll<HTMLTimeElement>("time[data-when]")) when.textContent = `${day(when.dateTime).replace(/^(Today|Yesterday)$/, (name) => name.toLowerCase())} ${time(when.dateTime)}`;
  const begin = document.getElementById("start");
  if (begin) onPress(begin, () => void attempt(() => start(data)));
  document.getElementById("fresh")?.addEventListener("click", () => void attempt(() => startFresh(data)));
  document.getElementById("preview")?.addEventListener("click", () => preview(data));
  for (const row of document.querySelectorAll<HTMLElement>("[data-template]")) {
    const id = row.dataset["template"] ?? "";
    const use = row.querySelector<HTMLElement>("[data-act=use]");
    if (use) onPress(use, () => void attempt(() => start(data, id)));
    row.querySelector("[data-act=remove]")?.addEventListener("click", () => void attempt(() => removeTemplate(row, id)));
  }
  offerUnfinished(data);
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
    // The templates stand far below it.
    problem.scrollIntoView({ block: "center" });
  }
}

async function start(data: StartData, template: string | null = null): Promise<void> {
  try {
    const draft = await api<Started>("POST", "/api/drafts", { kind: "form", fields: { form: data.form, subject: data.subject }, template_id: template });
    location.assign(`/forms/${data.form}/${draft.id}/${draft.fields.current_step}`);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 0) throw error;
    const id = template === null ? beginHere(data) : await beginFromTemplate(data, template);
    location.assign(`/forms/${data.form}/${id}`);
  }
}

/** A form begun here that the server does not know yet: said before another one is begun beside it. */
function offerUnfinished(data: StartData): void {
  const begun = data.draft === null ? unfinishedHere(data) : undefined;
  if (!begun) return;
  const when = new Date(begun.at).toISOString();
  const go = h("a", { class: "button small", href: `/forms/${data.form}/${begun.id}` }, "Continue");
  const since = day(when).replace(/^(Today|Yesterday)$/, (name) => name.toLowerCase());
  byId("notices").append(h("div", { class: "notice", role: "status" }, h("span", { class: "grow" }, `An unfinished ${data.noun} from ${since} ${time(when)} is on this device only.`), h("div", { class: "acts" }, go)));
}

async function startFresh(data: StartData): Promise<void> {
  if (data.draft) await api("DELETE", `/api/drafts/${data.draft.id}`);
  await start(data);
}

async function removeTemplate(row: HTMLElement, id: string): Promise<void> {
  try {
    await api("DELETE", `/api/form-templates/${id}`);
  } catch (error) {
    if (error instanceof Problem && error.status === 0) throw new Problem(0, error.code, "Removing a template needs a connection.");
    throw error;
  }
  row.remove();
}

function preview(data: StartData): void {
  const content = byId<HTMLTemplateElement>("preview-content").content.cloneNode(true);
  const dialog = openDialog(`Unfinished ${data.noun}`, [h("div", {}, content)], [h("a", { class: "button primary", href: `/forms/${data.form}/${data.draft?.id ?? ""}` }, "Continue")], { wide: true });
  dialog.foot.querySelector("a")?.focus();
}
