// "3 min ago" that stays true while the page is open.

import { h } from "./dom.js";
import { ago } from "./format.js";

const EVERY = 30_000;
let ticking = 0;

/** The moment as a person says it, told anew every half minute; `before` are words in front of it. */
export function liveTime(iso: string, before = ""): HTMLElement {
  if (ticking === 0) ticking = window.setInterval(tell, EVERY);
  const element = h("time", { datetime: iso, "data-live": before, title: new Date(iso).toLocaleString("en") });
  element.textContent = said(iso, before);
  return element;
}

const said = (iso: string, before: string): string => (before ? `${before} ${ago(iso)}` : ago(iso));

function tell(): void {
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[data-live]")) {
    const text = said(element.dateTime, element.dataset["live"] ?? "");
    if (element.textContent !== text) element.textContent = text;
  }
}
