// A secret that is shown exactly once: a token, a one-time link.

import { copyText } from "../common/copy.js";
import { h, icon } from "../common/dom.js";

export function showOnce(box: HTMLElement, text: string, secret: string): void {
  const copy = h("button", { type: "button", class: "button small", onclick: () => void copyText(secret) }, icon("copy"), "Copy");
  const done = h("button", { type: "button", class: "button small quiet" }, "Done, hide it");
  done.addEventListener("click", () => {
    box.replaceChildren();
    box.hidden = true;
  });
  box.replaceChildren(h("p", {}, text), h("code", {}, secret), h("div", { class: "chips" }, copy, done));
  box.hidden = false;
  copy.focus();
}

/** Links may come as paths; people need whole addresses. */
export const wholeAddress = (link: string): string => new URL(link, location.origin).href;
