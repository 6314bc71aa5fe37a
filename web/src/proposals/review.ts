// Reviewing what the assistant proposes: fetches it, shows it in the text, carries out what the writer decides.

import type { EditorView } from "@codemirror/view";
import { api, Problem } from "../common/api.js";
import { isMod, somebodyTypes } from "../common/dom.js";
import { toast } from "../common/toast.js";
import { announce } from "../editor/save_pill.js";
import { track, trackedPassage } from "../editor/tracked.js";
import type { Session } from "../sync/session.js";
import { ReviewBar } from "./bar.js";
import { setCurrent, setHunks, waiting, hunkField, type Hunk } from "./hunks.js";
import { locksAt, setLocks } from "./locks.js";
import { confirmLosses, dropped, refineDialog } from "./dialogs.js";
import type { Decided, Listed, Lock, Proposal } from "./wire.js";

export interface ReviewLinks {
  /** A turn was started to make a suggestion anew. */
  started(turnId: string): void;
  /** A version was made by accepting. */
  versioned(version: { number: number; label: string | null }): void;
  /** What the chat says about its suggestions is out of date. */
  decided(): void;
}

const LOOK_AGAIN = 900;
const TRIES = 4;
const MOMENT = 60;
const UNSAVED = "Your latest words are not saved yet, so this has to wait. Nothing is lost.";
/** Stands for the passage that is about to be locked. */
const NEXT_LOCK = "lock";

export class Review {
  private readonly bar: ReviewBar;
  private busy = 0;
  private shown: Hunk[] = [];
  private again = 0;
  private looking = 0;
  private after: (() => Promise<boolean>) | null = null;
  /** How often the writer has pressed a key or the mouse in the text. */
  private touched = 0;
  private fetching: Promise<void> | null = null;
  private outdated = false;

  constructor(
    private readonly draftId: string,
    private readonly session: Session,
    private readonly view: EditorView,
    private readonly links: ReviewLinks,
  ) {
    this.bar = new ReviewBar({
      step: (by) => this.step(by),
      accept: () => void this.decide("accept"),
      reject: () => void this.decide("reject"),
      refine: () => this.refine(),
      resuggest: () => void this.resuggest(),
      acceptAll: () => void this.decideAll("accept"),
      rejectAll: () => void this.decideAll("reject"),
      leave: () => view.focus(),
    });
    view.contentDOM.addEventListener("click", ({ target }) => this.pressed(target as HTMLElement));
    for (const type of ["keydown", "pointerdown", "paste"]) view.contentDOM.addEventListener(type, (event) => void (this.touched += Number(isMeant(event))));
    document.addEventListener("keydown", (event) => this.key(event));
  }

  /** Whether what enters the text now was decided here, so that it is this writer's to undo. */
  get deciding(): boolean {
    return this.busy > 0;
  }

  /** The text or the cursor changed on this page. Looked at a moment later, so that no key waits for it. */
  changed(): void {
    if (this.shown.length > 0 && this.looking === 0) this.looking = window.setTimeout(() => this.look(), MOMENT);
  }

  private look(): void {
    this.looking = 0;
    const before = this.shown;
    this.show();
    if (before.some(({ id, state }) => state === "pending" && this.shown.find((one) => one.id === id)?.state !== "pending")) this.lookAgain();
    else if (before.some(({ state }) => state === "stale")) this.lookAgain();
  }

  private lookAgain(): void {
    clearTimeout(this.again);
    this.again = window.setTimeout(() => void this.refresh(), LOOK_AGAIN);
  }

  /** Fetches proposals and locks, and shows them where they stand on this screen. */
  refresh(): Promise<void> {
    if (this.fetching) {
      this.outdated = true;
      return this.fetching;
    }
    this.fetching = this.fetch().finally(() => {
      this.fetching = null;
      if (!this.outdated) return;
      this.outdated = false;
      void this.refresh();
    });
    return this.fetching;
  }

  private async fetch(): Promise<void> {
    const { session, draftId } = this;
    for (let tries = 0; tries < TRIES; tries += 1) {
      let proposals: Listed<Proposal>, locks: Listed<Lock>;
      try {
        [proposals, locks] = await Promise.all([api<Listed<Proposal>>("GET", `/api/drafts/${draftId}/proposals?waiting=true`), api<Listed<Lock>>("GET", `/api/drafts/${draftId}/locks`)]);
      } catch (error) {
        // Offline, or signed out: what is shown stays, and the page looks again when the connection is back.
        if (error instanceof Problem) return;
        throw error;
      }
      if (session.seq < proposals.seq) await session.reach(proposals.seq);
      // Places hold for one position of the log only, and the writer may have gone on.
      if (session.seq !== proposals.seq || locks.seq !== proposals.seq) continue;
      return this.place(proposals.items, locks.items);
    }
    this.lookAgain();
  }

