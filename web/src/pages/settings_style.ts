// The style card, and what the writer's own changes suggest for it: nothing is taken over by itself.

import { api } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { tokens } from "../common/format.js";
import { onSubmit } from "../common/form.js";
import { toast } from "../common/toast.js";
import { attempt, fill } from "./settings_parts.js";

interface Suggestion {
  key: string;
  text: string;
  evidence: string;
}

interface Style {
  text: string;
  enabled: boolean;
  tokens: number;
  suggestions: Suggestion[];
}

export function openStyle(): void {
  const text = byId<HTMLTextAreaElement>("style-text");
  const enabled = byId<HTMLInputElement>("style-enabled");
  const list = byId("style-suggestions");
  let kept = "";
  let switched = false;
  enabled.addEventListener("change", () => (switched = true));

  function show(style: Style): void {
    if (text.value === kept) text.value = style.text;
    kept = style.text;
    if (!switched) enabled.checked = style.enabled;
    byId("style-tokens").textContent = style.tokens > 0 ? `≈${tokens(style.tokens)} tokens a message${style.enabled ? "" : ", while it is switched on"}.` : "";
  }

  const reload = (): Promise<void> =>
    fill(list, async () => {
      const style = await api<Style>("GET", "/api/me/style");
      show(style);
      return style.suggestions.map(row);
    }, "Nothing yet. When you change what a model wrote, habits that repeat are suggested here.");

  function row({ key, text: line, evidence }: Suggestion): HTMLElement {
    const decide = async (adopt: boolean): Promise<void> => {
      if (text.value !== kept) return void toast("Save your style card first, so that both are kept.");
      await attempt(() => api("POST", `/api/me/style/suggestions/${encodeURIComponent(key)}`, { adopt }), adopt ? "Added to your style card." : "It is not suggested again.");
      await reload();
    };
    return h(
      "li",
      { class: "row" },
      h("div", { class: "row-main" }, h("div", { class: "row-title" }, line), h("div", { class: "row-sub" }, evidence)),
      h("button", { type: "button", class: "button small", "aria-label": `Adopt: ${line}`, onclick: () => void decide(true) }, "Adopt"),
      h("button", { type: "button", class: "button small quiet", "aria-label": `Dismiss: ${line}`, onclick: () => void decide(false) }, "Dismiss"),
    );
  }

  onSubmit(byId<HTMLFormElement>("style-form"), async () => {
    const { value } = text;
    const { checked } = enabled;
    const saved = await api<Style>("PUT", "/api/me/style", { text: value, enabled: checked });
    kept = saved.text;
    // What was changed meanwhile is the next to be saved.
    if (text.value === value) text.value = saved.text;
    switched = enabled.checked !== checked;
    show(saved);
    toast(saved.enabled ? "Saved. It goes with every message." : "Saved. It is not sent while it is switched off.");
  });
  void reload();
}
