// Reports from every page: a menu, the palette, a key, buttons marked `data-report`; and what waits is sent.

import { isTyping, meta } from "../common/dom.js";
import { menuButton, type MenuItem } from "../common/menu.js";
import type { PaletteCommand } from "../common/palette.js";
import { toast } from "../common/toast.js";
import { isReportKind, type ReportKind } from "./words.js";

const LOOK_AGAIN = 30_000;
const QUIET = 4_000;

const load = (): Promise<typeof import("./dialog.js")> => import("./dialog.js");

/** Over this page: the report named, or what was begun last, or a new one. */
export function openReport(kind: ReportKind, id: string | null = null): void {
  load().then(
    (dialog) => dialog.openReport(kind, id),
    () => void toast("The form could not be loaded. Try again when there is a connection."),
  );
}

const bug = (): void => openReport("bug_report");
const feature = (): void => openReport("feature_request");
const reports = (): void => location.assign("/submissions");

export const reportCommands = (): PaletteCommand[] => [
  { label: "Report a bug", keys: "!", run: bug },
  { label: "Request a feature", run: feature },
  { label: "Sent reports", run: reports },
];

export const reportItems = (): MenuItem[] => reportCommands().map(({ label, run }) => ({ label, run }));

export const REPORT_KEY = { keys: "!", does: "Report a bug" };

export function setUpReports(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-act=reports]")) {
    menuButton(button, "Help and reports", reportItems);
  }
  document.addEventListener("click", (event) => {
    const kind = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-report]")?.dataset["report"] : null;
    if (isReportKind(kind)) openReport(kind);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "!" || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    bug();
  });
  const send = (): void => void import("./waiting.js").then(({ sendWaiting, waitingReports }) => (waitingReports().length > 0 ? sendWaiting() : undefined));
  if (!meta("account")) return;
  // The form is fetched while nothing else is to be done, so that it opens without a connection too.
  window.setTimeout(() => void load().catch(() => undefined), QUIET);
  send();
  window.addEventListener("online", send);
  window.setInterval(send, LOOK_AGAIN);
}
