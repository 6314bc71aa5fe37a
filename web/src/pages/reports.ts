// The pages of reports: opened with the form over it, the list, and one of them to be dealt with.

import { api } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { onSubmit, values } from "../common/form.js";
import { ago } from "../common/format.js";
import { toast } from "../common/toast.js";
import { openReport } from "../reports/entry.js";
import { onWaitingChanged, sendWaiting, waitingReports } from "../reports/waiting.js";
import { isReportKind, REPORTS } from "../reports/words.js";

export function openReportPage(): void {
  const { kind } = byId("main").dataset;
  if (isReportKind(kind)) openReport(kind, new URLSearchParams(location.search).get("draft") || null);
}

export function openSubmissions(): void {
  showTimes();
  const show = (): void => byId("waiting-reports").replaceChildren(...waitingReports().map(waitingRow));
  show();
  onWaitingChanged(show);
  for (const select of document.querySelectorAll<HTMLSelectElement>(".submissions select")) select.addEventListener("change", () => select.form?.requestSubmit());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target instanceof HTMLInputElement || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    byId("search").focus();
  });
}

function waitingRow({ kind, title, at }: ReturnType<typeof waitingReports>[number]): HTMLElement {
  const now = h("button", { type: "button", class: "button small", onclick: () => void sendWaiting() }, "Try now");
  return h("div", { class: "notice" }, h("span", { class: "grow" }, h("b", {}, `A ${REPORTS[kind].name} waits on this device: `), `${title || "without a title"}, from ${ago(at)}. It is sent when the server can be reached.`), now);
}

export function openSubmission(): void {
  showTimes();
  const form = document.getElementById("triage-form") as HTMLFormElement | null;
  if (!form) return;
  let before = values(form);
  onSubmit(form, async () => {
    const now = values(form);
    // What was left as it was may have been changed by another administrator meanwhile.
    const changed = Object.entries(now).filter(([name, value]) => value !== before[name]);
    const { state } = await api<{ state: string }>("PATCH", `/api/submissions/${byId("main").dataset["id"] ?? ""}`, Object.fromEntries(changed.map(([name, value]) => [name, name === "assignee" ? value || null : value])));
    before = now;
    const tag = document.querySelector<HTMLElement>(".submission-facts .tag[class*=state-]");
    if (tag) {
      tag.className = `tag state-${state}`;
      tag.textContent = form.querySelector<HTMLOptionElement>(`[name=state] [value="${CSS.escape(state)}"]`)?.label ?? "";
    }
    toast("Saved.");
  });
}

function showTimes(): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-ago]")) {
    time.title = new Date(time.dateTime).toLocaleString("en");
    time.textContent = ago(time.dateTime);
  }
}
