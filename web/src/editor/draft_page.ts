// The editor page: everything it is made of, joined.

import { openSearchPanel } from "@codemirror/search";
import { api, Problem } from "../common/api.js";
import { byId, meta, somebodyTypes } from "../common/dom.js";
import { setUpPage } from "../common/everywhere.js";
import { count } from "../common/format.js";
import { menuButton, type MenuItem } from "../common/menu.js";
import { signInAgain } from "../common/sign_in_dialog.js";
import { messageIn } from "../chat/found_message.js";
import { Pane } from "../chat/pane.js";
import { starters } from "../chat/starters.js";
import { EditorComments } from "../comments/in_editor.js";
import { Conflicts } from "../conflicts/decide.js";
import { locksAt } from "../proposals/locks.js";
import { Review } from "../proposals/review.js";
import { exportItems } from "../files/export_menu.js";
import { reportItems } from "../reports/entry.js";
import { shareDialog } from "../sharing/dialog.js";
import { drain, openPage } from "../sync/boot.js";
import { browserSurroundings, deviceStore } from "../sync/browser.js";
import { liveHints, type LiveHints } from "../sync/live.js";
import { ownership } from "../sync/ownership.js";
import type { Session } from "../sync/session.js";
import { nearlyFull } from "../sync/storage_room.js";
import type { ParkedWords, SyncStatus } from "../sync/status.js";
import { isProse, toSnapshot, type DraftAnswer } from "../sync/snapshot.js";
import type { DraftEvent } from "../sync/wire.js";
import { toast } from "../common/toast.js";
import { explain } from "../versions/branches.js";
import { Compare } from "../versions/compare.js";
import { Drawer } from "../versions/drawer.js";
import { showWhoWrote } from "../versions/who_wrote.js";
import { formatBar, type FormatBar } from "./format_bar.js";
import { commands, onEditorKeys, SHORTCUTS, type EditorActs } from "./keys.js";
import { setUpLayout, type Layout } from "./layout.js";
import { saySetBack, sayInTrash, warnAboutRoom, warnAboutStorage } from "./notices.js";
import { followPage } from "./page_life.js";
import { askedToWriteBack, PutAside } from "./put_aside.js";
import { SavePill } from "./save_pill.js";
import { SavedAgo } from "./saved_ago.js";
import { ON_THE_BAR, selectionBar, type SelectionBar } from "./selection_bar.js";
import { Surface } from "./surface.js";
import { TextVersions } from "./text_versions.js";
import { setUpTitle, type TitleField } from "./title.js";
import { countWords } from "./word_count.js";

export interface Draft extends DraftAnswer {
  id: string;
  status: string;
  saved_at: string;
  deleted_at: string | null;
  current_version: { id: string; number: number; label: string | null } | null;
  conversation_id: string | null;
  running_turn_id: string | null;
}

const COUNT_PAUSE = 250;
/** Stands for the passage whose writers are asked for. */
const WHOSE = "whose";

export class DraftPage {
  private readonly account = meta("account");
  private session!: Session;
  private surface!: Surface;
  private pane!: Pane;
  private review!: Review;
  private comments!: EditorComments;
  private pill!: SavePill;
  private putAside!: PutAside;
  private sayTrash: (() => void) | null = null;
  private saved: SavedAgo | null = null;
  private title!: TitleField;
  private conflicts!: Conflicts;
  private drawer!: Drawer;
  private layout!: Layout;
  private live!: LiveHints;
  private versions!: TextVersions;
  private bars: (FormatBar | SelectionBar)[] = [];
  private starting: HTMLElement | null = null;
  private counting = 0;
  private asked = false;
  private warned = false;
  private troubled = false;

  constructor(private readonly draft: Draft) {}

