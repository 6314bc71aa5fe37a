// Where a message is written: its words are a draft, the same on every device. Sending hands the draft over and begins
// another; without a network words stay on this device.

import { Problem } from "../common/api.js";
import { h, icon, meta } from "../common/dom.js";
import { recall, remember } from "../common/kept.js";
import { toast } from "../common/toast.js";
import type { FieldsDraft } from "../fields/open.js";
import { Assistant } from "./assistant.js";
import { ComposerForm } from "./composer_form.js";
import { mounts } from "./mounts.js";
import type { Outbox } from "./outgoing.js";
import { pickTemplate, slashPicker } from "./templates.js";
import { openDraft, type MessageType } from "./wire.js";

export interface ComposerOptions {
  place: HTMLElement;
  conversation: string;
  replyTo: string | null;
  types: MessageType[];
  /** The draft that the page was delivered with. */
  draft: FieldsDraft | null;
  outbox: Outbox;
  typing(): void;
}

export class Composer {
  private form: ComposerForm;
  private readonly assistant = new Assistant({
    draft: () => this.savedDraft(),
    isEmpty: () => this.form.content.trim() === "",
    replace: (words) => this.form.write(words, false),
    append: (words) => this.form.write(words, true),
    focus: () => this.focus(),
  });
  private opening: Promise<void> | null = null;
  private closed = false;
  /** Send was pressed and waits for the draft. */
  private pressed = false;
  private readonly key: string;
  /** One for all the forms that follow each other: a press is not lost when the form is exchanged under it. */
  private readonly sendButton = h("button", { type: "button", class: "button primary composer-send", "aria-label": "Send", onclick: () => void this.send(this.form) }, icon("send"), h("span", {}, "Send"));

  constructor(private readonly options: ComposerOptions) {
    this.key = `composing.${meta("account")}.${options.conversation}.${options.replyTo ?? ""}`;
    this.form = this.newForm();
    options.place.replaceChildren(h("div", { class: "writing" }, this.assistant.root, this.form.root, this.sendButton));
    const left = recall(this.key) ?? "";
    if (left !== "") this.form.text.value = left;
    this.form.show();
    if (options.draft) this.opening = this.open(options.draft).finally(() => (this.opening = null));
    else if (left !== "") void this.begin();
    window.addEventListener("online", () => this.wake());
  }

  /** The network is back, or a message has left: what was typed meanwhile gets its draft. */
  wake(): void {
    if (!this.closed && this.form.content !== "") void this.begin();
  }

  /** The message of this place was begun on another page. */
  join(): void {
    if (!this.closed) void this.begin();
  }

  /** Goes on with a message that could not be sent: its words are still in its draft. */
  resume(): void {
    void this.begin(true).then(() => this.form.text.focus());
  }

  focus(): void {
    this.form.text.focus();
  }

  private newForm(): ComposerForm {
    const reply = this.options.replyTo !== null;
    const form: ComposerForm = new ComposerForm({
      label: reply ? "Reply" : "Message",
      placeholder: reply ? "Reply in this thread" : "Write a message",
      types: this.options.types,
      send: () => void this.send(form),
      typed: () => this.typed(form),
      shown: () => this.showSendable(),
      pickTemplate: () => pickTemplate(() => this.form),
      assist: () => this.assistant.toggle(),
      closed: () => this.lost(form),
    });
    slashPicker(form);
    form.attached = mounts.composer?.({ files: form.files, tools: form.tools, drop: this.options.place, draft: () => this.draftOf(form), changed: () => form.show() }) ?? null;
    return form;
  }

  private showSendable(): void {
    // The first form draws itself before it is the composer's.
    this.sendButton.disabled = !(this.form as ComposerForm | undefined)?.isSendable;
  }

  private typed(form: ComposerForm): void {
    if (form !== this.form) return;
    this.options.typing();
    this.assistant.refresh();
    if (form.fields) return;
    remember(this.key, form.content || null);
    void this.begin();
  }

