// Which report of a kind was begun and not sent: on the server, or on this device while the server cannot be reached.

import { api, Problem } from "../common/api.js";
import { meta } from "../common/dom.js";
import { recall, remember } from "../common/kept.js";
import type { FieldsDraft } from "../fields/open.js";
import { newReplicaId } from "../sync/identity.js";
import { FIRST_SEQ, nameUnborn, unbornKind } from "../sync/unborn.js";
import type { ReportKind } from "./words.js";

export interface Unfinished {
  id: string;
  title: string;
  excerpt: string;
  at: string;
}

interface Remembered extends Unfinished {
  /** It has words in it. */
  begun: boolean;
}

const PATIENCE = 5_000;
const keyOf = (kind: ReportKind): string => `report.${meta("account")}.${kind}`;

/** What this device knows of the report that was written here last. */
export function lastHere(kind: ReportKind): Remembered | null {
  try {
    return JSON.parse(recall(keyOf(kind)) ?? "null") as Remembered | null;
  } catch {
    return null;
  }
}

export function rememberHere(kind: ReportKind, report: Remembered | null): void {
  remember(keyOf(kind), report === null ? null : JSON.stringify(report));
}

/** The report was sent or put away; what was begun since is not forgotten. */
export function forgetHere(kind: ReportKind, id: string): void {
  if (lastHere(kind)?.id === id) rememberHere(kind, null);
}

interface Summary {
  id: string;
  title: string;
  excerpt: string;
  saved_at: string;
}

/** The report to go on with, newest first; null when there is none. */
export async function findUnfinished(kind: ReportKind): Promise<Unfinished | null> {
  const here = lastHere(kind);
  const unsaved = here !== null && here.begun && unbornKind(here.id) !== null ? here : null;
  try {
    const { items } = await api<{ items: Summary[] }>("GET", `/api/drafts?kind=${kind}&status=open&limit=1`, undefined, { timeout: PATIENCE });
    const [newest] = items.map(({ id, title, excerpt, saved_at }) => ({ id, title, excerpt, at: saved_at }));
    return unsaved ?? newest ?? null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return here?.begun ? here : null;
  }
}

const blank = (id: string, kind: ReportKind): FieldsDraft => ({ id, kind, seq: FIRST_SEQ, title: "", text: null, fields: { title: "", description: "", metadata: {} }, conflicts: [], status: "open" });

/** A report that exists on this device only, until its first words are sent. */
export function newReport(kind: ReportKind): FieldsDraft {
  const id = newReplicaId();
  nameUnborn(id, kind);
  return blank(id, kind);
}

/** The report as the server has it. Without a network it is as the device last had it; a refusal is thrown. */
export async function loadReport(id: string, kind: ReportKind): Promise<FieldsDraft> {
  if (unbornKind(id) !== null) return blank(id, kind);
  try {
    return await api<FieldsDraft>("GET", `/api/drafts/${id}`, undefined, { timeout: PATIENCE });
  } catch (error) {
    if (error instanceof Problem && (error.status === 0 || error.status >= 500)) return blank(id, kind);
    throw error;
  }
}
