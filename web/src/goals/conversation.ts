// The page of one conversation: puts stream, composer, thread and room together.

import { mountAttachments } from "../attachments/attachments.js";
import { api, Problem } from "../common/api.js";
import { copyText } from "../common/copy.js";
import { byId, h, icon, meta, pageData } from "../common/dom.js";
import { recall, remember } from "../common/kept.js";
import { menuButton, type MenuItem } from "../common/menu.js";
import { toast } from "../common/toast.js";
import { announce } from "../editor/save_pill.js";
import { assignInstructor } from "./assign.js";
import { Composer } from "./composer.js";
import { editMessage } from "./editing.js";
import { editGoal, goalFacts } from "./goal_facts.js";
import { catchUp, History, mergeReceipts, upToDate } from "./history.js";
import { Jumps, messageAddress } from "./jumps.js";
import { plain, type MessageActs } from "./message_view.js";
import { Outbox, type Outgoing } from "./outgoing.js";
import { Room } from "./room.js";
import { Selection } from "./selection.js";
import { Stream } from "./stream.js";
import { pickTemplate } from "./templates.js";
import { ThreadPanel } from "./thread_panel.js";
import { TypingLine } from "./typing_line.js";
import { asFields, changes, later, older, talkPath, type Conversation, type Message, type MessageDraft, type Person } from "./wire.js";

const COMPACT = "conversation.compact";

export function openConversation(): void {
  mountAttachments();
  new ConversationPage(pageData<Conversation>());
}

/** A phone's keyboard that covers the page instead of shrinking it must not cover the composer. */
function aboveKeyboard(): void {
  const view = window.visualViewport;
  view?.addEventListener("resize", () => {
    byId("talk").style.height = view.height < window.innerHeight - 1 ? `${view.height}px` : "";
  });
}

class ConversationPage {
  private readonly history: History;
  private readonly stream: Stream;
  private readonly outbox: Outbox;
  private readonly thread: ThreadPanel;
  private readonly selection: Selection;
  private readonly room: Room;
  private readonly typing = new TypingLine(byId("typing"));
  private readonly acts: MessageActs;
  private readonly jumps: Jumps;
  private composer: Composer | null = null;
  private present: Person[] = [];
  private asking = false;
  private askAgain = false;
  private seenTo: number;
  private gone = false;

  constructor(private talk: Conversation) {
    const me = meta("account");
    this.seenTo = talk.read_position;
    this.history = new History(talk.messages, talk.seq, talk.next !== null);
    this.acts = this.makeActs();
    const pending = { retry: (id: string) => this.outbox.retry(id), takeBack: (item: Outgoing) => this.backToWriting(item) };
    this.outbox = new Outbox({ account: me, conversation: talk.id, changed: () => this.showPending(), sent: (message) => this.sent(message) });
    this.stream = new Stream(this.history, talk.part === "administrator" ? null : talk.read_position, {
      acts: this.acts,
      me,
      older: (before, limit) => upToDate(this.history, () => older(talk.id, before, limit)),
      later: (after, limit) => upToDate(this.history, () => later(talk.id, after, limit)),
      atEnd: () => this.seen(),
      ...pending,
    });
    this.selection = new Selection({
      conversation: talk.id,
      history: this.history,
      mayWrite: () => this.acts.mayWrite,
      chosen: (ids) => this.stream.select(ids),
      changed: () => void this.look(),
      unreadFrom: (position) => this.unreadFrom(position),
    });
    this.thread = new ThreadPanel({ conversation: talk.id, types: talk.may_send, acts: this.acts, outbox: this.outbox, drafts: talk.drafts, pending, typing: () => this.room.typing(), show: (message) => void this.jumps.toMessage(message.id) });
    this.jumps = new Jumps({ conversation: talk.id, find: (id) => this.history.find(id), goTo: (position) => this.stream.goTo(position), openThread: (root, reply) => this.thread.open(root, false, reply) });
    this.header();
    this.compose();
    this.stream.receipts(talk.receipts);
    void this.stream.start().then(() => this.jumps.toAddressed());
    this.outbox.shown(talk.messages);
    this.showPending();
    this.room = new Room(talk.id, {
      changed: (message) => void this.look().then(() => (message === undefined ? undefined : this.refresh(message))),
      conversation: () => void this.reload(),
      typing: (person, seconds) => this.typing.show(person, seconds),
      seen: (receipt) => this.receipts([receipt]),
      present: (people) => this.showPresent(people),
      drafted: (replyTo) => this.joinAt(replyTo) ?? void this.look(),
      gone: () => this.leave(),
    });
    document.addEventListener("visibilitychange", () => this.seen());
    aboveKeyboard();
    void this.openAskedThread();
    byId("talk").classList.toggle("compact", recall(COMPACT) === "1");
    void this.outbox.send();
  }