  private async draftOf(form: ComposerForm): Promise<string> {
    if (form === this.form && !form.fields) await this.begin(true);
    const { draft } = this.form;
    if (!draft) throw new Problem(0, "unreachable", "The server cannot be reached.");
    return draft.id;
  }

  private async savedDraft(): Promise<string> {
    const id = await this.draftOf(this.form);
    await this.form.fields?.settled();
    return id;
  }

  /** Gets the draft for what is typed. Without a network it stays where it is, on the device. */
  private begin(asked = false): Promise<void> {
    if (this.form.fields || this.closed || this.isLeaving()) return Promise.resolve();
    this.opening ??= openDraft(this.options.conversation, this.options.replyTo)
      .then((draft) => this.open(draft))
      .catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        if (asked || (error.status !== 0 && error.status < 500)) toast(error.message);
      })
      .finally(() => (this.opening = null));
    return this.opening;
  }

  /** While a draft of this place is on its way, the server would give that one again. */
  private isLeaving(): boolean {
    return this.options.outbox.list().some(({ drafted, reply_to_id }) => drafted && reply_to_id === this.options.replyTo);
  }

  private async open(draft: FieldsDraft): Promise<void> {
    const form = this.newForm();
    await form.open(draft);
    const old = this.form;
    if (this.closed) return form.fields?.close();
    if (old.isComposing) await new Promise((done) => old.text.addEventListener("compositionend", done, { once: true }));
    this.form = form;
    form.takeOver(old);
    remember(this.key, null);
  }

  private async send(form: ComposerForm): Promise<void> {
    if (form !== this.form || !form.isSendable) return form.text.focus();
    if (form.attached?.any && !form.attached.ready) return void toast("A file is still on its way; wait for it, or remove it.");
    if (form.fields && form.fields.conflicts > 0) return form.fields.decide();
    if (this.pressed) return;
    const asked = form.content;
    if (this.opening) {
      this.pressed = true;
      await this.opening.finally(() => (this.pressed = false));
    }
    const sending = this.form;
    // The draft held words of another page, which nobody has seen here before.
    if (sending !== form && sending.content !== form.content) return void toast("Words you had begun elsewhere stand here too. Look at them, then send.");
    // What was written behind the press is of the next message.
    const later = form.content.startsWith(asked) ? form.content.slice(asked.length) : "";
    if (later !== "") sending.put(asked);
    const { fields, draft } = sending;
    const { outbox, replyTo } = this.options;
    this.replace(sending);
    outbox.add(
      {
        id: draft && fields ? draft.id : crypto.randomUUID(),
        drafted: fields !== null,
        content: sending.content,
        message_type: sending.messageType,
        target_date: sending.targetDate,
        reply_to_id: replyTo,
        at: new Date().toISOString(),
        refused: null,
      },
      fields ? { settled: () => fields.settled(), close: () => fields.close() } : null,
    );
    if (later.trim() !== "") this.form.put(later.trimStart());
  }

  /** A fresh form in the place of one that is on its way; that one keeps its words until they are sent. */
  private replace(old: ComposerForm): void {
    this.assistant.close();
    const focused = document.activeElement === old.text || this.sendButton === document.activeElement;
    this.form = this.newForm();
    old.root.replaceWith(this.form.root);
    remember(this.key, null);
    this.form.show();
    if (focused) this.form.text.focus();
  }

  /** Sent on another device, or thrown away there: what is typed next is another message. Words that had not arrived are
   *  kept for it. */
  private lost(form: ComposerForm): void {
    if (form !== this.form || this.closed) return;
    const status = form.fields?.session.status();
    const words = status && (!status.synced || status.parked > 0) ? form.content : "";
    this.replace(form);
    form.fields?.close();
    if (words === "") return;
    this.form.put(words);
  }

  close(): void {
    this.closed = true;
    this.form.fields?.close();
  }
}
