// A form whose draft the page was not delivered with: opened without a network, or under an id the server does not know.
// It is begun on this device, or there as far as it is kept here.

import { h } from "../common/dom.js";
import { begunHere, mergedInto } from "../sync/begun_here.js";
import { deviceStore } from "../sync/browser.js";
import { toSnapshot } from "../sync/device_store.js";
import type { FormData, FormState } from "./wire.js";

/** `elsewhere`: the draft its words have gone to. `parked`: nothing but words the server would not take. */
export type Kept = { data: FormData } | { elsewhere: string } | { parked: number };

export async function keptForm(blank: FormData, path: string, account: string): Promise<Kept> {
  const id = /^\/forms\/[^/]+\/([\w-]+)/.exec(path)?.[1];
  if (id === undefined) return { parked: 0 };
  const store = await deviceStore(account);
  const base = await store?.newestBase(id).catch(() => undefined);
  const begun = begunHere(account).find((other) => other.id === id);
  const other = mergedInto(account, id);
  if (blank.unknown && !begun) {
    // The server was asked, and knows nothing of it: what is kept here is shown for the sake of words it has not got yet.
    const unsent = ((await store?.leftovers(id).catch(() => [])) ?? []).some(({ empty }) => !empty);
    if (!unsent && other !== null) return { elsewhere: other };
    if (!unsent) return { parked: ((await store?.parked(id).catch(() => [])) ?? []).length };
  }
  if (!base && !begun && other === null) return { parked: 0 };
  const draft = { ...blank.draft, id };
  if (!base) return { data: { ...blank, draft: { ...draft, fields: { ...draft.fields, subject: begun?.form?.subject ?? null } } } };
  const { seq, texts, values } = toSnapshot(base);
  return { data: { ...blank, draft: { ...draft, seq, fields: { ...values, ...texts } }, state: stateOf(blank.state, values) } };
}

/** The steps as far as the device knows of them: whether one is still right is the server's to say. */
function stateOf(blank: FormState, values: Record<string, unknown>): FormState {
  const completed = Array.isArray(values["completed_steps"]) ? (values["completed_steps"] as string[]) : [];
  return { ...blank, completed_steps: completed, steps: blank.steps.map((step) => ({ ...step, errors: [], state: completed.includes(step.name) ? "done" : "open" })) };
}

export function sayNotKept(notices: HTMLElement): void {
  const again = h("button", { type: "button", class: "button small", onclick: () => location.reload() }, "Try again");
  notices.append(h("div", { class: "notice", role: "alert" }, h("span", { class: "grow" }, h("b", {}, "This form is not kept on this device. "), "It opens once the server can be reached."), again));
  window.addEventListener("online", () => location.reload());
}

/** The page of what does not exist, as the server would have sent it had this device had nothing to add. */
export function sayNothingHere(main: HTMLElement, parked: number): void {
  document.querySelector(".editor-bar")?.remove();
  document.title = "404 · Draftloom";
  const words = parked > 0 ? h("p", { class: "hint" }, "What you wrote here and could not be saved is kept on this device. You find it above the list of drafts.") : null;
  const card = h(
    "div",
    { class: "gate-card" },
    h("p", { class: "problem-status" }, "404"),
    h("h1", { class: "gate-title" }, "There is nothing here"),
    h("p", { class: "lead" }, "The page does not exist, or it belongs to somebody else."),
    words,
    h("a", { class: "button primary block", href: "/" }, "All drafts"),
  );
  main.className = "gate";
  main.replaceChildren(card);
}
