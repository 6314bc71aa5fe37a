// Changing a message that was sent: its words turn into a text field until they are saved.

import { api, Problem } from "../common/api.js";
import { h } from "../common/dom.js";
import type { Message } from "./wire.js";

/** What is being written, by message: its element may be drawn anew meanwhile. */
const unfinished = new Map<string, string>();

export const isBeingEdited = (id: string): boolean => unfinished.has(id);

export function editMessage(message: Message, element: HTMLElement, done: (changed: Message) => void, focus = true): void {
  const body = element.querySelector<HTMLElement>(".msg-body");
  if (!body || element.querySelector(".msg-edit")) return;
  const text = h("textarea", { class: "composer-text", "aria-label": "Change this message", rows: 2 });
  text.value = unfinished.get(message.id) ?? message.content;
  unfinished.set(message.id, text.value);
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const save = h("button", { type: "button", class: "button small primary", onclick: () => void send() }, "Save");
  const form = h("div", { class: "msg-edit" }, text, problem, h("div", { class: "chips" }, save, h("button", { type: "button", class: "button small quiet", onclick: () => leave() }, "Cancel")));
  const grow = (): void => {
    unfinished.set(message.id, text.value);
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
    save.disabled = text.value.trim() === "";
  };
  let saved = message;
  const close = (): void => {
    unfinished.delete(message.id);
    form.remove();
    body.hidden = false;
    element.focus();
  };
  const leave = (): void => {
    close();
    if (saved !== message) done(saved);
  };
  const send = async (): Promise<void> => {
    const { value } = text;
    if (value === saved.content) return leave();
    save.disabled = true;
    try {
      saved = { ...(await api<Message>("PATCH", `/api/messages/${message.id}`, { content: value })), replies: message.replies };
      // What was written meanwhile is the next to be saved.
      if ((unfinished.get(message.id) ?? value) === value) close();
      else save.disabled = false;
      done(saved);
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : "That did not work.";
      problem.hidden = false;
      save.disabled = false;
    }
  };
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  body.hidden = true;
  body.after(form);
  if (focus) {
    grow();
    text.focus();
  } else requestAnimationFrame(() => text.isConnected && grow()); // Not in the page yet, it has no height.
}
