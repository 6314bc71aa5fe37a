// One thread in the panel: the passage, what is said, the field to answer in. Drawn anew without touching what somebody
// writes in it just now.

import { api, Problem } from "../common/api.js";
import { openDialog, whyNot } from "../common/dialog.js";
import { h, icon, isMod } from "../common/dom.js";
import { ago } from "../common/format.js";
import { newReplicaId } from "../sync/identity.js";
import type { Said, Thread } from "./wire.js";

export interface ThreadLinks {
  /** Shows the passage in the text; `pressed`: because somebody asked for it. */
  goTo(id: string, pressed: boolean): void;
  /** Something was said, changed or settled here. */
  changed(): Promise<void>;
}

const LONGEST = 10_000;
const called = (said: Said): string => said.author ?? "Somebody who has left";

/** A field to write a comment in, with its button. Its words stay until they are sent. */
export function sayForm(label: string, button: string, send: (body: string, id: string) => Promise<unknown>, options: { value?: string; cancel?: () => void } = {}): HTMLFormElement {
  const words = h("textarea", { rows: 2, maxlength: LONGEST, "aria-label": label, placeholder: label });
  words.value = options.value ?? "";
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const go = h("button", { type: "submit", class: "button small primary" }, button);
  const cancel = options.cancel && h("button", { type: "button", class: "button small quiet", onclick: options.cancel }, "Cancel");
  const form = h("form", { class: "say", novalidate: true }, words, problem, h("div", { class: "say-acts" }, go, cancel));
  /** Sent again, the same words are said once. */
  let sent = { value: "", id: "" };
  const submit = async (): Promise<void> => {
    const { value } = words;
    if (go.disabled) return;
    if (value.trim() === "") return words.focus();
    if (sent.value !== value) sent = { value, id: newReplicaId() };
    go.disabled = true;
    const why = await whyNot(() => send(value.trim(), sent.id), (error) => (error instanceof Problem ? error.message : "Your latest words in the text are not saved yet, so this has to wait."));
    go.disabled = false;
    problem.textContent = why;
    problem.hidden = why === null;
    if (why === null) sent = { value: "", id: "" };
    // What was written while it was on its way stays.
    if (why === null && words.value === value) words.value = "";
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && isMod(event)) {
      event.preventDefault();
      void submit();
    } else if (event.key === "Escape" && options.cancel) {
      event.stopPropagation();
      options.cancel();
    }
  });
  return form;
}

export class ThreadCard {
  readonly element: HTMLLIElement;
  private readonly head = h("div", { class: "remark-head" });
  private readonly list = h("ol", { class: "remark-entries" });
  private readonly answer: HTMLFormElement;
  private readonly acts = h("div", { class: "remark-acts" });
  private readonly path: string;
  /** What is being changed, by its id. */
  private readonly editing = new Map<string, HTMLLIElement>();
  private shown = "";

  constructor(draftId: string, private thread: Thread, private readonly links: ThreadLinks) {
    this.path = `/api/drafts/${draftId}/comments/${thread.id}`;
    this.answer = sayForm("Answer", "Answer", (body, id) => this.send("POST", "/entries", { body, id }));
    this.element = h("li", { class: "remarks", "data-thread": thread.id }, this.head, this.list, this.answer, this.acts);
    this.element.addEventListener("focusin", () => this.element.dataset["current"] === undefined && this.links.goTo(thread.id, false));
  }