  /** The address may name a thread: where a draft in it is gone on with. */
  private async openAskedThread(): Promise<void> {
    const id = new URLSearchParams(location.search).get("thread");
    if (id === null) return;
    const root = this.history.find(id) ?? (await api<Message>("GET", `/api/messages/${id}`).catch(() => null));
    if (root) await this.thread.open(root, true);
  }

  private makeActs(): MessageActs {
    const page = this;
    return {
      thread: (message, write) => void page.thread.open(page.history.find(message.id) ?? message, write),
      edit: (message, element, focus) => editMessage(message, element, (changed) => page.take([changed]), focus),
      copyLink: ({ id }) => void copyText(messageAddress(page.talk.id, id), "Link copied."),
      remove: (message) => void page.takeBack(message),
      restore: (message) => void page.request<Message>("POST", `/api/messages/${message.id}/restore`).then((back) => back !== null && back !== true && page.take([back])),
      select: (message) => page.selection.toggle(message.id),
      unread: (message) => void page.request("POST", `${talkPath(page.talk.id)}/bulk`, { action: "mark_unread", message_ids: [message.id] }).then((done) => void (done && page.unreadFrom(message.position))),
      get mayWrite() {
        return page.talk.may_send.length > 0 && !page.gone;
      },
    };
  }

  private header(): void {
    const { talk } = this;
    const title = talk.goal?.title ?? `Conversation with ${talk.part === "student" ? (talk.instructor?.name ?? "nobody yet") : talk.student.name}`;
    byId("talk-title").textContent = title;
    byId("talk-goal").replaceChildren(...(talk.goal ? [goalFacts(talk.goal)] : []));
    this.showPresent(this.present);
    const button = byId<HTMLButtonElement>("talk-menu");
    if (button.getAttribute("aria-haspopup") === null) menuButton(button, "Conversation", () => this.menu());
  }

  private menu(): MenuItem[] {
    const { talk } = this;
    const compact = byId("talk").classList.contains("compact");
    const items: MenuItem[] = [];
    const goal = talk.goal;
    if (goal) items.push({ label: "Goal…", run: () => editGoal(goal, (changed) => this.changeGoal({ ...goal, ...changed })) });
    items.push(
      { label: "Go to a day…", run: () => this.jumps.askDay() },
      { label: "Select messages", run: () => this.selection.begin() },
      { label: "Reply templates", run: () => pickTemplate(null) },
      { label: compact ? "Roomy view" : "Compact view", run: () => this.compact(!compact) },
      ...(talk.part === "administrator" ? [{ label: "Instructor…", run: () => assignInstructor(talk.id, talk.instructor, () => void this.reload()) }] : []),
      talk.status === "active" ? { label: "Archive", run: () => void this.archive("archived") } : { label: "Open again", run: () => void this.archive("active") },
    );
    return items;
  }

  private changeGoal(goal: NonNullable<Conversation["goal"]>): void {
    this.talk = { ...this.talk, goal };
    this.header();
  }

