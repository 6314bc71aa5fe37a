// A draft of any kind behind plain controls: opens its session on this page (device store, outbox, live hints, conflicts,
// words put aside, save pill) and binds the controls of `root` to its fields. The same sync core as the editor's.

import { Conflicts } from "../conflicts/decide.js";
import { api } from "../common/api.js";
import { meta } from "../common/dom.js";
import { signInAgain } from "../common/sign_in_dialog.js";
import { SavePill } from "../editor/save_pill.js";
import { drain, openPage } from "../sync/boot.js";
import { browserSurroundings, deviceStore } from "../sync/browser.js";
import { liveHints } from "../sync/live.js";
import { ownership } from "../sync/ownership.js";
import type { Session } from "../sync/session.js";
import type { SyncStatus } from "../sync/status.js";
import { isProse, toSnapshot, type DraftAnswer } from "../sync/snapshot.js";
import type { ConflictView, DraftEvent } from "../sync/wire.js";
import { Binding } from "./binding.js";
import { choicesOf } from "./controls.js";
import { insertAtCaret } from "./caret.js";
import { followLife } from "./life.js";

export interface FieldsDraft extends DraftAnswer {
  id: string;
  status: string;
}

export interface FieldsOptions {
  /** Holds the controls, each marked `data-field`. */
  root: HTMLElement;
  /** Where the state of saving is shown. */
  pill: HTMLButtonElement;
  /** Where it is said that something was changed in two places. */
  notices: HTMLElement;
  /** What people call a field. */
  label?(field: string): string;
  status?(status: SyncStatus): void;
  /** A field has another value than before, by whoever. */
  changed?(): void;
  event?(event: DraftEvent): void;
  /** The draft was submitted or discarded elsewhere, or is no longer this person's. */
  closed?(): void;
  /** Controls can be read, not changed. */
  readOnly?: boolean;
}

export interface Fields {
  readonly session: Session;
  readonly binding: Binding;
  /** Resolves when everything is saved; rejects when something stands in the way. */
  settled(): Promise<void>;
  /** Conflicts the person still has to decide. */
  readonly conflicts: number;
  decide(): void;
  /** Keeps and sends what is there, and lets go of the controls. */
  close(): void;
}

export async function openFields(draft: FieldsDraft, options: FieldsOptions): Promise<Fields> {
  const account = meta("account");
  const ending = new AbortController();
  const store = await deviceStore(account);
  const owners = ownership();
  const around = browserSurroundings(draft.id, store);
  const newId = (): string => {
    const id = around.newId();
    owners.hold(id);
    return id;
  };
  let binding: Binding | null = null;
  let open = 0;
  let asked = false;
  let closed = false;

  const signIn = async (): Promise<void> => {
    asked = true;
    if (!(await signInAgain(account))) return;
    asked = false;
    session.wake();
    live.retry();
  };
  const pill = new SavePill(options.pill, {
    signIn: () => void signIn(),
    retry: () => session.wake(),
    insert: (text) => insertAtCaret(options.root, text),
    letGo: (words) => session.letGo(words),
  });
  const screen = {
    remote: (changes: Parameters<Binding["remote"]>[1], _event: DraftEvent | null, field: string) => {
      binding?.remote(field, changes);
      options.changed?.();
    },
    value: (field: string, value: unknown) => {
      binding?.value(field, value);
      options.changed?.();
    },
    event: (event: DraftEvent) => {
      conflicts?.hear(event);
      if (event.type === "draft.submitted" || event.type === "draft.discarded") end();
      options.event?.(event);
    },
    status: (status: SyncStatus) => {
      pill.show(status);
      if (status.trouble === "sign-in" && !asked) void signIn();
      if (status.trouble === "gone" || status.trouble === "closed") end();
      options.status?.(status);
      options.changed?.();
    },
    parked: (words: Parameters<SavePill["addParked"]>[0]) => pill.addParked(words),
  };
  const end = (): void => {
    if (closed) return;
    closed = true;
    binding?.lock();
    options.closed?.();
  };
  let conflicts: Conflicts | null = null;
  const { session, others } = await openPage(draft.id, toSnapshot(draft), { ...around, newId, screen, claim: (replica) => owners.claim(replica) });
  binding = new Binding(options.root, session, (field) => isProse(draft.kind, field), ending.signal);
  if (options.readOnly || draft.status !== "open") binding.lock();
  conflicts = new Conflicts(draft.id, {
    moved: (seq) => session.hinted(seq),
    changed: (count) => {
      open = count;
      pill.needsDecisions(count);
    },
    mark: () => undefined,
    show: (_id, conflict) => {
      const control = binding?.control(conflict.field);
      control?.scrollIntoView({ block: "center" });
      control?.focus();
      return control !== null && control !== undefined;
    },
    label: (field) => options.label?.(field) ?? field,
    choices: (field) => choicesOf(options.root, field),
    notices: options.notices,
  });
  conflicts.set(await openConflicts(draft, session));
  const live = liveHints([draft.id], { moved: (_draft, seq) => session.hinted(seq), review: () => undefined, resync: () => session.wake() });
  followLife(session, live, ending.signal);
  for (const words of (await store?.parked(draft.id).catch(() => [])) ?? []) pill.addParked(words);
  for (const record of others) void drain(record, around).then(() => session.wake());
  session.wake();
  options.changed?.();
  return {
    session,
    binding,
    settled: () => session.settled(),
    get conflicts() {
      return open;
    },
    decide: () => conflicts?.decide(),
    close() {
      session.leave();
      ending.abort();
      live.close();
      conflicts?.close();
      void session.settled().catch(() => undefined).then(() => session.close());
    },
  };
}

/** The page may stand on a later state than the one it was delivered with. */
async function openConflicts(draft: FieldsDraft, session: Session): Promise<ConflictView[]> {
  if (session.seq <= draft.seq) return draft.conflicts;
  const now = await api<FieldsDraft>("GET", `/api/drafts/${draft.id}`).catch(() => draft);
  return now.conflicts;
}
