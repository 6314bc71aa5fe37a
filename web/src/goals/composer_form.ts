// The controls of one message being written, behind its draft once that is there. Before, they hold words all the same.

import { h, icon } from "../common/dom.js";
import { openFields, type Fields, type FieldsDraft } from "../fields/open.js";
import type { ComposerFiles } from "./mounts.js";
import { TYPE_NAMES, type MessageType } from "./wire.js";

export interface FormLinks {
  label: string;
  placeholder: string;
  types: MessageType[];
  send(): void;
  typed(): void;
  /** Whether there is something to send may have changed. */
  shown(): void;
  pickTemplate(): void;
  assist(): void;
  /** It was sent, discarded or lost elsewhere. */
  closed(): void;
}

const DATE_FIELD = "target_date";

export class ComposerForm {
  readonly text: HTMLTextAreaElement;
  readonly root: HTMLElement;
  readonly tools: HTMLElement;
  readonly files = h("div", { class: "composer-files" });
  private readonly pill: HTMLButtonElement;
  private readonly type: HTMLSelectElement | null;
  private readonly date: HTMLInputElement;
  private readonly notices = h("div", { class: "composer-notices" });
  private composing = false;
  fields: Fields | null = null;
  draft: FieldsDraft | null = null;
  attached: ComposerFiles | null = null;

  constructor(private readonly links: FormLinks) {
    const { types } = links;
    this.text = h("textarea", { class: "composer-text", rows: 1, "data-field": "content", "aria-label": links.label, placeholder: links.placeholder, autocapitalize: "sentences", spellcheck: "true", "aria-keyshortcuts": "Control+Enter" });
    this.type = types.length > 1 ? h("select", { "data-field": "message_type", "aria-label": "Kind of message" }, ...types.map((type) => h("option", { value: type }, TYPE_NAMES[type]))) : null;
    this.date = h("input", { type: "date", "aria-label": "The day it is for", title: "The day it is for" });
    this.pill = h("button", { type: "button", class: "pill", "data-state": "saved" }, h("span", { class: "pill-dot", "aria-hidden": "true" }), h("span", { class: "pill-text" }, "Saved"));
    this.tools = h(
      "div",
      { class: "composer-tools" },
      h("button", { type: "button", class: "icon-button", "aria-label": "Reply templates", title: "Reply templates ( / )", onclick: () => links.pickTemplate() }, icon("templates")),
      h("button", { type: "button", class: "icon-button", "aria-label": "Assistant", title: "Assistant", onclick: () => links.assist() }, icon("model")),
      this.type && h("label", { class: "select" }, this.type),
      h("label", { class: "composer-date" }, icon("calendar"), this.date),
      h("span", { class: "grow" }),
      h("span", { class: "composer-saved" }, this.pill),
    );
    this.root = h("div", { class: "composer-form" }, this.notices, this.files, this.text, this.tools);
    this.pill.hidden = true;
    this.listen();
    this.show();
  }

  private listen(): void {
    const { text, date } = this;
    text.addEventListener("input", () => {
      this.show();
      this.links.typed();
    });
    text.addEventListener("compositionstart", () => (this.composing = true));
    text.addEventListener("compositionend", () => (this.composing = false));
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      this.links.send();
    });
    date.addEventListener("change", () => {
      this.fields?.session.set(DATE_FIELD, date.value || null);
      this.show();
      if (!this.fields) this.links.typed();
    });
  }

  get content(): string {
    return this.text.value;
  }
  get messageType(): MessageType {
    return (this.type?.value as MessageType | undefined) ?? this.links.types[0] ?? "daily_note";
  }
  get targetDate(): string | null {
    return this.date.value || null;
  }
  get isComposing(): boolean {
    return this.composing;
  }

  /** Puts words in place of all that stands here, as if they had been typed. */
  put(words: string): void {
    this.text.value = words;
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Puts words in place of a stretch, as if they had been typed. */
  insert(words: string, from: number, to: number): void {
    this.text.setRangeText(words, from, to, "end");
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
    this.text.focus();
  }

  /** Puts words in place of all, or below them, as one step that the control's own undo takes back. */
  write(words: string, below: boolean): void {
    const { text } = this;
    text.focus();
    text.setSelectionRange(below ? text.value.length : 0, text.value.length);
    const put = below && text.value.trim() !== "" ? `\n\n${words}` : words;
    // The only way into a control that its undo knows of.
    if (!document.execCommand("insertText", false, put)) this.insert(put, text.selectionStart, text.selectionEnd);
  }

  get isSendable(): boolean {
    return this.content.trim() !== "" || (this.attached?.any ?? false);
  }

  /** Grows with its words. */
  show(): void {
    const { text } = this;
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
    this.root.classList.toggle("dated", this.date.value !== "");
    this.links.shown();
  }

  /** Stands on a draft from now on. The form is not on the screen yet. */
  async open(draft: FieldsDraft): Promise<void> {
    this.draft = draft;
    const fields = await openFields(draft, {
      root: this.root,
      pill: this.pill,
      notices: this.notices,
      label: (field) => (field === "content" ? "Message" : field === DATE_FIELD ? "The day it is for" : "Kind of message"),
      changed: () => this.changed(),
      closed: () => this.links.closed(),
    });
    this.fields = fields;
    void this.attached?.opened(draft.id);
    this.changed();
  }

  private changed(): void {
    const day = this.fields?.session.values()[DATE_FIELD];
    if (typeof day === "string" || day === null) this.date.value = day ?? "";
    this.show();
  }

  /** Takes over what was typed into a form that had no draft yet, at this very moment. */
  takeOver(other: ComposerForm): void {
    const typed = other.content;
    if (other.attached) this.attached?.takeOver(other.attached);
    const focused = document.activeElement === other.text;
    const { selectionStart, selectionEnd } = other.text;
    const kept = this.content;
    if (typed !== "") {
      const before = kept === "" || typed.startsWith(kept) ? "" : `${kept}\n\n`;
      this.text.value = before + typed;
      this.text.dispatchEvent(new Event("input", { bubbles: true }));
      if (focused) this.text.setSelectionRange(before.length + selectionStart, before.length + selectionEnd);
    }
    if (other.type && this.type && other.type.value !== this.type.value && typed !== "") {
      this.type.value = other.type.value;
      this.type.dispatchEvent(new Event("change"));
    }
    if (other.targetDate !== null) {
      this.date.value = other.targetDate;
      this.date.dispatchEvent(new Event("change"));
    }
    this.fields?.showSaving();
    this.pill.hidden = false;
    other.root.replaceWith(this.root);
    if (focused) this.text.focus();
    this.show();
  }
}
