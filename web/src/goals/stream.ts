// The stream of a conversation on the screen: a part of it, of which what is near the sight is in the document. Older and
// later messages are fetched on the way without the page jumping, and whoever reads at the end stays there.

import { Problem } from "../common/api.js";
import { byId, h, icon } from "../common/dom.js";
import { count } from "../common/format.js";
import { WindowedRows } from "../windowing/windowed_rows.js";
import { arrange, seenBy, type History, type Row } from "./history.js";
import type { MessageActs } from "./message_view.js";
import type { Outgoing } from "./outgoing.js";
import { StreamRows } from "./stream_rows.js";
import type { Conversation, Message, Receipt } from "./wire.js";

/** Pixels from an end of what is loaded at which more is asked for. */
const NEAR = 1_200;
const FIRST_PAGE = 50;
const LARGEST_PAGE = 200;
/** Where a message that is gone to comes to stand, in pixels from the top. */
const BELOW_TOP = 72;
/** Where so much lies between what was read and what was delivered, the first unread message is gone to; where it is less,
 *  older ones are loaded above the line until it has found its place, and the sight goes with it. */
const FAR = 150;

export interface StreamLinks {
  acts: MessageActs;
  me: string;
  /** Up to `limit` messages before a position, or after it. `next` is null when there are no others that way. */
  older(before: number, limit: number): Promise<Conversation>;
  later(after: number, limit: number): Promise<Conversation>;
  /** The end is on the screen. */
  atEnd(): void;
  retry(id: string): void;
  takeBack(item: Outgoing): void;
}

type Way = "older" | "later";

export class Stream {
  private readonly box = byId("stream");
  private readonly log = byId("log");
  private readonly waiting = byId("pending");
  private readonly toEnd = byId<HTMLButtonElement>("to-end");
  private readonly edges: Record<Way, HTMLElement> = { older: byId("stream-top"), later: byId("stream-bottom") };
  private readonly failed: Record<Way, string | null> = { older: null, later: null };
  private readonly sizes: Record<Way, number> = { older: FIRST_PAGE, later: FIRST_PAGE };
  private readonly looks: StreamRows;
  private readonly rows: WindowedRows<Row>;
  private order: readonly Row[] = [];
  private known: Receipt[] = [];
  /** What is being fetched; true once there is more than before. */
  private loading: Promise<boolean> | null = null;
  /** Steps from message to message: the next one begins where the last one led to. */
  private steps: Promise<void> = Promise.resolve();
  private missed = 0;
  private gone = 0;
  /** Messages that are shown as on their way. */
  private sending = new Set<string>();
  /** Before the first sight is found nothing counts as read. */
  private begun = false;