  async open(): Promise<void> {
    setUpPage(SHORTCUTS, () => commands(this.acts));
    const store = await deviceStore(this.account);
    const owners = ownership();
    const around = browserSurroundings(this.draft.id, store);
    const screen = {
      remote: (changes: Parameters<Surface["remote"]>[0], event: DraftEvent | null) => this.remote(changes, event),
      value: (field: string, value: unknown) => void (field === "title" && this.title.show(String(value ?? ""))),
      event: (event: DraftEvent) => this.heard(event),
      status: (status: SyncStatus) => this.showStatus(status),
      parked: (words: ParkedWords) => this.putAside.add(words),
      setBack: saySetBack,
    };
    const newId = (): string => {
      const id = around.newId();
      owners.hold(id);
      return id;
    };
    this.pill = new SavePill(byId<HTMLButtonElement>("save-pill"), {
      signIn: () => void this.askToSignIn(),
      retry: () => this.session.wake(),
      open: () => this.sayTrash === null,
      insert: (text) => {
        this.surface.insertAtCursor(text);
        return true;
      },
      writeBack: (words) => this.putAside.writeBack(words),
      letGo: (words) => this.putAside.letGo(words),
    });
    this.putAside = new PutAside({ pill: this.pill, session: () => this.session, isProse: (field) => isProse("document", field), what: "text", changed: () => this.sayTrash?.() });
    const { session, text, others } = await openPage(this.draft.id, toSnapshot(this.draft), { ...around, newId, screen, claim: (replica) => owners.claim(replica) });
    this.session = session;
    this.surface = new Surface(byId("sheet"), text, meta("csp-nonce"), {
      typed: (changes, before) => session.typed(changes, before),
      changed: () => this.changed(),
      selected: (from, to) => {
        this.pane?.composer.selected(from, to);
        for (const bar of this.bars) bar.moved();
        this.review?.changed();
      },
    });
    byId("sheet").setAttribute("aria-busy", "false");
    this.title = setUpTitle(byId<HTMLInputElement>("title"), (title) => session.retitled(title), () => this.surface.focus());
    this.title.show(session.title());
    this.saved = new SavedAgo(this.draft.id, this.draft.saved_at, () => session.title());
    this.join();
    for (const words of (await store?.parked(this.draft.id).catch(() => [])) ?? []) this.putAside.add(words);
    for (const record of others) void drain(record, around).then(() => session.wake());
    session.wake();
    if (this.sayTrash === null) void this.putAside.offer(byId("notices"), askedToWriteBack());
    void nearlyFull().then((full) => full && warnAboutRoom());
    void this.review.refresh();
    void this.comments.panel.refresh();
    await this.pane.open();
    this.showFound();
    addEventListener("hashchange", () => this.showFound());
  }

