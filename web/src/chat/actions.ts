// Quick actions: the list from the server, and what each asks for.

import { api } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import type { Action } from "./action_words.js";

export const loadActions = async (): Promise<Action[]> => (await api<{ items: Action[] }>("GET", "/api/actions")).items;

const named = (name: string): string => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ");

/** Asks for what the action needs; an empty answer when it needs nothing, null when the writer changed their mind. */
export function askFor(action: Action): Promise<Record<string, string> | null> {
  if (action.variables.length === 0) return Promise.resolve({});
  return new Promise((resolve) => {
    let answer: Record<string, string> | null = null;
    const fields = action.variables.map(({ name, choices }) => {
      const input = h("input", { id: `gap-${name}`, name, required: true, maxlength: 500, autocomplete: "off" });
      input.addEventListener("input", () => input.removeAttribute("aria-invalid"));
      const offered = choices.map((choice) => {
        const take = (): void => {
          input.value = choice;
          input.removeAttribute("aria-invalid");
          input.focus();
        };
        return h("button", { type: "button", class: "chip", onclick: take }, choice);
      });
      return h("div", { class: "field" }, h("label", { for: `gap-${name}` }, named(name)), input, offered.length > 0 && h("div", { class: "chips" }, ...offered));
    });
    const form = h("form", { id: "action-gaps", class: "stack", novalidate: true }, ...fields);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const inputs = [...form.querySelectorAll("input")];
      const missing = inputs.find(({ value }) => value.trim() === "");
      if (missing) {
        missing.setAttribute("aria-invalid", "true");
        return missing.focus();
      }
      answer = Object.fromEntries(inputs.map(({ name, value }) => [name, value.trim()]));
      dialog.close();
    });
    const dialog = openDialog(
      action.label,
      [form],
      [
        h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "submit", form: "action-gaps", class: "button primary" }, action.mode === "ask" ? "Ask" : action.label),
      ],
      { onclose: () => resolve(answer) },
    );
  });
}
