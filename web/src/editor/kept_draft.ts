// A draft opened without a network whose page was never seen here: from what the device keeps of its text.

import { byId, h } from "../common/dom.js";
import { begunHere } from "../sync/begun_here.js";
import { deviceStore } from "../sync/browser.js";
import { toSnapshot } from "../sync/device_store.js";
import type { Snapshot } from "../sync/wire.js";
import type { Draft } from "./draft_page.js";

/** Null where the device has nothing of it. */
export async function keptDraft(blank: Draft, path: string, account: string): Promise<Draft | null> {
  const id = /^\/drafts\/([\w-]+)$/.exec(path)?.[1];
  if (id === undefined) return null;
  const base = await (await deviceStore(account))?.newestBase(id).catch(() => undefined);
  const begun = begunHere(account).find((other) => other.id === id);
  if (!base && !begun) return null;
  const at = new Date(base?.at ?? begun?.at ?? Date.now()).toISOString();
  return { ...blank, id, saved_at: at, ...(base ? fieldsOf(toSnapshot(base)) : {}) };
}

function fieldsOf({ seq, texts, values }: Snapshot): Pick<Draft, "seq" | "text" | "title"> {
  return { seq, text: texts["text"] ?? "", title: String(values["title"] ?? "") };
}

export function sayNotKept(): void {
  byId("sheet").setAttribute("aria-busy", "false");
  const text = [h("b", {}, "This draft is not kept on this device. "), "It opens once the server can be reached."];
  byId("notices").append(h("div", { class: "notice", role: "alert" }, h("span", { class: "grow" }, ...text), h("button", { type: "button", class: "button small", onclick: () => location.reload() }, "Try again"), h("a", { class: "button small", href: "/" }, "All drafts")));
  window.addEventListener("online", () => location.reload());
}