  private compact(on: boolean): void {
    remember(COMPACT, on ? "1" : null);
    byId("talk").classList.toggle("compact", on);
  }

  private async archive(status: string): Promise<void> {
    if (await this.request("PATCH", talkPath(this.talk.id), { status })) await this.reload();
  }

  private compose(): void {
    const place = byId("composer");
    if (!this.acts.mayWrite) {
      this.composer?.close();
      this.composer = null;
      const why = this.gone ? "You are no longer in this conversation." : this.talk.status === "archived" ? "This conversation is archived." : "You see this conversation and do not take part in it.";
      const again = this.talk.status === "archived" && !this.gone && h("button", { type: "button", class: "button small", onclick: () => void this.archive("active") }, "Open again");
      return place.replaceChildren(h("p", { class: "composer-closed" }, icon("lock"), why, again));
    }
    if (this.composer) return;
    const draft = this.talk.drafts.find(({ reply_to_id }) => reply_to_id === null);
    this.composer = new Composer({ place, conversation: this.talk.id, replyTo: null, types: this.talk.may_send, draft: draft ? asFields(this.talk.id, draft) : null, outbox: this.outbox, typing: () => this.room.typing() });
  }

  // What changes

  /** Asks for what came since, one question at a time. */
  private async look(): Promise<void> {
    if (this.gone) return;
    if (this.asking) return void (this.askAgain = true);
    this.asking = true;
    try {
      do {
        this.askAgain = false;
        const found = await catchUp(this.history.seq, (after) => changes(this.talk.id, after));
        this.take(found.items, found.seq);
        this.receipts(found.receipts);
        this.writtenHere(found.drafts);
      } while (this.askAgain);
      void this.outbox.send();
    } catch (error) {
      if (error instanceof Problem && error.status === 404) this.leave();
      else if (!(error instanceof Problem)) throw error;
    } finally {
      this.asking = false;
    }
  }

  /** The messages this person writes here, some perhaps begun on another page that nobody heard of. */
  private writtenHere(drafts: MessageDraft[]): void {
    // An answer that was on its way while a message left still names it.
    const open = drafts.filter(({ id }) => !this.outbox.took(id));
    this.talk = { ...this.talk, drafts: open };
    this.thread.drafts = open;
    for (const place of new Set(open.map(({ reply_to_id }) => reply_to_id))) this.joinAt(place);
  }

  /** Goes on with the message of a place that is on the screen; null for any other. */
  private joinAt(replyTo: string | null): true | null {
    const composer = replyTo === null ? this.composer : this.thread.composerOf(replyTo);
    composer?.join();
    return composer ? true : null;
  }

  /** A file that was checked does not move the conversation on: its message is read anew. */
  private async refresh(id: string): Promise<void> {
    if (this.gone || (!this.history.find(id) && !this.thread.has(id))) return;
    const message = await api<Message>("GET", `/api/messages/${id}`).catch(() => null);
    if (message) this.take([message]);
  }

  private take(items: Message[], seq?: number): void {
    if (items.length === 0 && seq === undefined) return;
    const fresh = this.history.take(items, seq);
    for (const { sender } of fresh) this.typing.hide(sender.id);
    this.stream.draw(fresh);
    this.thread.take(items);
    this.outbox.shown(items);
    this.tell(fresh.filter(({ mine }) => !mine));
    this.seen();
  }

  /** Says what others sent: rows come into the document also by scrolling, so the stream itself tells nothing. */
  private tell(fresh: Message[]): void {
    const said = fresh.filter(({ reply_to_id }) => reply_to_id === null);
    const last = said.at(-1);
    const reply = fresh.filter(({ reply_to_id }) => reply_to_id !== null).at(-1);
    if (last) announce(said.length > 1 ? `${said.length} new messages.` : `${last.sender.name}: ${plain(last.content)}`);
    else if (reply) announce(reply.reply_to_id === this.thread.rootId ? `${reply.sender.name}: ${plain(reply.content)}` : `${reply.sender.name} replied in a thread.`);
  }

