// One message on the screen: who, when, what, its files, its thread, and what can be done with it.

import { copyText } from "../common/copy.js";
import { h, icon } from "../common/dom.js";
import { count, day, time } from "../common/format.js";
import { menuButton, type MenuItem } from "../common/menu.js";
import { mounts } from "./mounts.js";
import { TYPE_NAMES, type Attachment, type Message } from "./wire.js";

export interface MessageActs {
  /** Answering and opening a thread; null inside one. */
  thread: ((message: Message, write: boolean) => void) | null;
  /** Turns its words into a field; without `focus` where one was open already. */
  edit(message: Message, element: HTMLElement, focus?: boolean): void;
  copyLink(message: Message): void;
  remove(message: Message): void;
  restore(message: Message): void;
  select(message: Message): void;
  unread(message: Message): void;
  /** Whether the person may write here. */
  readonly mayWrite: boolean;
}

const calendarDay = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });

export const initials = (name: string): string => (name.trim().match(/^\p{L}|(?<=\s)\p{L}(?=\S*$)/gu) ?? [name.slice(0, 1)]).join("").toUpperCase();

export function messageElement(message: Message, first: boolean, acts: MessageActs): HTMLElement {
  const name = message.mine ? "You" : message.sender.name;
  const label = `${name}, ${day(message.created_at)} ${time(message.created_at)}`;
  const element = h("article", {
    class: `msg ${message.sender_part}${message.mine ? " mine" : ""}${first ? " first" : ""}${message.deleted_at ? " taken-back" : ""}`,
    "data-id": message.id,
    "data-type": message.message_type,
    "aria-label": label,
    tabindex: -1,
  });
  if (first) element.append(h("span", { class: "avatar", "aria-hidden": "true" }, initials(message.sender.name)), head(message, name));
  else element.append(h("time", { class: "msg-side", datetime: message.created_at }, time(message.created_at)));
  element.append(message.deleted_at ? takenBack(message, acts) : body(message));
  if (message.replies.count > 0 && acts.thread) element.append(threadLink(message, acts.thread));
  if (message.deleted_at === null) element.append(tools(message, element, acts));
  return element;
}

function head(message: Message, name: string): HTMLElement {
  return h(
    "div",
    { class: "msg-head" },
    h("strong", {}, name),
    message.message_type !== "daily_note" && message.message_type !== "instructor_response" && h("span", { class: "msg-tag" }, TYPE_NAMES[message.message_type]),
    message.target_date && h("span", { class: "msg-for" }, icon("calendar"), `for ${calendarDay.format(new Date(message.target_date))}`),
    h("time", { datetime: message.created_at, title: new Date(message.created_at).toLocaleString("en") }, time(message.created_at)),
  );
}

function body(message: Message): HTMLElement {
  const words = h("div", { class: "msg-words" });
  // Sanitised by the server: no raw HTML, no foreign images, only absolute links.
  words.innerHTML = message.html;
  if (message.edited_at) words.append(h("span", { class: "msg-edited", title: `Edited ${day(message.edited_at)} ${time(message.edited_at)}` }, "edited"));
  const files = h("div", { class: "msg-files" });
  if (message.attachments.length > 0) {
    if (mounts.message) mounts.message(message, files);
    else files.append(...message.attachments.map(named));
  }
  return h("div", { class: "msg-body" }, words, message.attachments.length > 0 && files);
}

const named = ({ name, state }: Attachment): HTMLElement => h("p", { class: "hint" }, state === "clean" ? name : `${name} (being checked)`);

function takenBack(message: Message, acts: MessageActs): HTMLElement {
  const line = h("p", { class: "msg-gone" }, message.mine ? "You took this message back." : `${message.sender.name} took this message back.`);
  if (message.mine && acts.mayWrite) line.append(" ", h("button", { type: "button", class: "link", onclick: () => acts.restore(message) }, "Show it again"));
  return line;
}

function threadLink({ replies, ...message }: Message, open: (message: Message, write: boolean) => void): HTMLElement {
  const last = replies.latest.at(-1);
  const who = [...new Set(replies.latest.map(({ sender }) => sender.name))];
  return h(
    "button",
    { type: "button", class: "thread-link", onclick: () => open({ replies, ...message }, false) },
    h("span", { class: "faces", "aria-hidden": "true" }, ...who.map((name) => h("span", { class: "avatar small" }, initials(name)))),
    h("span", { class: "thread-count" }, count(replies.count, "reply", "replies")),
    last && h("span", { class: "thread-last" }, `${last.mine ? "You" : last.sender.name}: ${plain(last.content)}`),
  );
}

export const plain = (content: string): string => content.replace(/[*_`#>\n]+/g, " ").trim().slice(0, 80);

function tools(message: Message, element: HTMLElement, acts: MessageActs): HTMLElement {
  const { thread } = acts;
  const more = h("button", { type: "button", class: "icon-button", "aria-label": "More about this message" }, icon("more"));
  menuButton(more, "Message", () => {
    const items: MenuItem[] = [
      { label: "Copy text", run: () => void copyText(message.content) },
      { label: "Copy link", run: () => acts.copyLink(message) },
    ];
    if (thread) items.push({ label: "Open thread", run: () => thread(message, acts.mayWrite) });
    if (message.mine && acts.mayWrite) items.push({ label: "Edit", run: () => acts.edit(message, element) });
    if (!message.mine && thread) items.push({ label: "Mark unread from here", run: () => acts.unread(message) });
    if (thread) items.push({ label: "Select", run: () => acts.select(message) });
    if (message.mine && acts.mayWrite) items.push({ label: "Take back", run: () => acts.remove(message) });
    return items;
  });
  const reply = thread && acts.mayWrite && h("button", { type: "button", class: "icon-button", "aria-label": "Reply in a thread", title: "Reply in a thread", onclick: () => thread(message, true) }, icon("reply"));
  return h("div", { class: "msg-tools" }, reply, more);
}
