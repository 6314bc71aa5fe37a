// One report while it is written on this page: its form bound to its draft. It lives as long as the page, also while its
// dialog is closed, so that nothing typed is ever between two places.

import { api, Problem } from "../common/api.js";
import type { PutAside } from "../editor/put_aside.js";
import type { Fields, FieldsDraft, FieldsOptions } from "../fields/open.js";
import { openFields } from "../fields/open.js";
import { liveHints, type LiveHints } from "../sync/live.js";
import type { SyncStatus } from "../sync/status.js";
import { unbornKind } from "../sync/unborn.js";
import type { Details } from "./facts.js";
import { reportForm, missingIn, type ReportForm } from "./form.js";
import { forgetHere, rememberHere } from "./unfinished.js";
import { isWaiting, saySent, stopWaiting, submitReport, waitToSend, type Sent } from "./waiting.js";
import { REPORTS, type ReportKind } from "./words.js";

export type Ended = "submitted" | "discarded" | "gone";

export type Sending = { is: "sent"; sent: Sent } | { is: "waiting" } | { is: "refused"; message: string } | { is: "incomplete" };

export interface Writing {
  readonly id: string;
  readonly kind: ReportKind;
  readonly form: ReportForm;
  readonly ended: Ended | null;
  /** Whether anything was written in it. */
  readonly begun: boolean;
  readonly putAside: PutAside;
  send(): Promise<Sending>;
  /** It was sent without a connection, and is taken back to be changed. */
  hold(): void;
  /** Resolves when everything is on the server; rejects when something stands in the way. */
  saved(): Promise<void>;
  /** Keeps and sends what is there, and lets go of it. */
  close(): void;
}

export interface WritingLinks {
  facts: Details;
  areas: boolean;
  ended(how: Ended): void;
  /** More or less was put aside than before. */
  putAside?(): void;
  /** The report was put back: what was put aside is to be written in. */
  writeBack?: boolean;
  signIn?(): Promise<boolean>;
}

const LABELS: Record<string, string> = { title: "Title", description: "Description", metadata: "Sent along" };

export async function write(draft: FieldsDraft, kind: ReportKind, links: WritingLinks): Promise<Writing> {
  let fields: Fields | null = null;
  let ended: Ended | null = null;
  let waiting = false;
  let submitting = false;
  let live: LiveHints | null = null;
  const form = reportForm(kind, links.facts, links.areas, (details) => fields?.session.set("metadata", { ...links.facts, ...stored(), ...details }));

  function stored(): Details {
    const value = fields?.session.values()["metadata"];
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Details) : {};
  }
  /** The first words bring along where they were written. */
  const begin = (): void => {
    if (fields && Object.keys(stored()).length === 0) fields.session.set("metadata", form.details());
  };
  const begun = (): boolean => form.title.value.trim() !== "" || form.description.value.trim() !== "";
  const end = (how: Ended): void => {
    if (ended !== null || submitting) return;
    ended = how;
    forgetHere(kind, draft.id);
    form.lock();
    links.ended(how);
  };
  const follow = (status: SyncStatus): void => {
    if (live === null && wasUnborn && unbornKind(draft.id) === null && fields) {
      const { session } = fields;
      live = liveHints([draft.id], { moved: (_draft, seq) => session.hinted(seq), review: () => undefined, resync: () => session.wake() });
    }
    if (waiting && status.synced && status.trouble === null) void finish();
  };
  /** The connection is back and all words are on the server: now what was sent is handed in. */
  async function finish(): Promise<void> {
    waiting = false;
    if (!isWaiting(draft.id)) return;
    try {
      saySent(await submit(), kind);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      waiting = error.status === 0 || error.status >= 500;
    }
  }
  async function howItEnded(): Promise<Ended> {
    if (ended !== null) return ended;
    const { status } = await api<FieldsDraft>("GET", `/api/drafts/${draft.id}`).catch(() => ({ status: "gone" }));
    return status === "submitted" || status === "discarded" ? status : "gone";
  }
  async function submit(): Promise<Sent> {
    submitting = true;
    try {
      const sent = await submitReport(draft.id, kind);
      ended = "submitted";
      return sent;
    } finally {
      submitting = false;
    }
  }
  const wasUnborn = unbornKind(draft.id) !== null;
  const options: FieldsOptions = {
    root: form.element,
    pill: form.pill,
    notices: form.notices,
    label: (field) => LABELS[field] ?? field,
    changed: () => {
      if (!fields) return;
      form.showDetails(stored());
      if (begun() && !waiting && ended === null) rememberHere(kind, { id: draft.id, title: form.title.value, excerpt: form.description.value.slice(0, 120), at: new Date().toISOString(), begun: true });
    },
    status: follow,
    event: (event) => {
      if (event.type === "draft.submitted") end("submitted");
      if (event.type === "draft.discarded" || event.type === "draft.expired") end("discarded");
    },
    closed: () => {
      // An event may say why a moment later; a refusal alone does not.
      if (ended === null) queueMicrotask(() => void howItEnded().then(end));
    },
    what: REPORTS[kind].name,
    putAside: () => links.putAside?.(),
    ...(links.signIn ? { signIn: links.signIn } : {}),
  };
  fields = await openFields(draft, options);
  form.showDetails(stored());
  form.element.addEventListener("input", begin);
  const opened = fields;
  if (draft.status === "open") await opened.putAside.offer(form.notices, links.writeBack);

  async function send(): Promise<Sending> {
    const missing = missingIn(form);
    form.showErrors(missing);
    if (missing.length > 0) return { is: "incomplete" };
    begin();
    try {
      await opened.settled();
    } catch {
      return putOff();
    }
    if (opened.conflicts > 0) {
      opened.decide();
      return { is: "refused", message: "Decide first what was changed in two places at once." };
    }
    try {
      return { is: "sent", sent: await submit() };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return refused(error);
    }
  }
  function refused(error: Problem): Sending {
    if (error.status === 0 || error.status >= 500) return putOff();
    if (error.errors.length > 0) form.showErrors(error.errors);
    return { is: "refused", message: error.message };
  }
  function putOff(): Sending {
    const { trouble, stored: kept } = opened.session.status();
    if (trouble === "sign-in") return { is: "refused", message: "Sign in again to send it. Your words are kept on this device." };
    if (trouble !== null && trouble !== "offline" && trouble !== "server") return { is: "refused", message: "The server would not take all of it. Press the mark beside the buttons to see why." };
    if (!kept) return { is: "refused", message: "There is no connection, and this browser keeps nothing on the device. Leave this page open and send again later." };
    waiting = true;
    waitToSend({ id: draft.id, kind, title: form.title.value, at: new Date().toISOString() });
    return { is: "waiting" };
  }

  return {
    id: draft.id,
    kind,
    form,
    get ended() {
      return ended;
    },
    get begun() {
      return begun();
    },
    putAside: opened.putAside,
    send,
    hold() {
      waiting = false;
      stopWaiting(draft.id);
    },
    saved: () => opened.settled(),
    close() {
      live?.close();
      opened.close();
    },
  };
}
