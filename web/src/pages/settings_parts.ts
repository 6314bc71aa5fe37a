// What the parts of the settings page share: lists that load, and single actions that may fail.

import { Problem } from "../common/api.js";
import { h } from "../common/dom.js";
import { toast } from "../common/toast.js";

/** How often each list was asked for: an answer to an earlier question comes too late. */
const asked = new WeakMap<HTMLElement, number>();

/** Fills a list; a failure is said in its place, with a way to try again. */
export async function fill(list: HTMLElement, load: () => Promise<Node[]>, nothing: string): Promise<void> {
  const turn = (asked.get(list) ?? 0) + 1;
  asked.set(list, turn);
  try {
    const rows = await load();
    if (asked.get(list) !== turn) return;
    list.replaceChildren(...(rows.length > 0 ? rows : [h("li", { class: "nothing" }, nothing)]));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (asked.get(list) !== turn) return;
    const again = h("button", { type: "button", class: "button small", onclick: () => void fill(list, load, nothing) }, "Try again");
    list.replaceChildren(h("li", { class: "notice bad" }, h("span", { class: "grow" }, error.message), again));
  } finally {
    list.setAttribute("aria-busy", "false");
  }
}

/** Says what went wrong with a single action. */
export async function attempt(run: () => Promise<unknown>, done?: string): Promise<void> {
  try {
    await run();
    if (done) toast(done);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(error.message);
  }
}
