// Reports that were sent without a connection: they wait on this device, and go as soon as the server can be reached,
// whichever page is open then.

import { api, Problem } from "../common/api.js";
import { meta } from "../common/dom.js";
import { recall, remember } from "../common/kept.js";
import { toast } from "../common/toast.js";
import { forgetHere, rememberHere } from "./unfinished.js";
import { REPORTS, type ReportKind } from "./words.js";

export interface WaitingReport {
  id: string;
  kind: ReportKind;
  title: string;
  at: string;
}

const key = (): string => `reports-waiting.${meta("account")}`;
const CHANGED = "reports-waiting";

export function waitingReports(): WaitingReport[] {
  try {
    return JSON.parse(recall(key()) ?? "[]") as WaitingReport[];
  } catch {
    return [];
  }
}

function keep(reports: WaitingReport[]): void {
  remember(key(), reports.length > 0 ? JSON.stringify(reports) : null);
  document.dispatchEvent(new Event(CHANGED));
}

export const onWaitingChanged = (run: () => void): void => document.addEventListener(CHANGED, run);

export const isWaiting = (id: string): boolean => waitingReports().some((report) => report.id === id);
export const waitToSend = (report: WaitingReport): void => keep([...waitingReports().filter(({ id }) => id !== report.id), report]);
export const stopWaiting = (id: string): void => keep(waitingReports().filter((report) => report.id !== id));

/** What this device remembers of the account's reports; the words themselves are kept elsewhere. */
export function forgetReports(): void {
  for (const kind of Object.keys(REPORTS)) rememberHere(kind as ReportKind, null);
}

export interface Sent {
  id: string;
  number: number;
}

/** Hands a draft in whose words are all on the server, and tells its number. Throws `Problem`. */
export async function submitReport(id: string, kind: ReportKind): Promise<Sent> {
  await api("POST", `/api/drafts/${id}/submit`);
  stopWaiting(id);
  forgetHere(kind, id);
  return api<Sent>("GET", `/api/submissions/${id}`);
}

export function saySent({ number, id }: Sent, kind: ReportKind): void {
  toast(`Your ${REPORTS[kind].name} was sent. It is #${number}.`, { label: "Show", run: () => location.assign(`/submissions/${id}`) });
}

/** Sends what waits. A report whose page is still open somewhere is left to that page. */
export async function sendWaiting(): Promise<void> {
  if (waitingReports().length === 0) return;
  const { drainLeftovers } = await import("../sync/leftovers.js");
  const { left } = await drainLeftovers(meta("account"));
  for (const { id, kind } of waitingReports().filter((report) => !left.has(report.id))) {
    if (!isWaiting(id)) continue;
    try {
      saySent(await submitReport(id, kind), kind);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // What is refused for good becomes an unfinished report again; what could not be reached goes on waiting.
      if (error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429 && error.code !== "csrf") {
        stopWaiting(id);
        toast(`Your ${REPORTS[kind].name} could not be sent: ${error.message}`);
      }
    }
  }
}
