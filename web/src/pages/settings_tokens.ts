// The person's own API tokens.

import { api } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { ago } from "../common/format.js";
import { onSubmit, values } from "../common/form.js";
import { attempt, fill } from "./settings_parts.js";
import { showOnce } from "./shown_once.js";

interface ApiToken {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
}

export function openTokens(): void {
  const list = byId("token-list");
  const reload = (): Promise<void> => fill(list, async () => (await api<{ items: ApiToken[] }>("GET", "/api/tokens")).items.map(row), "No tokens yet.");

  function row(token: ApiToken): HTMLElement {
    const used = token.last_used_at ? `last used ${ago(token.last_used_at)}` : "never used";
    const revoke = (): Promise<void> => attempt(() => api("DELETE", `/api/tokens/${token.id}`), `“${token.name}” no longer works.`).then(reload);
    return h(
      "li",
      { class: "row" },
      h("div", { class: "row-main" }, h("div", { class: "row-title" }, token.name), h("div", { class: "row-sub" }, `made ${ago(token.created_at)} · ${used}`)),
      h("button", { type: "button", class: "button small danger", "aria-label": `Revoke ${token.name}`, onclick: () => void revoke() }, "Revoke"),
    );
  }

  const form = byId<HTMLFormElement>("token-form");
  onSubmit(form, async () => {
    const { name } = values(form);
    const made = await api<{ name: string; token: string }>("POST", "/api/tokens", { name });
    form.reset();
    showOnce(byId("token-once"), `The token “${made.name}”. Copy it now: it is not shown again.`, made.token);
    await reload();
  });
  void reload();
}
