// The editor page.

import { byId, h, pageData } from "./common/dom.js";
import { DraftPage, type Draft } from "./editor/draft_page.js";

const { draft } = pageData<{ draft: Draft }>();

new DraftPage(draft).open().catch((error: unknown) => {
  const reload = h("button", { type: "button", class: "button small", onclick: () => location.reload() }, "Reload");
  byId("notices").append(h("div", { class: "notice bad", role: "alert" }, h("span", { class: "grow" }, h("b", {}, "The editor could not start. "), "Your text is shown below as it was last saved; nothing is lost."), reload));
  if (!document.querySelector(".cm-editor")) byId("sheet").replaceChildren(h("pre", { class: "plain-text", tabindex: "0" }, draft.text));
  throw error;
});
