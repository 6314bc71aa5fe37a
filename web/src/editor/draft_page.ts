// The editor page: everything it is made of, joined.

import { api } from "../common/api.js";
import { download } from "../common/copy.js";
import { byId, h, isApple, isMod, meta } from "../common/dom.js";
import { setUpPage, type Shortcut } from "../common/everywhere.js";
import { count } from "../common/format.js";
import { signInAgain } from "../common/sign_in_dialog.js";
import { toast } from "../common/toast.js";
import { Pane } from "../chat/pane.js";
import { starters } from "../chat/starters.js";
import { Conflicts } from "../conflicts/decide.js";
import { drain, openPage } from "../sync/boot.js";
import { browserSurroundings, deviceStore } from "../sync/browser.js";
import { liveHints, type LiveHints } from "../sync/live.js";
import { ownership } from "../sync/ownership.js";
import type { Session } from "../sync/session.js";
import type { SyncStatus } from "../sync/status.js";
import { toSnapshot, type DraftAnswer } from "../sync/transport.js";
import type { DraftEvent } from "../sync/wire.js";
import { Compare } from "../versions/compare.js";
import { Drawer } from "../versions/drawer.js";
import type { Version } from "../versions/tree.js";
import { setUpLayout, type Layout } from "./layout.js";
import { SavePill } from "./save_pill.js";
import { Surface } from "./surface.js";
import { setUpTitle, type TitleField } from "./title.js";
import { countWords } from "./word_count.js";

export interface Draft extends DraftAnswer {
  id: string;
  status: string;
  deleted_at: string | null;
  current_version: { id: string; number: number; label: string | null } | null;
  conversation_id: string | null;
  running_turn_id: string | null;
}

const SHORTCUTS: Shortcut[] = [
  { keys: "Mod-J", does: "Ask the assistant" },
  { keys: "Mod-S", does: "Name this version" },
  { keys: "Mod-Alt-H", does: "Versions" },
  { keys: "Mod-B", does: "Bold" },
  { keys: "Mod-I", does: "Italic" },
  { keys: "Mod-F", does: "Find and replace" },
  { keys: "Mod-Z", does: "Undo" },
  { keys: "Esc", does: "Stop the assistant" },
  { keys: "A", does: "In the versions: compare this one as A" },
  { keys: "B", does: "In the versions: compare this one as B" },
  { keys: "N", does: "In the versions: name it" },
  { keys: "R", does: "In the versions: restore it" },
];
const COUNT_PAUSE = 250;
const BACK_PATIENCE = 500;

export class DraftPage {
  private readonly account = meta("account");
  private session!: Session;
  private surface!: Surface;
  private pane!: Pane;
  private pill!: SavePill;
  private title!: TitleField;
  private conflicts!: Conflicts;
  private drawer!: Drawer;
  private layout!: Layout;
  private live!: LiveHints;
  private starting: HTMLElement | null = null;
  private counting = 0;
  private asked = false;
  private warned = false;

  constructor(private readonly draft: Draft) {}

