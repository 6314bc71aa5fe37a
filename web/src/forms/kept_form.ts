// A form opened without a network whose draft has no page here: begun on this device, or as far as it is kept there.

import { h } from "../common/dom.js";
import { begunHere, mergedInto } from "../sync/begun_here.js";
import { deviceStore } from "../sync/browser.js";
import { toSnapshot } from "../sync/device_store.js";
import type { FormData } from "./wire.js";

/** Where the device has nothing of it, null. */
export async function keptForm(blank: FormData, path: string, account: string): Promise<FormData | null> {
  const id = /^\/forms\/[^/]+\/([\w-]+)/.exec(path)?.[1];
  if (id === undefined) return null;
  const base = await (await deviceStore(account))?.newestBase(id).catch(() => undefined);
  const begun = begunHere(account).find((other) => other.id === id);
  if (!base && !begun && mergedInto(account, id) === null) return null;
  const draft = { ...blank.draft, id };
  if (!base) return { ...blank, draft: { ...draft, fields: { ...draft.fields, subject: begun?.form?.subject ?? null } } };
  const { seq, texts, values } = toSnapshot(base);
  return { ...blank, draft: { ...draft, seq, fields: { ...values, ...texts } } };
}

export function sayNotKept(notices: HTMLElement): void {
  const again = h("button", { type: "button", class: "button small", onclick: () => location.reload() }, "Try again");
  notices.append(h("div", { class: "notice", role: "alert" }, h("span", { class: "grow" }, h("b", {}, "This form is not kept on this device. "), "It opens once the server can be reached."), again));
  window.addEventListener("online", () => location.reload());
}
