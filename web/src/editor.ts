// The editor page.

import { byId, h, meta, pageData } from "./common/dom.js";
import { DraftPage, type Draft } from "./editor/draft_page.js";

const { draft } = pageData<{ draft: Draft }>();

opened(draft).then((found) => found && new DraftPage(found).open()).catch((error: unknown) => {
  const reload = h("button", { type: "button", class: "button small", onclick: () => location.reload() }, "Reload");
  byId("notices").append(h("div", { class: "notice bad", role: "alert" }, h("span", { class: "grow" }, h("b", {}, "The editor could not start. "), "Your text is shown below as it was last saved; nothing is lost."), reload));
  if (!document.querySelector(".cm-editor")) byId("sheet").replaceChildren(h("pre", { class: "plain-text", tabindex: "0" }, draft.text));
  throw error;
});

/** The draft of this page; the empty editor finds it on the device, or says that it is not kept here. */
async function opened(served: Draft): Promise<Draft | null> {
  if (served.id !== "") return served;
  const { keptDraft, sayNotKept } = await import("./editor/kept_draft.js");
  const found = await keptDraft(served, location.pathname, meta("account"));
  if (found === null) sayNotKept();
  return found;
}
