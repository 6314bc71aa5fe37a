// A draft of any kind behind plain controls: opens its session on this page (device store, outbox, live hints, conflicts,
// words put aside, save pill) and binds the controls of `root` to its fields. The same sync core as the editor's.

import { Conflicts } from "../conflicts/decide.js";
import { api } from "../common/api.js";
import { meta } from "../common/dom.js";
import { signInAgain } from "../common/sign_in_dialog.js";
import { PutAside } from "../editor/put_aside.js";
import { SavePill } from "../editor/save_pill.js";
import { drain, openPage } from "../sync/boot.js";
import { browserSurroundings, deviceStore } from "../sync/browser.js";
import { liveHints, type LiveHints } from "../sync/live.js";
import { ownership } from "../sync/ownership.js";
import type { Screen, Session } from "../sync/session.js";
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
  /** Proves the account again when the session has ended; resolves false when the person put it off. */
  signIn?(): Promise<boolean>;
  /** Brings a field into view that may be on a part of the page that is hidden; false if there is none. */
  show?(field: string): boolean;
  /** Controls can be read, not changed. */
  readOnly?: boolean;
  /** What people call the draft; "draft" without. */
  what?: string;
  /** Something was said about the draft, or may have been. */
  comments?(): void;
  /** More or less was put aside than before. */
  putAside?(): void;
}

export interface Fields {
  readonly session: Session;
  readonly binding: Binding;
  /** Resolves when everything is saved; rejects when something stands in the way. */
  settled(): Promise<void>;
  /** Conflicts the person still has to decide. */
  readonly conflicts: number;
  decide(): void;
  /** The pill says how it is this moment, without waiting whether saving is quick. */
  showSaving(): void;
  /** Words of this draft the server would not take. */
  readonly putAside: PutAside;
  /** The draft was submitted, discarded or taken away: nothing can be changed any more. */
  readonly ended: boolean;
  /** Keeps and sends what is there, and lets go of the controls. */
  close(): void;
}

export async function openFields(draft: FieldsDraft, options: FieldsOptions): Promise<Fields> {
  const opened = new OpenFields(draft, options);
  await opened.open();
  return opened;
}

class OpenFields implements Fields {
  session!: Session;
  binding!: Binding;
  private live!: LiveHints;
  private decisions: Conflicts | null = null;
  private undecided = 0;
  private asked = false;
  readonly putAside: PutAside;
  ended = false;
  private readonly account = meta("account");
  private readonly ending = new AbortController();
  private readonly pill: SavePill;

  constructor(private readonly draft: FieldsDraft, private readonly options: FieldsOptions) {
    this.pill = new SavePill(options.pill, {
      signIn: () => void this.signIn(),
      retry: () => this.session.wake(),
      open: () => !options.readOnly && !this.ended && draft.status === "open",
      insert: (text) => insertAtCaret(options.root, text),
      writeBack: (words) => this.putAside.writeBack(words),
      letGo: (words) => this.putAside.letGo(words),
    });
    this.putAside = new PutAside({
      pill: this.pill,
      session: () => this.session,
      isProse: (field) => isProse(draft.kind, field),
      what: options.what ?? "draft",
      changed: () => options.putAside?.(),
    });
  }

  async open(): Promise<void> {
    const { draft, options, ending } = this;
    const store = await deviceStore(this.account);
    const owners = ownership();
    const around = browserSurroundings(draft.id, store);
    const newId = (): string => {
      const id = around.newId();
      owners.hold(id);
      return id;
    };
    const { session, others } = await openPage(draft.id, toSnapshot(draft), { ...around, newId, screen: this.screen(), claim: (replica) => owners.claim(replica) });
    this.session = session;
    this.binding = new Binding(options.root, session, (field) => isProse(draft.kind, field), ending.signal);
    if (options.readOnly || draft.status !== "open") this.binding.lock();
    this.decisions = this.joinConflicts();
    this.decisions.set(await openConflicts(draft, session));
    this.live = liveHints([draft.id], { moved: (_draft, seq) => session.hinted(seq), review: () => undefined, comments: () => options.comments?.(), resync: () => this.lookAgain() });
    followLife(session, this.live, ending.signal);
    for (const words of (await store?.parked(draft.id).catch(() => [])) ?? []) this.putAside.add(words);
    for (const record of others) void drain(record, around).then(() => session.wake());
    session.wake();
    options.changed?.();
  }

  private lookAgain(): void {
    this.session.wake();
    this.options.comments?.();
  }

  private screen(): Screen {
    const { options } = this;
    return {
      remote: (changes, _event, field) => {
        this.binding?.remote(field, changes);
        options.changed?.();
      },
      value: (field, value) => {
        this.binding?.value(field, value);
        options.changed?.();
      },
      event: (event) => {
        this.decisions?.hear(event);
        if (event.type === "draft.submitted" || event.type === "draft.discarded" || event.type === "draft.expired") this.end();
        options.event?.(event);
      },
      status: (status) => this.showStatus(status),
      parked: (words) => this.putAside.add(words),
    };
  }

  private showStatus(status: SyncStatus): void {
    this.pill.show(status);
    if (status.trouble === "sign-in" && !this.asked) void this.signIn();
    if (status.trouble === "gone" || status.trouble === "closed") this.end();
    this.options.status?.(status);
    this.options.changed?.();
  }

  private joinConflicts(): Conflicts {
    const { draft, options, session } = this;
    return new Conflicts(draft.id, {
      moved: (seq) => session.hinted(seq),
      changed: (count) => {
        this.undecided = count;
        this.pill.needsDecisions(count);
      },
      mark: () => undefined,
      show: (_id, conflict) => (options.show ? options.show(conflict.field) : this.focus(conflict.field)),
      label: (field) => options.label?.(field) ?? field,
      choices: (field) => choicesOf(options.root, field),
      notices: options.notices,
    });
  }

  private focus(field: string): boolean {
    const control = this.binding.control(field);
    control?.scrollIntoView({ block: "center" });
    control?.focus();
    return control !== null;
  }

  private async signIn(): Promise<void> {
    this.asked = true;
    if (!(await (this.options.signIn?.() ?? signInAgain(this.account)))) return;
    this.asked = false;
    this.session.wake();
    this.live.retry();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.binding?.lock();
    this.options.closed?.();
  }

  settled(): Promise<void> {
    return this.session.settled();
  }

  get conflicts(): number {
    return this.undecided;
  }

  decide(): void {
    this.decisions?.decide();
  }

  showSaving(): void {
    this.pill.showNow();
  }

  close(): void {
    this.session.leave();
    this.ending.abort();
    this.live.close();
    this.decisions?.close();
    void this.session.settled().catch(() => undefined).then(() => this.session.close());
  }
}

/** The page may stand on a later state than the one it was delivered with. */
async function openConflicts(draft: FieldsDraft, session: Session): Promise<ConflictView[]> {
  if (session.seq <= draft.seq) return draft.conflicts;
  const now = await api<FieldsDraft>("GET", `/api/drafts/${draft.id}`).catch(() => draft);
  return now.conflicts;
}