  async open(): Promise<void> {
    setUpPage("Editor", SHORTCUTS);
    const store = await deviceStore(this.account);
    const owners = ownership();
    const around = browserSurroundings(this.draft.id, store);
    const screen = {
      remote: (changes: Parameters<Surface["remote"]>[0], event: DraftEvent | null) => this.remote(changes, event),
      title: (title: string) => this.title.show(title),
      event: (event: DraftEvent) => this.heard(event),
      status: (status: SyncStatus) => this.showStatus(status),
      parked: (words: Parameters<SavePill["addParked"]>[0]) => this.pill.addParked(words),
    };
    const newId = (): string => {
      const id = around.newId();
      owners.hold(id);
      return id;
    };
    this.pill = new SavePill(byId<HTMLButtonElement>("save-pill"), {
      signIn: () => void this.askToSignIn(),
      retry: () => this.session.wake(),
      insert: (text) => this.surface.insertAtCursor(text),
      letGo: (words) => this.session.letGo(words),
    });
    const { session, text, others } = await openPage(this.draft.id, toSnapshot(this.draft), { ...around, newId, screen, claim: (replica) => owners.claim(replica) });
    this.session = session;
    this.surface = new Surface(byId("sheet"), text, meta("csp-nonce"), {
      typed: (changes, before) => session.typed(changes, before),
      changed: () => this.changed(),
      selected: (from, to) => this.pane?.composer.selected(from, to),
    });
    byId("sheet").setAttribute("aria-busy", "false");
    this.title = setUpTitle(byId<HTMLInputElement>("title"), (title) => session.retitled(title), () => this.surface.focus());
    this.title.show(session.title());
    this.join();
    for (const words of (await store?.parked(this.draft.id).catch(() => [])) ?? []) this.pill.addParked(words);
    for (const record of others) void drain(record, around).then(() => session.wake());
    session.wake();
    await this.pane.open();
  }

  /** Joins the parts that need a session and a surface. */
  private join(): void {
    const { draft, session, surface } = this;
    this.conflicts = new Conflicts(draft.id, { moved: (seq) => session.hinted(seq), changed: (open) => this.pill.needsDecisions(open), mark: (id, range) => surface.contested(id, range && session.rangeOnScreen(...range)) });
    this.conflicts.set(draft.conflicts ?? []);
    const compare = new Compare(() => undefined);
    this.drawer = new Drawer(draft.id, compare, {
      restore: (version) => this.restore(version),
      checkpoint: (label) => this.checkpoint(label),
      closed: () => byId("versions-toggle").click(),
    });
    this.layout = setUpLayout((part) => {
      if (part === "versions") void this.drawer.opened();
      if (part !== "versions" && compare.open) compare.close();
    });
    this.pane = new Pane(draft, session, surface, {
      compareWithText: (id) => void this.drawer.compareWithText(id),
      openVersion: (id) => {
        this.layout.show("versions");
        void this.drawer.open(id);
      },
      useVersion: (version) => this.restore(version),
      versioned: (version) => {
        if (version.applied) this.nameVersion(version.number, null);
        this.drawer.outdated();
      },
      cost: (text) => void (byId("session-cost").textContent = text),
      news: () => this.layout.news("chat"),
      needSignIn: () => void this.askToSignIn(),
    });
    byId("version-name").addEventListener("click", () => this.layout.show("versions"));
    if (draft.current_version) this.nameVersion(draft.current_version.number, draft.current_version.label);
    for (const button of document.querySelectorAll("[data-act=export]")) button.addEventListener("click", () => this.export());
    this.live = liveHints([draft.id], { moved: (_draft, seq) => session.hinted(seq), resync: () => session.wake() });
    this.listen();
    this.changed();
    if (draft.deleted_at) this.inTrash();
  }

