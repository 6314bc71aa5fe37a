// Sharing a draft with other people of this installation: who has it, what they may do, add one, take it back.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h, icon } from "../common/dom.js";
import { onSubmit, show as showProblem } from "../common/form.js";
import { linkSection } from "./links.js";

type Role = "viewer" | "commenter" | "editor";
interface Share {
  user_id: string;
  email: string;
  name: string;
  role: Role;
}

const ROLES: [Role, string][] = [["viewer", "may read it"], ["commenter", "may comment on it"], ["editor", "may change it"]];

/** Only documents are commented on. */
const rolesOf = (kind: string): [Role, string][] => ROLES.filter(([role]) => role !== "commenter" || kind === "document");

function roleChoice(id: string, value: Role, kind: string): HTMLSelectElement {
  const choice = h("select", { id, name: "role" }, ...rolesOf(kind).map(([role, words]) => h("option", { value: role }, words)));
  choice.value = value;
  return choice;
}

/** `kind`: documents can be read by link, too. */
export async function shareDialog(draftId: string, kind: string): Promise<void> {
  const path = `/api/drafts/${draftId}/shares`;
  const list = h("ul", { class: "rows", "aria-label": "Shared with" }, h("li", { class: "nothing" }, "Reading…"));
  const email = h("input", { id: "share-email", name: "email", type: "email", required: true, autocomplete: "off" });
  const role = roleChoice("share-role", "editor", kind);
  const form = h(
    "form",
    { class: "stack share-form", novalidate: true },
    h("div", { class: "form-problem", role: "alert", hidden: true }),
    h("div", { class: "pair" }, h("div", { class: "field" }, h("label", { for: "share-email" }, "Their e-mail"), email), h("div", { class: "field" }, h("label", { for: "share-role" }, "They"), role)),
    h("div", {}, h("button", { type: "submit", class: "button primary" }, "Share")),
  );
  const show = (shares: Share[]): void => {
    list.replaceChildren(...shares.map((share) => row(share)));
    if (shares.length === 0) list.append(h("li", { class: "nothing" }, "Nobody else has this draft."));
  };
  const row = (share: Share): HTMLElement => {
    const choice = roleChoice(`role-${share.user_id}`, share.role, kind);
    choice.setAttribute("aria-label", `What ${share.name} may do`);
    choice.addEventListener("change", () => void attempt(() => give(share.email, choice.value as Role)));
    const end = h("button", { type: "button", class: "icon-button", "aria-label": `Stop sharing with ${share.name}`, onclick: () => void attempt(() => takeBack(share)) }, icon("close"));
    return h("li", { class: "row" }, h("div", { class: "row-main" }, h("p", { class: "row-title" }, share.name), h("p", { class: "row-sub" }, share.email)), h("div", { class: "select" }, choice), end);
  };
  let asked = 0;
  /** Of several answers on their way the one asked for last counts. */
  const ask = async (method: "GET" | "PUT", body?: object): Promise<void> => {
    const turn = (asked += 1);
    const { items } = await api<{ items: Share[] }>(method, path, body);
    if (turn === asked) show(items);
  };
  const give = (address: string, as: Role): Promise<void> => ask("PUT", { email: address, role: as });
  const takeBack = async (share: Share): Promise<void> => {
    await api("DELETE", `${path}/${share.user_id}`);
    await load();
  };
  const load = (): Promise<void> => ask("GET");
  onSubmit(form, async () => {
    const { value } = email;
    await give(value.trim(), role.value as Role);
    // Another address may be on its way into the field already.
    if (email.value !== value) return;
    form.reset();
    email.focus();
  });
  /** Says what went wrong, and shows who has it all the same. */
  async function attempt(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      showProblem(form, error);
      await load().catch(() => undefined);
    }
  }
  // At once: a dialog that opens by itself later takes the keys of whoever goes on writing.
  openDialog("Share this draft", [form, list, h("p", { class: "hint" }, "They need an account here. Only you can hand it in, discard it or share it."), ...(kind === "document" ? [linkSection(draftId)] : [])]);
  try {
    await load();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    list.replaceChildren(h("li", { class: "notice bad", role: "alert" }, error.message));
  }
}
