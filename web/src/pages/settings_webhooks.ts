// Webhooks: set up, tried out, and the log of every call.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h } from "../common/dom.js";
import { show, values } from "../common/form.js";
import { ago, count } from "../common/format.js";
import { toast } from "../common/toast.js";
import { attempt, fill } from "./settings_parts.js";
import { showOnce } from "./shown_once.js";
import { told, type Attempt } from "./webhook_words.js";

interface Delivery {
  id: string;
  event: string;
  submission_id: string | null;
  state: "waiting" | "delivered" | "failed";
  next_at: string | null;
  created_at: string;
  attempts: Attempt[];
}

interface Webhook {
  id: string;
  label: string;
  url: string;
  kinds: string[];
  allow_private: boolean;
  enabled: boolean;
  last: Delivery | null;
}

const PATH = "/api/settings/webhooks";
/** Milliseconds: what is due in so short a time is waited for. */
const SOON = 15_000;
const KINDS: [string, string][] = [
  ["bug_report", "Bug reports"],
  ["feature_request", "Feature requests"],
  ["form", "Forms"],
];
function state(delivery: Delivery): HTMLElement {
  const words = { waiting: delivery.attempts.length > 0 ? "Trying again" : "Waiting", delivered: "Delivered", failed: "Failed" }[delivery.state];
  return h("span", { class: `tag ${delivery.state === "delivered" ? "accent" : "warn"}` }, words);
}

export function openWebhooks(): void {
  const list = byId("webhook-list");
  const once = byId("webhook-once");
  const reload = (): Promise<void> => fill(list, async () => (await api<{ items: Webhook[] }>("GET", PATH)).items.map(row), "No webhooks.");
  const secret = (made: { webhook: Webhook; secret: string }): void => showOnce(once, `The secret that signs calls to ${made.webhook.label || made.webhook.url}. Copy it now: it is not shown again.`, made.secret);

  function row(hook: Webhook): HTMLElement {
    const name = hook.label || hook.url;
    const kinds = hook.kinds.length === 0 ? "everything" : KINDS.filter(([kind]) => hook.kinds.includes(kind)).map(([, label]) => label.toLowerCase()).join(", ");
    const last = hook.last ? `last call ${ago(hook.last.created_at)}` : "never called";
    return h(
      "li",
      { class: "row" },
      h("div", { class: "row-main" }, h("div", { class: "row-title" }, name, " ", !hook.enabled && h("span", { class: "tag" }, "Off"), hook.last && state(hook.last)), h("div", { class: "row-sub" }, [hook.label && hook.url, kinds, last].filter(Boolean).join(" · "))),
      h("button", { type: "button", class: "button small", "aria-label": `Calls of ${name}`, onclick: () => void showCalls(hook, reload) }, "Calls"),
      h("button", { type: "button", class: "button small", "aria-label": `Change ${name}`, onclick: () => edit(hook, reload, secret) }, "Change"),
    );
  }

  byId("add-webhook").addEventListener("click", () => edit(null, reload, secret));
  void reload();
}

