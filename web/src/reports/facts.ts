// What is sent along with a report: where it was written, in which browser and window. Shown beforehand; any of it can be
// taken away, and is then kept as empty, so that it does not come back by itself.

import { h, icon } from "../common/dom.js";
import { browserName } from "./browser_name.js";

export type Details = Record<string, unknown>;

const NAMES: [string, string][] = [
  ["page", "Page"],
  ["browser", "Browser"],
  ["window", "Window"],
];

export function factsOf(page: string): Details {
  return { page, browser: browserName(navigator.userAgent), window: `${window.innerWidth} × ${window.innerHeight}` };
}

/** The list of what goes along. `changed` is told the details without, or again with, one of them. */
export function factList(details: Details, again: Details, changed: (details: Details) => void): HTMLElement {
  const list = h("ul", { class: "report-facts" });
  for (const [key, name] of NAMES) {
    const value = String(details[key] ?? "");
    const missing = value === "";
    const act = missing
      ? h("button", { type: "button", class: "link", "aria-label": `Send the ${name.toLowerCase()} along`, onclick: () => changed({ ...details, [key]: again[key] ?? "" }) }, "Send along")
      : h("button", { type: "button", class: "icon-button", "aria-label": `Do not send the ${name.toLowerCase()}`, title: "Do not send it", onclick: () => changed({ ...details, [key]: "" }) }, icon("close"));
    list.append(h("li", { class: missing ? "without" : "" }, h("span", { class: "report-fact-name" }, name), h("span", { class: "report-fact" }, missing ? "not sent" : value), act));
  }
  return list;
}
