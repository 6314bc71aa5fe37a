// Modal dialogs: a title, a body, buttons. Escape and the cross close; focus returns where it was.

import { Problem } from "./api.js";
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
  // Beside it means pressed and let go there: whoever marks words with the mouse may end outside. The second press of a
  // double click on what opened it is not meant either.
  let beside = false;
  element.addEventListener("pointerdown", ({ target }) => (beside = target === element));
  element.addEventListener("click", (event) => {
    if (event.target === element && beside && event.detail < 2) close();
  });
  document.body.append(element);
  element.showModal();
  (body.querySelector<HTMLElement>("[autofocus], input, textarea, select") ?? foot.querySelector<HTMLElement>(".primary") ?? cross).focus();
  return { element, body, foot, close };
}

function explained(error: unknown): string {
  if (error instanceof Problem) return error.message;
  // A fault of the page's own: the person cannot mend it, but whoever looks for it must find it.
  reportError(error);
  return "That did not work.";
}

/** Null once it is done; else why not. */
export async function whyNot(run: () => Promise<unknown>, explain: (error: unknown) => string = explained): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return explain(error);
  }
}

/** Asks for one line of text; null when the person changed their mind. `act` says why it could not be done, if so: then
 *  what was typed stays, to be tried again. */
export function askText(title: string, label: string, value: string, confirm: string, more: Record<string, string> = {}, act: (typed: string) => Promise<string | null> = () => Promise.resolve(null)): Promise<string | null> {
  return new Promise((resolve) => {
    let answer: string | null = null;
    const input = h("input", { id: "ask-text", value, maxlength: more["type"] === "url" ? 2_000 : 120, autocomplete: "off", ...more });
    const form = h("form", { method: "dialog", novalidate: true }, h("div", { class: "field" }, h("label", { for: "ask-text" }, label), input));
    const problem = h("p", { class: "field-error", role: "alert", hidden: true });
    const save = h("button", { type: "button", class: "button primary", onclick: () => void submit() }, confirm);
    const submit = async (event?: Event): Promise<void> => {
      event?.preventDefault();
      if (save.disabled) return;
      save.disabled = true;
      const typed = input.value.trim();
      const why = await act(typed).finally(() => (save.disabled = false));
      problem.textContent = why;
      problem.hidden = why === null;
      if (why !== null) return input.focus();
      answer = typed;
      dialog.close();
    };
    form.addEventListener("submit", (event) => void submit(event));
    const dialog = openDialog(
      title,
      [form, problem],
      [h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), save],
      { onclose: () => resolve(answer) },
    );
    input.select();
  });
}
