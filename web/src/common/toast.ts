// Short news at the bottom of the page, with at most one thing to do about it. Announced politely.

import { byId, h } from "./dom.js";

export interface ToastAction {
  label: string;
  run: () => void;
}

/** Shows `text` for `milliseconds`; hovering or focusing it keeps it. Returns a way to take it back. */
export function toast(text: string, action?: ToastAction, milliseconds = action ? 10_000 : 5_000): () => void {
  const element = h("div", { class: "toast" }, h("span", {}, text));
  let timer = 0;
  const close = (): void => {
    clearTimeout(timer);
    element.remove();
  };
  const start = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(close, milliseconds);
  };
  if (action) {
    const act = (): void => {
      close();
      action.run();
    };
    element.append(h("button", { type: "button", onclick: act }, action.label));
  }
  for (const stop of ["pointerenter", "focusin"]) element.addEventListener(stop, () => clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"]) element.addEventListener(go, start);
  byId("toasts").append(element);
  start();
  return close;
}