function edit(hook: Webhook | null, reload: () => Promise<void>, secret: (made: { webhook: Webhook; secret: string }) => void): void {
  const field = (id: string, label: string, input: HTMLElement, hint?: string): HTMLElement => h("div", { class: "field" }, h("label", { for: id }, label), input, hint !== undefined && h("p", { class: "hint" }, hint));
  const check = (name: string, label: string, on: boolean, value = "on"): HTMLElement => h("label", { class: "check" }, h("input", { type: "checkbox", name, value, checked: on }), label);
  const form = h(
    "form",
    { class: "stack", novalidate: true },
    h("div", { class: "form-problem", role: "alert", hidden: true }),
    field("webhook-url", "Address", h("input", { id: "webhook-url", name: "url", type: "url", inputmode: "url", required: true, autocomplete: "off", placeholder: "https://tickets.example.org/hook", value: hook?.url ?? "" })),
    field("webhook-label", "Shown as", h("input", { id: "webhook-label", name: "label", autocomplete: "off", maxlength: 200, value: hook?.label ?? "" })),
    h("fieldset", { class: "checks" }, h("legend", {}, "Called for"), ...KINDS.map(([value, label]) => check("kinds", label, hook === null || hook.kinds.length === 0 || hook.kinds.includes(value), value))),
    check("allow_private", "The address is on my own network", hook?.allow_private ?? false),
    hook && check("enabled", "On", hook.enabled),
  );
  const save = async (event?: Event): Promise<void> => {
    event?.preventDefault();
    if (button.disabled) return;
    const given = values(form);
    const kinds = [...form.querySelectorAll<HTMLInputElement>("[name=kinds]:checked")].map(({ value }) => value);
    if (kinds.length === 0) return void toast("Choose at least one kind it is called for.");
    const body = { url: given["url"] ?? "", label: given["label"] ?? "", kinds: kinds.length === KINDS.length ? [] : kinds, allow_private: "allow_private" in given, ...(hook ? { enabled: "enabled" in given } : {}) };
    button.disabled = true;
    try {
      if (hook) await api("PATCH", `${PATH}/${hook.id}`, body);
      else secret(await api("POST", PATH, body));
      dialog.close();
      toast("Saved.");
      await reload();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      show(form, error);
    } finally {
      button.disabled = false;
    }
  };
  const button = h("button", { type: "button", class: "button primary", onclick: () => void save() }, "Save");
  form.addEventListener("submit", (event) => void save(event));
  const act = (label: string, kind: string, run: () => Promise<unknown>, done: string): HTMLElement => h("button", { type: "button", class: `button ${kind}`, onclick: () => void attempt(run, done).then(() => (dialog.close(), reload())) }, label);
  const foot: Node[] = [];
  if (hook) {
    foot.push(act("Remove", "danger", () => api("DELETE", `${PATH}/${hook.id}`), "Removed."));
    foot.push(act("Renew the secret", "", async () => secret(await api("POST", `${PATH}/${hook.id}/secret`)), "The old secret signs nothing any more."));
  }
  foot.push(h("span", { class: "grow" }), h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), button);
  const dialog = openDialog(hook ? hook.label || "Webhook" : "Add a webhook", [form], foot);
}

async function showCalls(hook: Webhook, reload: () => Promise<void>): Promise<void> {
  const list = h("ul", { class: "hook-log", "aria-busy": "true" });
  let soon = 0;
  /** Looks again by itself while something is on its way. */
  const look = (): Promise<void> =>
    fill(list, async () => {
      const { items } = await api<{ items: Delivery[] }>("GET", `${PATH}/${hook.id}/deliveries`);
      const underWay = items.some(({ state, attempts, next_at }) => state === "waiting" && (attempts.at(-1)?.problem === "interrupted" || Date.parse(next_at ?? "") - Date.now() < SOON));
      clearTimeout(soon);
      if (underWay && hook.enabled && list.isConnected) soon = window.setTimeout(() => void look(), 1_000);
      return items.map(row);
    }, "Nothing was sent yet.");
  function row(delivery: Delivery): HTMLElement {
    const about = delivery.submission_id === null ? h("span", {}, "Test") : h("a", { href: `/submissions/${delivery.submission_id}` }, "Report");
    const last = delivery.attempts.at(-1);
    const tries = [delivery.attempts.length > 0 && count(delivery.attempts.length, "try", "tries"), last && told(last), delivery.next_at && delivery.attempts.length > 0 && `next ${new Date(delivery.next_at).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`];
    const again = (): Promise<void> => attempt(() => api("POST", `${PATH}/${hook.id}/deliveries/${delivery.id}/resend`), "It is sent again.").then(look);
    return h(
      "li",
      {},
      state(delivery),
      h("span", { class: "grow" }, about, ` ${ago(delivery.created_at)} · `, tries.filter(Boolean).join(" · ") || "not tried yet"),
      h("button", { type: "button", class: "button small", "aria-label": `Send again what was sent ${ago(delivery.created_at)}`, onclick: () => void again() }, "Send again"),
    );
  }
  const test = (): Promise<void> => attempt(() => api("POST", `${PATH}/${hook.id}/test`), "A test is on its way.").then(look);
  openDialog(
    `Calls of ${hook.label || hook.url}`,
    [list],
    [h("button", { type: "button", class: "button", onclick: () => void test() }, "Send a test"), h("span", { class: "grow" }), h("button", { type: "button", class: "button", onclick: () => void look() }, "Look again")],
    { wide: true, onclose: () => (clearTimeout(soon), void reload()) },
  );
  await look();
}