  private place(proposals: Proposal[], locks: Lock[]): void {
    const hunks = proposals.flatMap((one): Hunk[] => {
      const place = one.from === null || one.to === null ? null : this.session.rangeOnScreen(one.from, one.to);
      if (place === null) return [];
      const moved = one.state === "pending" && this.view.state.sliceDoc(...place) !== one.old;
      return [{ id: one.id, turnId: one.turn_id, from: place[0], to: place[1], old: one.old, text: one.new, edits: one.edits, state: moved ? "stale" : (one.state as Hunk["state"]) }];
    });
    const locked = locks.flatMap((lock): Lock[] => {
      const place = this.session.rangeOnScreen(lock.from, lock.to);
      return place && place[1] > place[0] ? [{ id: lock.id, from: place[0], to: place[1] }] : [];
    });
    this.view.dispatch({ effects: [setHunks.of(hunks), setLocks.of(locked)] });
    this.show();
  }

  private show(): void {
    this.shown = this.view.state.field(hunkField).set.size === 0 ? [] : waiting(this.view.state);
    const index = this.shown.findIndex(({ id }) => id === this.currentId);
    this.bar.show(this.shown, index < 0 ? null : index, this.busy > 0);
  }

  private get currentId(): string | null {
    return this.view.state.field(hunkField).current;
  }

  private get current(): Hunk | null {
    return this.shown.find(({ id }) => id === this.currentId) ?? null;
  }

  // Looking at one after the other

  /** Goes to the first suggestion of a run, or to the next one from the cursor. */
  start(turnId?: string): void {
    this.show();
    const first = turnId ? this.shown.find((one) => one.turnId === turnId) : undefined;
    if (first) this.lookAt(first);
    else this.step(1);
  }

  step(by: 1 | -1): void {
    this.show();
    const { shown } = this;
    if (shown.length === 0) return;
    const at = shown.findIndex(({ id }) => id === this.currentId);
    if (at >= 0) return this.lookAt(shown[(at + by + shown.length) % shown.length]);
    const cursor = this.view.state.selection.main.head;
    const next = by > 0 ? shown.find(({ to }) => to >= cursor) : shown.filter(({ from }) => from <= cursor).at(-1);
    this.lookAt(next ?? shown.at(by > 0 ? 0 : -1));
  }

  /** `go`: the cursor and the sight go there too. */
  private lookAt(hunk: Hunk | undefined, go = true): void {
    if (!hunk) return;
    this.view.dispatch({ effects: setCurrent.of(hunk.id), ...(go ? { selection: { anchor: hunk.from }, scrollIntoView: true } : {}) });
    this.show();
    announce(`Suggestion ${this.shown.findIndex(({ id }) => id === hunk.id) + 1} of ${this.shown.length}. ${spoken(hunk)}`);
  }

  private pressed(target: HTMLElement): void {
    const id = target.closest<HTMLElement>("[data-hunk]")?.dataset["hunk"];
    const hunk = this.shown.find((one) => one.id === id);
    if (hunk) {
      this.view.dispatch({ effects: setCurrent.of(hunk.id) });
      this.show();
    }
    const lock = target.closest<HTMLElement>("[data-lock]")?.dataset["lock"];
    if (lock) void this.unlock([lock]);
  }

  private key(event: KeyboardEvent): void {
    if (this.shown.length === 0 || document.querySelector("dialog[open]")) return;
    const both = isMod(event) && event.altKey;
    if (event.key === "F7") this.step(event.shiftKey ? -1 : 1);
    else if (both && event.key === "Enter") void this.decide("accept");
    else if (both && event.key === "Backspace") void this.decide("reject");
    else return;
    event.preventDefault();
  }

  // Deciding

  /** True once it is decided. */
  private async decide(what: "accept" | "reject", body: object = {}, say: (why: string) => void = toast): Promise<boolean> {
    this.show();
    const { current, touched } = this;
    if (!current || this.busy > 0) {
      this.step(1);
      return false;
    }
    if (current.state === "stale" && what === "accept") {
      say("The words this would change were changed meanwhile. Ask for it again, or dismiss it.");
      return false;
    }
    const at = this.shown.indexOf(current);
    const next = this.shown[at + 1] ?? this.shown[at - 1];
    const decided = await this.carryOut(
      () => api<Decided>("POST", `/api/proposals/${current.id}/${what}`, what === "accept" ? body : {}),
      (problem) => this.sure(problem, () => this.decide("accept", { ...body, confirm: true }, say)),
      say,
    );
    if (!decided) return this.goOn();
    // Whoever has gone on writing stays where they write.
    if (next) this.lookAt(this.shown.find(({ id }) => id === next.id), touched === this.touched);
    else if (!somebodyTypes()) this.view.focus();
    return true;
  }

  private async decideAll(what: "accept" | "reject"): Promise<void> {
    const runs = [...new Set(this.shown.map(({ turnId }) => turnId))];
    for (const run of runs) await this.decideRun(run, what);
    if (!somebodyTypes()) this.view.focus();
  }

