// The panel of comments beside a document: threads in the order of the text, a new one on top while it is written.

import { api, Problem } from "../common/api.js";
import { byId, h, icon } from "../common/dom.js";
import { count } from "../common/format.js";
import { sayForm, ThreadCard } from "./thread.js";
import type { Passage, Threads } from "./wire.js";

export interface PanelLinks {
  /** Threads were read: shows the passages of the open ones in the text. */
  show(threads: Threads): void;
  /** Shows the passage of a thread; null: of none. `pressed`: somebody asked to see it. */
  goTo(id: string | null, pressed: boolean): void;
  /** Hides what is shown in the same place. */
  opened(): void;
}

export class CommentPanel {
  private readonly pane = byId("comments");
  private readonly toggle = byId<HTMLButtonElement>("comments-toggle");
  private readonly list = h("ol", { class: "remarks-list", "aria-label": "Comments, in the order of the text" });
  private readonly news = h("div", { class: "comments-new" });
  private readonly notice = h("div", { class: "comments-notice", role: "status" });
  private readonly settled = h("input", { type: "checkbox" });
  private readonly cards = new Map<string, ThreadCard>();
  private threads: Threads = { items: [], seq: 0, may_write: false };
  private read = false;
  private fetching: Promise<void> | null = null;
  private again = false;
  private current: string | null = null;

  constructor(private readonly draftId: string, private readonly links: PanelLinks) {
    const close = h("button", { type: "button", class: "icon-button", "aria-label": "Close the comments", onclick: () => this.close(true) }, icon("close"));
    this.pane.append(
      h("div", { class: "pane-head" }, h("h2", {}, "Comments"), h("span", { class: "grow" }), h("label", { class: "check" }, this.settled, "Settled too"), close),
      this.notice,
      h("div", { class: "comments-body" }, this.news, this.list),
    );
    this.settled.addEventListener("change", () => this.render());
    this.toggle.addEventListener("click", () => (this.pane.hidden ? this.open() : this.close(true)));
    this.pane.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      this.close(true);
    });
  }

  get isOpen(): boolean {
    return !this.pane.hidden;
  }

  get mayWrite(): boolean {
    return this.threads.may_write;
  }

  open(): void {
    this.links.opened();
    this.pane.hidden = false;
    this.toggle.setAttribute("aria-expanded", "true");
    document.body.classList.add("with-comments");
    void this.refresh();
  }

  close(back = false): void {
    if (this.pane.hidden) return;
    this.pane.hidden = true;
    this.toggle.setAttribute("aria-expanded", "false");
    document.body.classList.remove("with-comments");
    this.choose(null);
    if (back && this.toggle.offsetParent !== null) this.toggle.focus();
  }

  /** Opens the panel with a field for a comment on a passage. `ended`: it was said, or is not said after all. */
  begin(passage: Passage, ended: () => void = () => undefined): void {
    if (!this.isOpen) this.open();
    this.choose(null);
    const words = this.news.querySelector("textarea")?.value ?? "";
    const done = (): void => {
      this.news.replaceChildren();
      ended();
    };
    const send = async (body: string, id: string): Promise<void> => {
      await api("POST", `/api/drafts/${this.draftId}/comments`, { from: passage.from, to: passage.to, seq: passage.seq, body, id });
      done();
      await this.refresh();
      this.choose(id, true);
    };
    const form = sayForm("Your comment", "Comment", send, { value: words, cancel: done });
    this.news.replaceChildren(h("div", { class: "remarks new" }, h("p", { class: "remark-quote" }, passage.quote), form));
    this.news.scrollIntoView({ block: "nearest" });
    form.querySelector("textarea")?.focus();
  }

  /** Marks a thread as the one that is looked at; `go`: brings it into sight here. */
  choose(id: string | null, go = false, pressed = false): void {
    if (id !== null && !this.isOpen) this.open();
    this.current = id;
    this.mark();
    this.links.goTo(id, pressed);
    if (go) this.cards.get(id ?? "")?.element.scrollIntoView({ block: "nearest" });
  }

  private mark(): void {
    for (const [id, { element }] of this.cards) {
      if (id === this.current) element.dataset["current"] = "";
      else delete element.dataset["current"];
    }
  }

  /** Reads what is said. One reading at a time; who asks meanwhile gets a further one. */
  refresh(): Promise<void> {
    if (this.fetching) {
      this.again = true;
      return this.fetching;
    }
    this.fetching = this.fetch().finally(() => {
      this.fetching = null;
      if (!this.again) return;
      this.again = false;
      void this.refresh();
    });
    return this.fetching;
  }

  private async fetch(): Promise<void> {
    try {
      this.threads = await api<Threads>("GET", `/api/drafts/${this.draftId}/comments`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return this.sayProblem(error);
    }
    this.read = true;
    this.notice.replaceChildren();
    this.render();
    this.links.show(this.threads);
  }

  private sayProblem(problem: Problem): void {
    const text = problem.status === 0 ? `You are offline. Comments are kept on the server${this.read ? "; these are the ones last seen" : ""}.` : problem.status === 404 ? "The server does not know this document yet, or it is no longer shared with you." : `The comments could not be read: ${problem.message}`;
    const retry = h("button", { type: "button", class: "button small", onclick: () => void this.refresh() }, "Try again");
    this.notice.replaceChildren(h("div", { class: "notice bad" }, h("span", { class: "grow" }, text), problem.status === 404 ? null : retry));
  }

  private render(): void {
    const { items, may_write } = this.threads;
    const open = items.filter(({ resolved_at }) => resolved_at === null);
    const shown = this.settled.checked ? items : open;
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, { element }] of this.cards) {
      if (ids.has(id)) continue;
      element.remove();
      this.cards.delete(id);
    }
    this.list.querySelector(".nothing")?.remove();
    let before: Element | null = null;
    for (const thread of shown) {
      let card = this.cards.get(thread.id);
      if (!card) {
        card = new ThreadCard(this.draftId, thread, { goTo: (id, pressed) => this.choose(id, false, pressed), changed: () => this.refresh() });
        this.cards.set(thread.id, card);
      }
      card.show(thread, may_write);
      // A card that is in its place stays there: to move it would take the focus from whoever writes in it.
      const next: Element | null = before === null ? this.list.firstElementChild : before.nextElementSibling;
      if (next !== card.element) this.list.insertBefore(card.element, next);
      before = card.element;
    }
    if (shown.length === 0) this.list.append(this.nothing(items.length - open.length));
    const said = open.length === 0 ? "Comments" : `Comments, ${count(open.length, "open thread")}`;
    this.toggle.setAttribute("aria-label", said);
    this.toggle.title = said;
    this.toggle.dataset["count"] = open.length === 0 ? "" : String(open.length);
    this.mark();
  }

  private nothing(settled: number): HTMLLIElement {
    const how = this.threads.may_write ? "Select words in the text and press Comment." : "You may read what others say here.";
    const hidden = settled > 0 ? ` ${count(settled, "settled thread")} not shown.` : "";
    return h("li", { class: "nothing" }, h("p", {}, settled > 0 ? "No open comments." : "No comments yet."), h("p", { class: "hint" }, how + hidden));
  }
}