  show(thread: Thread, mayWrite: boolean): void {
    const now = JSON.stringify([thread, mayWrite, thread.comments.map(({ created_at }) => ago(created_at))]);
    if (now === this.shown) return;
    this.shown = now;
    this.thread = thread;
    const focused = this.focused();
    const resolved = thread.resolved_at !== null;
    this.element.classList.toggle("resolved", resolved);
    this.head.replaceChildren(this.passage());
    this.list.replaceChildren(...thread.comments.map((said) => this.editing.get(said.id) ?? this.entry(said, mayWrite)));
    this.answer.hidden = !mayWrite || resolved;
    const settle = (): void => void this.act(() => this.send("PUT", "/resolved", { resolved: !resolved }));
    this.acts.replaceChildren(...(resolved ? [h("span", { class: "tag" }, icon("check"), "Settled")] : []), ...(thread.may_resolve ? [h("button", { type: "button", class: "button small quiet", "data-key": "settle", onclick: settle }, resolved ? "Open again" : "Settle")] : []));
    this.acts.hidden = this.acts.childElementCount === 0;
    if (focused !== null) this.element.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  private focused(): string | null {
    const { activeElement } = document;
    return activeElement instanceof HTMLElement && this.element.contains(activeElement) ? (activeElement.dataset["key"] ?? null) : null;
  }

  private passage(): HTMLElement {
    const { gone, quote, id } = this.thread;
    if (gone) return h("div", { class: "remark-gone" }, h("p", {}, "The passage is gone. It read:"), h("blockquote", {}, quote));
    return h("button", { type: "button", class: "remark-quote", "data-key": "quote", title: "Show it in the text", onclick: () => this.links.goTo(id, true) }, h("span", { class: "sr" }, "About: "), quote);
  }

  private entry(said: Said, mayWrite: boolean): HTMLLIElement {
    const when = `${ago(said.created_at)}${said.edited_at !== null ? " · changed" : ""}`;
    const head = h("p", { class: "remark-by" }, h("b", {}, called(said)), " ", h("time", { datetime: said.created_at }, when));
    if (said.deleted) return h("li", { class: "remark-entry" }, head, h("p", { class: "remark-deleted" }, "Deleted by who wrote it"));
    const acts = said.mine && mayWrite && h(
      "div",
      { class: "remark-entry-acts" },
      h("button", { type: "button", class: "link", "data-key": `edit-${said.id}`, "aria-label": `Change your comment “${said.body.slice(0, 40)}”`, onclick: () => this.edit(said) }, "Change"),
      h("button", { type: "button", class: "link", "data-key": `delete-${said.id}`, "aria-label": `Delete your comment “${said.body.slice(0, 40)}”`, onclick: () => this.remove(said) }, "Delete"),
    );
    return h("li", { class: "remark-entry", "data-entry": said.id }, head, h("p", { class: "remark-words" }, said.body), acts);
  }

  private edit(said: Said): void {
    const done = (): void => {
      this.editing.delete(said.id);
      this.redraw();
    };
    const send = async (body: string): Promise<void> => {
      await api("PATCH", `${this.path}/entries/${said.id}`, { body });
      done();
      await this.links.changed();
    };
    const form = sayForm("Change your comment", "Save", send, { value: said.body, cancel: done });
    this.editing.set(said.id, h("li", { class: "remark-entry" }, h("p", { class: "remark-by" }, h("b", {}, called(said))), form));
    this.redraw();
    form.querySelector("textarea")?.focus();
  }

  private redraw(): void {
    const mayWrite = !this.answer.hidden || this.thread.resolved_at !== null;
    this.shown = "";
    this.show(this.thread, mayWrite);
  }

  private remove(said: Said): void {
    const problem = h("p", { class: "field-error", role: "alert", hidden: true });
    const go = async (): Promise<void> => {
      const why = await whyNot(() => this.send("DELETE", `/entries/${said.id}`));
      problem.textContent = why;
      problem.hidden = why === null;
      if (why === null) dialog.close();
    };
    const dialog = openDialog(
      "Delete this comment?",
      [h("p", {}, "Its words are gone for good, for everybody."), h("p", { class: "kept" }, said.body), problem],
      [h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Keep it"), h("button", { type: "button", class: "button danger", onclick: () => void go() }, "Delete")],
    );
  }

  private async act(run: () => Promise<unknown>): Promise<void> {
    const why = await whyNot(run);
    if (why !== null) this.acts.prepend(h("p", { class: "field-error", role: "alert" }, why));
  }

  private async send(method: "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<void> {
    await api(method, this.path + path, body);
    await this.links.changed();
  }
}