  async decideRun(turnId: string, what: "accept" | "reject", confirm = false): Promise<void> {
    const decided = await this.carryOut(
      () => api<Decided>("POST", `/api/turns/${turnId}/${what}`, confirm ? { confirm } : {}),
      (problem) => this.sure(problem, () => this.decideRun(turnId, what, true).then(() => true)),
    );
    if (!decided) return void (await this.goOn());
    const left = decided.stale.length + decided.locked.length;
    if (what === "accept" && left > 0) toast(`${left} of them could not go in: ${decided.locked.length ? "a paragraph is locked" : "their words were changed meanwhile"}.`);
  }

  /** Asks before much is taken away; false when this is not why the server refused. */
  private async sure(problem: Problem, go: () => Promise<boolean>): Promise<boolean> {
    if (problem.code !== "loss_guard") return false;
    if (await confirmLosses(dropped(problem))) this.after = go;
    return true;
  }

  /** Sends a decision once the server has what is on the screen, and waits until the page has its result. */
  private async carryOut(send: () => Promise<Decided>, refused: (problem: Problem) => Promise<boolean> = () => Promise.resolve(false), say: (why: string) => void = toast): Promise<Decided | null> {
    this.busy += 1;
    this.show();
    try {
      await this.session.settled();
      const decided = await send();
      if (decided.seq !== null) await this.session.reach(decided.seq);
      if (decided.version) this.links.versioned(decided.version);
      return decided;
    } catch (error) {
      if (error instanceof Problem && (await refused(error))) return null;
      say(error instanceof Problem ? error.message : UNSAVED);
      return null;
    } finally {
      this.busy -= 1;
      await this.refresh();
      this.show();
      this.links.decided();
    }
  }

  /** What the writer confirmed, once the refused decision is over. */
  private async goOn(): Promise<boolean> {
    const { after } = this;
    this.after = null;
    return (await after?.()) ?? false;
  }

  private refine(): void {
    const { current } = this;
    if (current) refineDialog(current, ({ value, prompt = "" }) => (value === undefined ? this.askAnew(current, prompt) : this.acceptOwn(current, value)));
  }

  /** Null once the writer's own words are in the text in the place of a suggestion; else why not. */
  private async acceptOwn(hunk: Hunk, value: string): Promise<string | null> {
    this.show();
    if (this.shown.find(({ id }) => id === hunk.id)?.state !== "pending") return "The words this would change were changed meanwhile. Copy yours, and put them into the text by hand.";
    if (this.busy > 0) return "Another suggestion is being decided. Try again in a moment.";
    this.view.dispatch({ effects: setCurrent.of(hunk.id) });
    let why = "";
    return (await this.decide("accept", { value }, (said) => (why = said))) ? null : why;
  }

  private async resuggest(): Promise<void> {
    const why = this.current && (await this.askAnew(this.current, ""));
    if (why) toast(why);
  }

  /** Null once the suggestion is being made anew; else why not. */
  private async askAnew(hunk: Hunk, prompt: string): Promise<string | null> {
    try {
      await this.session.settled();
      const { id } = await api<{ id: string }>("POST", `/api/proposals/${hunk.id}/refine`, { prompt }, { timeout: 60_000 });
      this.links.started(id);
      return null;
    } catch (error) {
      return error instanceof Problem ? error.message : UNSAVED;
    }
  }

  // Locks

  /** Locks the selected paragraphs, or unlocks them if they are locked. */
  async toggleLock(): Promise<void> {
    const { from, to } = this.view.state.selection.main;
    const locked = locksAt(this.view.state, from, to);
    if (locked.length > 0) return this.unlock(locked.map(({ id }) => id));
    const line = this.view.state.doc.lineAt(from);
    // While the last words are saved, the paragraph may come to lie elsewhere.
    this.view.dispatch({ effects: track.of({ id: NEXT_LOCK, range: from === to ? [line.from, line.to] : [from, to], mark: null }) });
    try {
      await this.session.settled();
      const [start, end] = trackedPassage(this.view.state, NEXT_LOCK)?.range ?? [from, to];
      await api("POST", `/api/drafts/${this.draftId}/locks`, { from: start, to: end, seq: this.session.seq });
      toast("Locked: the assistant changes nothing in this paragraph.");
    } catch (error) {
      toast(error instanceof Problem ? error.message : UNSAVED);
    }
    await this.refresh();
  }

  private async unlock(ids: string[]): Promise<void> {
    try {
      for (const id of ids) await api("DELETE", `/api/drafts/${this.draftId}/locks/${id}`);
      toast("Unlocked.");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status !== 404) toast(error.message);
    }
    await this.refresh();
  }
}

/** Whether a key or a press means the text, rather than what is decided about it. */
function isMeant(event: Event): boolean {
  if (!(event instanceof KeyboardEvent)) return true;
  return !event.ctrlKey && !event.altKey && !event.metaKey && !["Control", "Alt", "Meta", "Shift", "F7"].includes(event.key);
}

function spoken({ state, old, text }: Hunk): string {
  if (state === "stale") return "Its words were changed meanwhile.";
  if (old === "") return `Insert: ${text.trim()}`;
  return text === "" ? `Remove: ${old}` : `Replace: ${old}. By: ${text}`;
}
