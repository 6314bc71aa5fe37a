// Where a chat went on in several ways: ‹ 2 / 3 › on a message, and changing an earlier message.

import { h, icon } from "../common/dom.js";
import type { Message } from "./wire.js";

/** Switches between a message and its siblings; null where there is only one. */
export function siblingSwitch(message: Message, choose: (id: string) => void): HTMLElement | null {
  const { siblings = [], index = 0 } = message;
  if (siblings.length < 2) return null;
  const kind = message.role === "user" ? "message" : "answer";
  const step = (by: number, label: string, name: string): HTMLElement => {
    const id = siblings[index + by];
    return h("button", { type: "button", class: "button quiet", "aria-label": label, title: label, disabled: id === undefined, onclick: () => id && choose(id) }, icon(name));
  };
  const place = h("span", {}, `${index + 1} / ${siblings.length}`);
  return h("div", { class: "sibling-switch", role: "group", "aria-label": `Other ways to go on: ${kind} ${index + 1} of ${siblings.length}`, "data-switch": message.parent_id ?? "" }, step(-1, `Earlier ${kind}`, "earlier"), place, step(1, `Later ${kind}`, "later"));
}
