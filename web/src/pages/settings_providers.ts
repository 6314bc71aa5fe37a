// Where models come from: keys (write-only) and endpoints.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h } from "../common/dom.js";
import { show, values } from "../common/form.js";
import { toast } from "../common/toast.js";
import { attempt, fill } from "./settings_parts.js";

interface ProviderSetting {
  id: string;
  kind: string;
  label: string;
  base_url: string | null;
  key_set: boolean;
  key_source: "environment" | "settings" | null;
  models: string[];
  context: number | null;
  enabled: boolean;
  allow_private: boolean;
}

export function openProviders(): void {
  const list = byId("provider-list");
  const reload = (): Promise<void> => fill(list, async () => (await api<{ items: ProviderSetting[] }>("GET", "/api/settings/providers")).items.map(row), "No providers.");

  function row(provider: ProviderSetting): HTMLElement {
    const key = provider.key_source === "environment" ? "key from the environment" : provider.key_set ? "key kept here" : provider.kind === "offline" ? "needs no key" : "no key";
    const facts = [provider.kind, provider.base_url, key, provider.models.length > 0 && `${provider.models.length} models`].filter(Boolean).join(" · ");
    return h(
      "li",
      { class: "row" },
      h("div", { class: "row-main" }, h("div", { class: "row-title" }, provider.label || provider.id, " ", !provider.enabled && h("span", { class: "tag" }, "Off")), h("div", { class: "row-sub" }, facts)),
      h("button", { type: "button", class: "button small", "aria-label": `Change ${provider.label || provider.id}`, onclick: () => editProvider(provider, reload) }, "Change"),
    );
  }

  byId("add-endpoint").addEventListener("click", () => editProvider(null, reload));
  void reload();
}

const field = (id: string, label: string, input: HTMLElement, hint?: string): HTMLElement =>
  h("div", { class: "field" }, h("label", { for: id }, label), input, hint !== undefined && h("p", { class: "hint" }, hint));

const ENDPOINT_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;

function editProvider(provider: ProviderSetting | null, reload: () => Promise<void>): void {
  const builtIn = provider !== null && !["compatible", "openai_chat", "endpoint"].includes(provider.kind);
  const text = (name: string, value: string, more: Record<string, string | boolean> = {}): HTMLInputElement => h("input", { id: `provider-${name}`, name, value, autocomplete: "off", ...more });
  const form = h("form", { class: "stack", novalidate: true }, h("div", { class: "form-problem", role: "alert", hidden: true }));
  if (provider === null) {
    form.append(field("provider-id", "Short name", text("id", "", { required: true, pattern: ENDPOINT_ID.source, placeholder: "for example: ollama" }), "Lower-case letters, digits, - and _. It cannot be changed later."));
  }
  form.append(field("provider-label", "Shown as", text("label", provider?.label ?? "")));
  form.append(field("provider-base_url", "Address", text("base_url", provider?.base_url ?? "", { type: "url", inputmode: "url", placeholder: builtIn ? "the provider's own" : "http://localhost:11434/v1", required: !builtIn })));
  const keyHint = provider?.key_source === "environment" ? "The environment's key is used; one entered here waits behind it." : provider?.key_set ? "A key is kept. Leave this empty to keep it." : builtIn && provider.kind !== "offline" ? "Its models can be used once a key is kept here." : "Leave empty when none is needed.";
  form.append(field("provider-api_key", "API key", text("api_key", "", { type: "password", autocomplete: "new-password" }), keyHint));
  const models = h("textarea", { id: "provider-models", name: "models", rows: 3, spellcheck: false });
  models.value = (provider?.models ?? []).join("\n");
  form.append(field("provider-models", "Models, one per line", models, builtIn ? "Empty: the ones Draftloom knows." : undefined));
  form.append(field("provider-context", "Context size in tokens", text("context", provider?.context ? String(provider.context) : "", { inputmode: "numeric" })));
  const check = (name: string, label: string, on: boolean): HTMLElement => h("label", { class: "check" }, h("input", { type: "checkbox", name, checked: on }), label);
  form.append(check("enabled", "Offer its models", provider?.enabled ?? true));
  if (!builtIn) form.append(check("allow_private", "The address is in our own network", provider?.allow_private ?? false));

  const save = async (event?: Event): Promise<void> => {
    event?.preventDefault();
    if (!form.reportValidity()) return;
    const given = values(form);
    const body: Record<string, unknown> = {
      label: given["label"] || null,
      base_url: given["base_url"] || null,
      models: (given["models"] ?? "").split(/[\n,]/).map((model) => model.trim()).filter(Boolean),
      context: given["context"] ? Number(given["context"]) : null,
      enabled: "enabled" in given,
      allow_private: "allow_private" in given,
    };
    if (provider === null) body["kind"] = "compatible";
    if (given["api_key"]) body["api_key"] = given["api_key"];
    try {
      await api("PUT", `/api/settings/providers/${encodeURIComponent(provider?.id ?? given["id"] ?? "")}`, body);
      dialog.close();
      toast("Saved.");
      await reload();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      show(form, error);
    }
  };
  form.addEventListener("submit", (event) => void save(event));
  const foot: Node[] = [];
  const remove = (label: string, body: () => Promise<unknown>, done: string): HTMLElement =>
    h("button", { type: "button", class: "button danger", onclick: () => void attempt(body, done).then(() => (dialog.close(), reload())) }, label);
  if (provider?.key_set && provider.key_source === "settings") foot.push(remove("Forget the key", () => api("PUT", `/api/settings/providers/${provider.id}`, { api_key: null }), "The key is forgotten."));
  if (provider && !builtIn) foot.push(remove("Remove", () => api("DELETE", `/api/settings/providers/${provider.id}`), "Removed."));
  foot.push(h("span", { class: "grow" }), h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), h("button", { type: "button", class: "button primary", onclick: () => void save() }, "Save"));
  const dialog = openDialog(provider ? provider.label || provider.id : "Add an endpoint", [form], foot);
}