  private listen(): void {
    const { session } = this;
    window.addEventListener("online", () => {
      session.wake();
      this.live.retry();
      void this.pane.refresh();
    });
    window.addEventListener("offline", () => session.lost());
    window.addEventListener("pagehide", () => session.leave());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") session.leave();
      else session.wake();
    });
    window.addEventListener("blur", () => session.flush());
    window.addEventListener("beforeunload", (event) => {
      const { synced, stored } = session.status();
      if (!synced && !stored) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => this.key(event));
    if (!navigator.onLine) session.lost();
    document.querySelector(".editor-bar a[href='/']")?.addEventListener("click", (event) => this.goBack(event as MouseEvent));
  }

  /** Going back waits a moment for the last words, so that the list shows them. They are safe on the device anyway. */
  private goBack(event: MouseEvent): void {
    if (this.session.synced || isMod(event) || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const patience = new Promise((resolve) => setTimeout(resolve, BACK_PATIENCE));
    void Promise.race([this.session.settled().catch(() => undefined), patience]).then(() => location.assign("/"));
  }

  private key(event: KeyboardEvent): void {
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (isMod(event) && !event.altKey && !event.shiftKey && key === "j") this.askAssistant();
    else if (isMod(event) && !event.altKey && !event.shiftKey && key === "s") void this.drawer.nameNow();
    else if (isMod(event) && event.altKey && (key === "h" || event.code === "KeyH")) byId("versions-toggle").click();
    else if (event.key === "Escape" && !event.defaultPrevented && this.pane.running) void this.pane.stop();
    else return;
    event.preventDefault();
  }

  private askAssistant(): void {
    this.layout.show("chat");
    this.pane.composer.focus();
  }

  private remote(changes: Parameters<Surface["remote"]>[0], event: DraftEvent | null): void {
    try {
      this.surface.remote(changes, event?.actor?.kind === "model");
    } catch {
      // Screen and session disagree, which must not happen; the session is what is saved.
      this.surface.replace(this.session.text());
    }
  }

  private heard(event: DraftEvent): void {
    this.conflicts.hear(event);
    if (event.type === "draft.discarded") this.inTrash();
    if (event.type === "draft.recovered") location.reload();
  }

  private showStatus(status: SyncStatus): void {
    this.pill.show(status);
    if (status.trouble === "sign-in" && !this.asked) void this.askToSignIn();
    if (status.trouble === "gone" || status.trouble === "closed") this.surface.lock(true);
    if (!status.stored && !this.warned) this.warnAboutStorage();
  }

  private warnAboutStorage(): void {
    this.warned = true;
    const dismiss = h("button", { type: "button", class: "button small quiet", onclick: () => notice.remove() }, "I see");
    const notice = h("div", { class: "notice" }, h("span", { class: "grow" }, h("b", {}, "This browser keeps nothing on the device. "), "Your words are safe once they are saved on the server; without a connection they live in this page only."), dismiss);
    byId("notices").append(notice);
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

  private nameVersion(number: number, label: string | null): void {
    byId("version-name").textContent = label ? `Version ${number} · ${label}` : `Version ${number}`;
  }

  /** The text as it is now, as a version; the one it already is when nothing changed. */
  private async checkpoint(label?: string): Promise<Version> {
    await this.session.settled();
    const version = await api<Version>("POST", `/api/drafts/${this.draft.id}/versions`, label ? { label } : {});
    this.nameVersion(version.number, version.label);
    return version;
  }

  private async restore(version: { id: string; number: number }): Promise<void> {
    const before = await this.checkpoint();
    await this.bring(version.id);
    const undo = (): void => void this.bring(before.id).catch(() => toast("That did not work. The version is in the list."));
    toast(`Version ${version.number} is back. Your text before is version ${before.number}.`, { label: "Undo", run: undo });
  }

  private async bring(versionId: string): Promise<void> {
    const { version, seq } = await api<{ version: Version; seq: number }>("POST", `/api/drafts/${this.draft.id}/restore`, { version_id: versionId });
    await this.session.reach(seq);
    this.nameVersion(version.number, version.label);
    this.drawer.outdated();
  }

  private inTrash(): void {
    this.surface.lock(true);
    byId<HTMLInputElement>("title").readOnly = true;
    const back = (): void => void api("POST", `/api/drafts/${this.draft.id}/recover`).then(() => location.reload(), () => toast("That did not work. Try again."));
    byId("notices").append(h("div", { class: "notice" }, h("span", { class: "grow" }, "This draft is in the trash. It can be read, not changed."), h("button", { type: "button", class: "button small", onclick: back }, "Put back")));
  }

  private export(): void {
    const title = this.session.title().trim() || "Untitled draft";
    const name = title.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, " ").replace(/\s+/g, " ").trim().slice(0, 80);
    download(`${name || "draft"}.md`, `${this.surface.text.toString()}\n`);
    toast(`Exported as ${name}.md${isApple ? "" : " to your downloads"}.`);
  }
}