  /** Joins the parts that need a session and a surface. */
  private join(): void {
    const { draft, session, surface } = this;
    this.conflicts = new Conflicts(draft.id, { moved: (seq) => session.hinted(seq), changed: (open) => this.pill.needsDecisions(open), mark: (id, range) => surface.contested(id, range && session.rangeOnScreen(...range)), show: (id) => surface.showContested(id) });
    void this.showConflicts();
    const compare = new Compare(() => undefined);
    this.versions = new TextVersions(draft.id, session, () => this.drawer.outdated());
    this.drawer = new Drawer(draft.id, compare, {
      restore: (version) => this.atRest(() => this.versions.restore(version)),
      checkpoint: (label) => this.versions.checkpoint(label),
      act: (path, body) => this.atRest(() => this.versions.act(path, body)),
      closed: () => byId("versions-toggle").click(),
    });
    this.layout = setUpLayout((part) => {
      if (part === "versions") {
        this.comments?.panel.close();
        void this.drawer.opened();
      }
      if (part !== "versions" && compare.open) compare.close();
      this.pane?.leaveAlternatives();
    });
    this.pane = new Pane(draft, session, surface, {
      compareWithText: (id) => void this.drawer.compareWithText(id),
      openVersion: (id) => {
        this.layout.show("versions");
        void this.drawer.open(id);
      },
      useVersion: (version) => this.versions.restore(version),
      versioned: (version) => {
        if (version.applied) this.versions.named(version.number, null);
        this.drawer.outdated();
      },
      taken: (version, seq) => this.versions.taken(version, seq),
      cost: (text) => void (byId("session-cost").textContent = text),
      news: () => this.layout.news("chat"),
      needSignIn: () => void this.askToSignIn(),
      review: (turnId) => {
        this.layout.show("write");
        this.review.start(turnId);
      },
      applyRun: (turnId) => this.review.decideRun(turnId, "accept"),
      ended: () => void this.review.refresh(),
    });
    this.review = new Review(draft.id, session, surface.view, {
      started: (turnId) => void this.pane.follow(turnId),
      versioned: (version) => {
        this.versions.named(version.number, version.label);
        this.drawer.outdated();
      },
      decided: () => void this.pane.refresh(),
    });
    this.comments = new EditorComments(draft.id, session, surface.view, () => {
      this.layout.closeVersions();
      this.layout.show("write");
    });
    byId("share").addEventListener("click", () => void shareDialog(draft.id, "document"));
    byId("version-name").addEventListener("click", () => this.layout.show("versions"));
    if (draft.current_version) this.versions.named(draft.current_version.number, draft.current_version.label);
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-act=export]")) menuButton(button, "Export as", () => this.exports());
    menuButton(byId<HTMLButtonElement>("more"), "More", () => [...this.exports(), { label: "Comments", run: () => this.comments.panel.open() }, { label: "Share…", run: () => void shareDialog(draft.id, "document") }, ...reportItems()]);
    this.live = liveHints([draft.id], { moved: (_draft, seq) => session.hinted(seq), review: () => void this.review.refresh(), comments: () => void this.comments.panel.refresh(), resync: () => this.lookAgain() });
    followPage(session, this.live, () => void this.pane.refresh());
    onEditorKeys(this.acts);
    this.joinBars();
    this.changed();
    if (draft.deleted_at) this.inTrash();
  }

  private lookAgain(): void {
    this.session.wake();
    void this.review.refresh();
    void this.comments.panel.refresh();
  }

  /** What is refused while the assistant writes shows the turn that is in the way, with its stop. */
  private async atRest<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Problem && error.code === "turn_running") await this.pane.pickUp();
      throw error;
    }
  }

  /** The places of contested passages hold for one position of the log only; this page may stand on another. */
  private async showConflicts(): Promise<void> {
    const { draft, session } = this;
    const stale = session.seq > draft.seq;
    const { seq, conflicts } = stale ? await api<Draft>("GET", `/api/drafts/${draft.id}`).catch(() => draft) : draft;
    if (session.seq < seq) await session.reach(seq);
    this.conflicts.set(session.seq === seq ? conflicts : conflicts.map((conflict) => ({ ...conflict, from: null, to: null })));
  }

  private joinBars(): void {
    const { composer } = this.pane;
    const { view } = this.surface;
    const selected = selectionBar(view, {
      ask: () => {
        this.layout.show("chat");
        composer.askAboutSelection();
      },
      // Whoever writes elsewhere by then would write over what is selected.
      act: (id, values) => void this.pane.chips.act(id, values).then(() => somebodyTypes() || view.focus()),
      tones: () => this.pane.chips.choices("tone", "tone"),
      more: () => this.pane.chips.items(ON_THE_BAR),
      ready: () => composer.ready,
      lock: () => void this.review.toggleLock(),
      locked: () => locksAt(view.state, view.state.selection.main.from, view.state.selection.main.to).length > 0,
      whoWrote: (from, to) => void this.whoWrote(from, to),
      comment: () => void this.comments.begin(),
    });
    this.bars = [formatBar(view), selected];
    for (const bar of this.bars) bar.moved();
  }

  private async whoWrote(from: number, to: number): Promise<void> {
    // While the last words are saved, the passage may come to lie elsewhere.
    this.surface.workOn(WHOSE, [from, to], false);
    try {
      await this.session.settled();
      const passage = this.surface.passageOf(WHOSE) ?? ([from, to] as const);
      const { id } = await this.versions.checkpoint();
      await showWhoWrote(id, ...passage, (version) => {
        this.layout.show("versions");
        void this.drawer.open(version);
      });
    } catch (error) {
      toast(explain(error));
    }
  }

  private readonly acts: EditorActs = {
    compose: (mode) => {
      this.layout.show("chat");
      if (mode) this.pane.composer.choose(mode);
      this.pane.composer.focus();
    },
    stop: () => void this.pane.stop(),
    running: () => this.pane.running,
    nameVersion: () => void this.drawer.nameNow(),
    versions: () => byId("versions-toggle").click(),
    formatting: () => byId("format-bar").querySelector<HTMLElement>("button[tabindex='0']")?.focus(),
    exports: () => this.exports(),
    review: () => this.review.start(),
    lock: () => void this.review.toggleLock(),
    comments: () => this.comments.panel.open(),
    comment: () => void this.comments.begin(),
    find: () => void openSearchPanel(this.surface.view),
  };

  private exports(): MenuItem[] {
    const { draft, session, surface } = this;
    return exportItems({ id: draft.id, title: () => session.title(), text: () => surface.text.toString(), settled: () => session.settled() });
  }

  /** A search result leads to a version or a message of this draft. */
  private showFound(): void {
    const message = messageIn(location.hash);
    if (message) {
      this.layout.show("chat");
      return void this.pane.showMessage(message.id, message.chat);
    }
    const [, version] = /^#version=([\w-]+)$/.exec(location.hash) ?? [];
    if (version === undefined) return;
    this.layout.show("versions");
    void this.drawer.open(version);
  }

  private remote(changes: Parameters<Surface["remote"]>[0], event: DraftEvent | null): void {
    try {
      const byModel = event?.actor?.kind === "model";
      this.surface.remote(changes, byModel, byModel && (this.review.deciding || this.pane.running));
    } catch {
      // Screen and session disagree, which must not happen; the session is what is saved.
      this.surface.replace(this.session.text());
    }
  }

  private heard(event: DraftEvent): void {
    this.conflicts.hear(event);
    if (event.type === "draft.discarded" || event.type === "draft.expired") this.inTrash();
    if (event.type === "draft.recovered") location.reload();
  }

  private showStatus(status: SyncStatus): void {
    this.pill.show(status);
    this.saved?.show(status);
    if (this.troubled && status.trouble === null) void this.pane?.refresh();
    this.troubled = status.trouble !== null;
    if (status.trouble === "sign-in" && !this.asked) void this.askToSignIn();
    if (status.trouble === "gone") this.surface.lock(true);
    if (status.trouble === "closed") this.inTrash();
    if (!status.stored && !this.warned) {
      this.warned = true;
      warnAboutStorage();
    }
  }

  private async askToSignIn(): Promise<void> {
    this.asked = true;
    if (!(await signInAgain(this.account))) return;
    this.asked = false;
    this.session.wake();
    this.live.retry();
    await this.pane.refresh();
  }

  private changed(): void {
    if (!this.pane) return;
    this.comments?.changed();
    clearTimeout(this.counting);
    this.counting = window.setTimeout(() => (byId("words").textContent = count(countWords(this.surface.text.toString()), "word")), COUNT_PAUSE);
    const empty = this.surface.text.length === 0 && !this.draft.deleted_at;
    if (empty && !this.starting) {
      this.starting = starters(this.pane.composer, () => this.layout.show("chat"));
      byId("sheet").append(this.starting);
    } else if (!empty && this.starting) {
      this.starting.remove();
      this.starting = null;
    }
  }

  private inTrash(): void {
    if (this.sayTrash !== null) return;
    this.surface.lock(true);
    byId<HTMLInputElement>("title").readOnly = true;
    this.sayTrash = sayInTrash(this.draft.id, () => this.putAside.count > 0);
    for (const bar of this.bars) bar.moved();
  }
}