  private sent(message: Message): void {
    this.composer?.wake();
    this.thread.wake();
    this.stream.settleLine();
    this.take([message]);
    void this.look();
  }

  private receipts(found: Conversation["receipts"]): void {
    this.talk = { ...this.talk, receipts: mergeReceipts(this.talk.receipts, found) };
    this.stream.receipts(this.talk.receipts);
  }

  /** Says how far the person has read, once, while the end is on the screen. */
  private seen(): void {
    const last = this.history.last;
    if (this.talk.part === "administrator" || document.visibilityState !== "visible" || !this.stream?.isAtEnd || last <= this.seenTo) return;
    this.seenTo = last;
    if (!this.room?.seen(last)) void api("POST", `${talkPath(this.talk.id)}/read`, { position: last }).catch(() => (this.seenTo = this.talk.read_position));
  }

  private unreadFrom(position: number): void {
    this.seenTo = this.history.last;
    this.stream.unreadFrom(position);
    toast("Marked as unread from here.");
  }

  private async reload(): Promise<void> {
    try {
      const { messages, receipts, drafts, next, ...talk } = await api<Conversation>("GET", `${talkPath(this.talk.id)}?limit=1`);
      this.talk = { ...this.talk, ...talk, seq: this.talk.seq };
      this.header();
      this.compose();
      this.stream.draw();
    } catch (error) {
      if (error instanceof Problem && error.status === 404) this.leave();
      else if (!(error instanceof Problem)) throw error;
    }
  }

  private leave(): void {
    if (this.gone) return;
    this.gone = true;
    this.room?.end();
    this.thread.close();
    this.compose();
    byId("log").replaceChildren();
    byId("stream-top").replaceChildren(h("div", { class: "empty" }, h("p", { class: "empty-title" }, "This conversation is no longer yours"), h("p", {}, "Somebody else has taken it over. What you were still writing is among your drafts."), h("a", { class: "button", href: "/goals" }, "All conversations")));
  }

  private showPresent(people: Person[]): void {
    this.present = people;
    const { student, instructor } = this.talk;
    const person = ({ id, name }: Person, part: string): HTMLElement => {
      const here = people.some((other) => other.id === id);
      return h("span", { class: `here-who${here ? " here" : ""}` }, h("span", { class: "dot", "aria-hidden": "true" }), name, h("span", { class: "here-part" }, ` ${part}`), here && h("span", { class: "sr" }, " (here now)"));
    };
    byId("talk-people").replaceChildren(person(student, "student"), instructor ? person(instructor, "instructor") : h("span", { class: "here-who" }, "No instructor yet"));
  }

  private showPending(): void {
    this.stream?.pending(this.outbox.list(), this.outbox.waiting);
    this.thread?.pending();
  }

  // What the person does

  private async takeBack(message: Message): Promise<void> {
    if (!(await this.request("DELETE", `/api/messages/${message.id}`))) return;
    await this.look();
    toast("Message taken back.", { label: "Undo", run: () => this.acts.restore(message) });
  }

  private backToWriting(item: Outgoing): void {
    this.outbox.takeBack(item.id);
    if (item.drafted) return item.reply_to_id === null ? this.composer?.resume() : this.thread.resume();
    const text = document.querySelector<HTMLTextAreaElement>(item.reply_to_id === null ? "#composer .composer-text" : "#thread .composer-text");
    if (!text) return;
    text.value = text.value === "" ? item.content : `${text.value}\n\n${item.content}`;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  }

  /** True, or the answer, when it worked; says why when it did not. */
  private async request<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T | true | null> {
    try {
      return (await api<T | undefined>(method, path, body)) ?? true;
    } catch (error) {
      toast(error instanceof Problem ? error.message : "That did not work.");
      return null;
    }
  }
}
