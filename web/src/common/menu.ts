// A small menu below a button: arrows move, Enter chooses, Escape and a press elsewhere close, focus returns.

import { h } from "./dom.js";

export interface MenuItem {
  label: string;
  run: () => void;
}

/** Makes `button` open a menu. `items` is asked each time. */
export function menuButton(button: HTMLButtonElement, label: string, items: () => MenuItem[]): void {
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-expanded") === "false") openMenu(button, label, items());
  });
}

function openMenu(button: HTMLButtonElement, label: string, items: MenuItem[]): void {
  const before = document.activeElement as HTMLElement | null;
  const list = h("div", { class: "menu", role: "menu", "aria-label": label, popover: "auto" });
  const close = (): void => list.hidePopover();
  for (const { label: text, run } of items) {
    const choose = (): void => {
      close();
      run();
    };
    list.append(h("button", { type: "button", role: "menuitem", tabindex: -1, onclick: choose }, text));
  }
  list.addEventListener("keydown", (event) => {
    const all = [...list.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    if (event.key === "Tab" || event.key === "Escape") close();
    else if (event.key in to) all[(to[event.key] ?? 0) % all.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    button.setAttribute("aria-expanded", "false");
    const inside = list.contains(document.activeElement) || document.activeElement === document.body;
    list.remove();
    if (inside && before?.isConnected) before.focus();
  });
  document.body.append(list);
  list.showPopover();
  place(list, button.getBoundingClientRect());
  button.setAttribute("aria-expanded", "true");
  list.querySelector("button")?.focus();
}

const MARGIN = 8;

function place(list: HTMLElement, { left, right, top, bottom }: DOMRect): void {
  const { width, height } = list.getBoundingClientRect();
  const x = left + width + MARGIN > window.innerWidth ? right - width : left;
  const y = bottom + 4 + height + MARGIN > window.innerHeight ? top - 4 - height : bottom + 4;
  list.style.left = `${Math.max(MARGIN, x)}px`;
  list.style.top = `${Math.max(MARGIN, y)}px`;
}