  constructor(
    private readonly history: History,
    private unreadAfter: number | null,
    private readonly links: StreamLinks,
  ) {
    this.looks = new StreamRows(this.log, history, links.acts);
    this.rows = new WindowedRows(this.box, this.log, this.looks);
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.toEnd.addEventListener("click", () => this.pressedToEnd());
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  get isAtEnd(): boolean {
    return this.begun && this.rows.isAtEnd;
  }

  /** Which messages are ticked; null while none can be. */
  select(ids: Set<string> | null): void {
    this.looks.selecting = ids;
    this.draw();
  }

  /** The first sight: at the first unread message, else at the end. */
  async start(): Promise<void> {
    this.lay();
    const first = this.history.list()[0];
    const far = this.unreadAfter !== null && first !== undefined && this.history.older && first.position - this.unreadAfter > FAR;
    const found = far && (await this.goTo(this.unreadAfter ?? 0, "unread").catch((error: unknown) => (error instanceof Problem ? false : Promise.reject(error))));
    this.begun = true;
    if (found) this.rows.reveal("unread", BELOW_TOP);
    else if (this.order.some(({ key }) => key === "unread")) this.rows.reveal("unread", BELOW_TOP);
    else this.rows.toEnd();
    this.scrolled();
  }

  /** Brings the screen in step. `fresh` are messages nobody here has seen before. */
  draw(fresh: Message[] = []): void {
    const own = fresh.some(({ mine, reply_to_id }) => mine && reply_to_id === null);
    if (own) this.history.goToEnd();
    this.history.trim(this.rows.followed ? "oldest" : this.furtherEnd());
    this.lay();
    if (own) this.goToEnd();
    else {
      if (!this.rows.followed) this.missed += fresh.filter(({ mine, reply_to_id }) => !mine && reply_to_id === null).length;
      this.scrolled();
    }
  }

  /** The end of what is loaded that is further from the sight. */
  private furtherEnd(): "oldest" | "latest" {
    return this.rows.inSight[0] > this.order.length / 2 ? "oldest" : "latest";
  }

  private lay(): void {
    const { older, newer } = this.history;
    this.order = arrange(this.history.list(), this.unreadAfter, { older, newer });
    this.looks.order(this.order);
    this.rows.endless = newer;
    if (newer) this.rows.followed = false;
    this.showEdges();
    this.rows.show(this.order);
    this.sayReceipts();
  }

  receipts(receipts: Receipt[]): void {
    this.known = receipts;
    this.sayReceipts();
  }

  private sayReceipts(): void {
    const seen = seenBy(this.history.latest(), this.known, this.links.me);
    this.looks.say(seen, seen ? this.rows.element(seen.id) : undefined);
  }

  /** Messages on their way: they stand at the end of the conversation. */
  pending(items: readonly Outgoing[], waiting: boolean): void {
    const own = items.filter(({ reply_to_id }) => reply_to_id === null);
    this.waiting.replaceChildren(...own.map((item) => pendingElement(item, waiting, this.links)));
    // Every try to send one says so here: only a new one leads to the end.
    const fresh = own.some(({ id }) => !this.sending.has(id));
    this.sending = new Set(own.map(({ id }) => id));
    if (fresh) this.goToEnd();
  }

  goToEnd(): void {
    if (this.history.newer) {
      this.history.goToEnd();
      this.gone += 1;
      this.sizes.older = FIRST_PAGE;
      this.lay();
    }
    this.missed = 0;
    this.rows.toEnd();
    this.scrolled();
  }

  private pressedToEnd(): void {
    this.goToEnd();
    // The button that was pressed is hidden now.
    this.box.focus({ preventScroll: true });
  }

  private scrolled(): void {
    if (!this.begun) return;
    this.rows.scrolled();
    const { followed } = this.rows;
    if (followed) {
      this.missed = 0;
      this.links.atEnd();
    }
    this.toEnd.hidden = followed;
    const label = this.toEnd.querySelector("span");
    if (label) label.textContent = this.missed > 0 ? count(this.missed, "new message") : "Latest";
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    if (clientHeight === 0) return;
    if (scrollTop < NEAR) void this.load("older");
    if (scrollHeight - scrollTop - clientHeight < NEAR) void this.load("later");
  }

  /** Fetches what comes next in one direction; true when there is more than before. */
  private load(way: Way, again = false): Promise<boolean> {
    const { history } = this;
    const edge = way === "older" ? history.list()[0] : history.list().at(-1);
    if (this.loading || edge === undefined || !(way === "older" ? history.older : history.newer) || (this.failed[way] !== null && !again)) return Promise.resolve(false);
    return (this.loading = this.fetch(way, edge));
  }

  private async fetch(way: Way, edge: Message): Promise<boolean> {
    const { history } = this;
    const { part } = history;
    this.log.setAttribute("aria-busy", "true");
    try {
      const page = await this.links[way](edge.position, this.sizes[way]);
      if (part !== history.part) return false;
      this.sizes[way] = Math.min(LARGEST_PAGE, this.sizes[way] * 2);
      this.failed[way] = null;
      this.rows.followed = false;
      if (way === "older") history.add(page.messages, page.next !== null);
      else history.addNewer(page.messages, page.next !== null);
      history.trim(way === "older" ? "latest" : "oldest");
      this.lay();
      return true;
    } catch (error) {
      this.failed[way] = error instanceof Problem ? error.message : "These messages could not be loaded.";
      const atTop = this.box.scrollTop < 1;
      this.showEdges();
      // Who looks at the very beginning of what is loaded sees what became of the rest.
      if (!atTop) this.rows.moved();
      if (!(error instanceof Problem)) throw error;
      return false;
    } finally {
      this.loading = null;
      this.log.removeAttribute("aria-busy");
      if (this.failed[way] === null) this.scrolled();
    }
  }

  private showEdges(): void {
    const { older, newer } = this.history;
    this.edges.older.replaceChildren(...this.edge("older", older, "Earlier messages load as you scroll up."));
    if (!older && this.failed.older === null) this.edges.older.replaceChildren(beginning(this.order.length > 0));
    this.edges.later.replaceChildren(...this.edge("later", newer, "Later messages load as you scroll down."));
    this.edges.later.hidden = !newer;
    this.waiting.hidden = newer;
  }

  private edge(way: Way, more: boolean, hint: string): HTMLElement[] {
    const why = this.failed[way];
    if (why !== null) return [h("p", { class: "notice bad" }, why, h("button", { type: "button", class: "button small", onclick: () => void this.load(way, true) }, "Try again"))];
    return more ? [h("p", { class: "hint" }, hint)] : [];
  }

  // Going somewhere

  /** Shows the message that was sent at a position and gives it the focus; false when it could not be had. A `key` is
   *  gone to in its place, without the focus. */
  async goTo(position: number, key: string | null = null): Promise<boolean> {
    const { history } = this;
    const known = history.list().find((message) => message.position === position);
    if (!known || key !== null) {
      const turn = (this.gone += 1);
      const [before, behind] = await Promise.all([this.links.older(position + 1, FIRST_PAGE), this.links.later(position, FIRST_PAGE)]);
      if (turn !== this.gone) return false;
      history.goTo([...before.messages, ...behind.messages], before.next !== null, behind.next !== null);
      this.sizes.older = this.sizes.later = FIRST_PAGE;
      this.failed.older = this.failed.later = null;
      this.lay();
    }
    const there = key ?? history.list().find((message) => message.position === position)?.id;
    if (there === undefined || !this.order.some((row) => row.key === there)) return false;
    this.rows.reveal(there, BELOW_TOP);
    if (key === null) this.mark(there);
    this.scrolled();
    return true;
  }

  private mark(key: string): void {
    const element = this.rows.element(key);
    if (!element) return;
    for (const other of this.log.querySelectorAll(".found")) other.classList.remove("found");
    element.classList.add("found");
    element.addEventListener("blur", () => element.classList.remove("found"), { once: true });
    element.focus({ preventScroll: true });
  }

  /** J and K, or the arrows, walk through the messages; End leads to the latest ones, Home to the first. */
  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement)) return;
    const here = event.target.closest<HTMLElement>(".msg");
    if (event.target !== here && event.target !== this.box) return;
    const steps: Record<string, 1 | -1> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
    const step = steps[event.key];
    if (event.key === "End" && this.history.newer) this.goToEnd();
    else if (event.key === "Home" && this.history.older) void this.goToBeginning();
    else if (step !== undefined && here !== null) this.steps = this.steps.catch(() => undefined).then(() => this.walk(step));
    else if (event.key === "j" || event.key === "k") this.focusFirstInSight();
    else return;
    event.preventDefault();
  }

  private async goToBeginning(): Promise<void> {
    const first = await this.links.later(0, 1).catch((error: unknown) => (error instanceof Problem ? null : Promise.reject(error)));
    const position = first?.messages[0]?.position;
    if (position !== undefined) await this.goTo(position);
  }

  /** From the message with the focus to the next one, which may have to come from the server first, or is on its way. */
  private async walk(step: 1 | -1): Promise<void> {
    const from = document.activeElement?.closest<HTMLElement>("#log .msg")?.dataset["id"];
    const way = step === 1 ? "later" : "older";
    for (;;) {
      const messages = this.history.list();
      const at = messages.findIndex(({ id }) => id === from);
      const next = messages[at + step];
      if (at !== -1 && next) return this.rows.bring(next.id)?.focus({ preventScroll: true });
      if (at === -1) return;
      if (this.loading) await this.loading;
      else if (!(await this.load(way))) return;
    }
  }

  private focusFirstInSight(): void {
    const [from, to] = this.rows.inSight;
    const row = this.order.slice(from, to).find(({ kind }) => kind === "message");
    if (row) this.rows.bring(row.key)?.focus({ preventScroll: true });
  }

  /** The unread line goes once the person has taken up the conversation. */
  settleLine(): void {
    if (this.unreadAfter === null) return;
    this.rows.rest();
    this.unreadAfter = null;
    this.draw();
  }

  unreadFrom(position: number): void {
    this.rows.rest();
    this.unreadAfter = position - 1;
    this.draw();
  }
}

function beginning(anything: boolean): HTMLElement {
  if (anything) return h("p", { class: "hint" }, "This is where the conversation begins.");
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, "Nothing said yet"), h("p", {}, "Write the first message below. What you write is kept as a draft until you send it."));
}

export function pendingElement(item: Outgoing, waiting: boolean, links: Pick<StreamLinks, "retry" | "takeBack">): HTMLElement {
  const words = h("div", { class: "msg-words plain" }, item.content);
  const line = h("p", { class: "receipt" });
  if (item.refused !== null) {
    line.classList.add("refused");
    line.append(
      icon("warn"),
      `Not sent: ${item.refused} `,
      h("button", { type: "button", class: "link", onclick: () => links.retry(item.id) }, "Try again"),
      h("button", { type: "button", class: "link", onclick: () => links.takeBack(item) }, "Back to writing"),
    );
  } else line.append(waiting || !navigator.onLine ? "Kept on this device; it is sent when the server can be reached." : "Sending…");
  return h("article", { class: "msg mine sending first", "aria-label": "Message on its way" }, h("div", { class: "msg-body" }, words), line);
}
