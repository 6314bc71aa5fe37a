// Modal dialogs: a title, a body, buttons. Escape and the cross close; focus returns where it was.

import { h, icon } from "./dom.js";

export interface Dialog {
  element: HTMLDialogElement;
  body: HTMLElement;
  foot: HTMLElement;
  close: () => void;
}

interface Options {
  wide?: boolean;
  onclose?: () => void;
}

let made = 0;

export function openDialog(title: string, content: (Node | string)[], buttons: Node[] = [], options: Options = {}): Dialog {
  const before = document.activeElement as HTMLElement | null;
  const id = `dialog-${(made += 1)}`;
  const element = h("dialog", { "aria-labelledby": id, class: options.wide ? "wide" : "" });
  const close = (): void => element.close();
  const body = h("div", { class: "dialog-body" }, ...content);
  const foot = h("div", { class: "dialog-foot" }, ...buttons);
  const cross = h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: close }, icon("close"));
  element.append(h("div", { class: "dialog-head" }, h("h2", { id }, title), h("span", { class: "grow" }), cross), body);
  if (buttons.length > 0) element.append(foot);
  element.addEventListener("close", () => {
    element.remove();
    options.onclose?.();
    // This comes a moment after it closed: whoever has clicked or typed elsewhere meanwhile stays there.
    if (document.activeElement === document.body && before?.isConnected) before.focus();
  });
  element.addEventListener("click", (event) => {
    if (event.target === element) close();
  });
  document.body.append(element);
  element.showModal();
  (body.querySelector<HTMLElement>("[autofocus], input, textarea, select") ?? foot.querySelector<HTMLElement>(".primary") ?? cross).focus();
  return { element, body, foot, close };
}

/** Asks for one line of text; null when the person changed their mind. */
export function askText(title: string, label: string, value: string, confirm: string, more: Record<string, string> = {}): Promise<string | null> {
  return new Promise((resolve) => {
    let answer: string | null = null;
    const input = h("input", { id: "ask-text", value, maxlength: more["type"] === "url" ? 2_000 : 120, autocomplete: "off", ...more });
    const form = h("form", { method: "dialog", novalidate: true }, h("div", { class: "field" }, h("label", { for: "ask-text" }, label), input));
    const submit = (event?: Event): void => {
      event?.preventDefault();
      answer = input.value.trim();
      dialog.close();
    };
    form.addEventListener("submit", submit);
    const dialog = openDialog(
      title,
      [form],
      [
        h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "button", class: "button primary", onclick: () => submit() }, confirm),
      ],
      { onclose: () => resolve(answer) },
    );
    input.select();
  });
}
