// Drafts that the system before this one left in the browser: offered on the form's page, taken over once, and kept in
// the browser until the server has them. One that was taken over already is found again by where it came from.

import { api, Problem } from "../common/api.js";
import { h } from "../common/dom.js";
import type { StartData } from "./wire.js";

interface LocalDraft {
  key: string;
  data: Record<string, unknown>;
}

/** `gig-create-draft` was the draft of a new gig, `gig-edit-ID` that of an existing one. */
function localDrafts(form: string): LocalDraft[] {
  const wanted = new RegExp(`^${form}-(create-draft|edit-.+)$`);
  try {
    return Object.keys(localStorage).filter((key) => wanted.test(key)).flatMap((key) => {
      const data = read(localStorage.getItem(key));
      return data === null ? [] : [{ key, data }];
    });
  } catch {
    // A browser that keeps storage from us keeps no old drafts either.
    return [];
  }
}

function read(text: string | null): Record<string, unknown> | null {
  try {
    const data: unknown = JSON.parse(text ?? "null");
    return typeof data === "object" && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export function offerLocalDrafts({ form, noun }: StartData, notices: HTMLElement): void {
  for (const { key, data } of localDrafts(form)) {
    const title = typeof data["title"] === "string" && data["title"] ? `: “${data["title"]}”` : "";
    const problem = h("span", { class: "field-error" });
    const take = async (): Promise<void> => {
      button.disabled = true;
      try {
        const draft = await api<{ id: string; status: string; fields: { form: string } }>("POST", `/api/forms/${form}/moved`, { source: key, data });
        localStorage.removeItem(key);
        location.assign(`/forms/${form}/${draft.id}`);
      } catch (error) {
        button.disabled = false;
        problem.textContent = error instanceof Problem ? error.message : "That did not work.";
      }
    };
    const button = h("button", { type: "button", class: "button small", onclick: () => void take() }, "Take it over");
    const later = h("button", { type: "button", class: "button small quiet", onclick: () => notice.remove() }, "Not now");
    const notice = h("div", { class: "notice", role: "status" }, h("span", { class: "grow" }, `This browser keeps an unfinished ${noun} from before${title}. `, problem), h("div", { class: "acts" }, later, button));
    notices.append(notice);
  }
}
