// Several messages at once: copy, export, mark unread, take back one's own.

import { api, csrfToken, Problem, problemOf } from "../common/api.js";
import { copyText, download } from "../common/copy.js";
import { byId, h } from "../common/dom.js";
import { count, day, time } from "../common/format.js";
import { toast } from "../common/toast.js";
import type { History } from "./history.js";
import { talkPath, type Message } from "./wire.js";

interface Links {
  conversation: string;
  history: History;
  mayWrite(): boolean;
  /** What is chosen changed; null when the person is done. */
  chosen(ids: Set<string> | null): void;
  changed(): void;
  unreadFrom(position: number): void;
}

export class Selection {
  private ids: Set<string> | null = null;
  /** What was chosen, as it was then: the page may have let go of it since. */
  private readonly held = new Map<string, Message>();
  private readonly bar = byId("selection");

  constructor(private readonly links: Links) {
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.ids === null || event.defaultPrevented || document.querySelector("dialog[open], [popover]:popover-open")) return;
      event.preventDefault();
      this.end();
    });
  }

  toggle(id: string): void {
    const ids = (this.ids ??= new Set());
    const message = this.links.history.find(id);
    if (ids.delete(id)) this.held.delete(id);
    else {
      ids.add(id);
      if (message) this.held.set(id, message);
    }
    this.show();
  }

  begin(): void {
    this.ids ??= new Set();
    this.show();
  }

  private end(): void {
    this.ids = null;
    this.held.clear();
    this.show();
  }

  /** Oldest first, wherever they stand. */
  private chosen(): Message[] {
    return [...this.held.values()].map((message) => this.links.history.find(message.id) ?? message).sort((a, b) => a.position - b.position);
  }

  private show(): void {
    const { bar, ids } = this;
    bar.hidden = ids === null;
    byId("composer").hidden = ids !== null;
    this.links.chosen(ids);
    if (ids === null) return;
    const own = this.chosen().filter(({ mine }) => mine).length;
    const button = (label: string, run: () => void, able = ids.size > 0): HTMLElement => h("button", { type: "button", class: "button small", disabled: !able, onclick: run }, label);
    bar.replaceChildren(
      h("span", { class: "selection-count", role: "status" }, `${ids.size} selected`),
      button("Copy", () => void this.copy()),
      button("Export", () => void this.export()),
      button("Mark unread", () => void this.markUnread()),
      ...(this.links.mayWrite() ? [button(own > 0 ? `Take back ${own}` : "Take back", () => void this.takeBack(), own > 0)] : []),
      h("span", { class: "grow" }),
      h("button", { type: "button", class: "button small quiet", onclick: () => this.end() }, "Done"),
    );
  }

  private async copy(): Promise<void> {
    const lines = this.chosen().map(({ sender, created_at, content }) => `${sender.name}, ${day(created_at)} ${time(created_at)}\n${content}`);
    await copyText(lines.join("\n\n"), `Copied ${count(lines.length, "message")}.`);
  }

  private async export(): Promise<void> {
    try {
      const response = await fetch(`${talkPath(this.links.conversation)}/export`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken() },
        body: JSON.stringify({ message_ids: [...(this.ids ?? [])] }),
      });
      if (!response.ok) throw await problemOf(response);
      download("conversation.md", await response.text());
    } catch (error) {
      toast(error instanceof Problem ? error.message : "That did not work.");
    }
  }

  private async markUnread(): Promise<void> {
    const first = this.chosen()[0];
    if (!first) return;
    if (!(await this.act("mark_unread", this.chosen()))) return;
    this.links.unreadFrom(first.position);
    this.end();
  }

  private async takeBack(): Promise<void> {
    const own = this.chosen().filter(({ mine }) => mine);
    const answer = await this.act("delete", own);
    if (!answer) return;
    this.end();
    this.links.changed();
    const restore = async (): Promise<void> => {
      for (const id of answer.done) await api("POST", `/api/messages/${id}/restore`).catch(() => undefined);
      this.links.changed();
    };
    toast(`Took back ${count(answer.done.length, "message")}.`, { label: "Undo", run: () => void restore() });
  }

  private async act(action: string, messages: Message[]): Promise<{ done: string[] } | null> {
    try {
      return await api("POST", `${talkPath(this.links.conversation)}/bulk`, { action, message_ids: messages.map(({ id }) => id) });
    } catch (error) {
      toast(error instanceof Problem ? error.message : "That did not work.");
      return null;
    }
  }
}
