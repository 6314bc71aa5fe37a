// The writer's own quick actions: make, change, delete.

import type { Action } from "../chat/action_words.js";
import { loadActions } from "../chat/actions.js";
import { api } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h } from "../common/dom.js";
import { onSubmit, values } from "../common/form.js";
import { toast } from "../common/toast.js";
import { attempt, fill } from "./settings_parts.js";

const MODES: [string, string][] = [
  ["edit", "Edit: changes the text"],
  ["ask", "Ask: answers in the chat"],
  ["write", "Write: writes the whole text anew"],
];
const SELECTIONS: [string, string][] = [
  ["optional", "The selected passage, or the whole text"],
  ["required", "Only a selected passage"],
  ["none", "Always the whole text"],
];

export function openActions(): void {
  const reload = (): Promise<void> =>
    fill(byId("action-list"), async () => (await loadActions()).filter(({ builtin }) => !builtin).map(row), "No actions of your own yet.");

  function row(action: Action): HTMLElement {
    return h(
      "li",
      { class: "row" },
      h("div", { class: "row-main" }, h("div", { class: "row-title" }, action.label), h("div", { class: "row-sub" }, action.template.length > 140 ? `${action.template.slice(0, 140)}…` : action.template)),
      h("button", { type: "button", class: "button small", "aria-label": `Change ${action.label}`, onclick: () => editAction(action, reload) }, "Change"),
      h("button", { type: "button", class: "button small danger", "aria-label": `Delete ${action.label}`, onclick: () => confirmDeletion(action, reload) }, "Delete"),
    );
  }

  byId("add-action").addEventListener("click", () => editAction(null, reload));
  void reload();
}

function picker(name: string, label: string, options: [string, string][], chosen: string): HTMLElement {
  const choices = options.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
  return h("div", { class: "field" }, h("label", { for: `action-${name}` }, label), h("select", { id: `action-${name}`, name }, ...choices));
}

function editAction(action: Action | null, done: () => Promise<void>): void {
  const template = h("textarea", { id: "action-template", name: "template", rows: 6, required: true, maxlength: 10_000, placeholder: "Rewrite {{passage}} so that it could be read aloud." });
  template.value = action?.template ?? "";
  const form = h(
    "form",
    { id: "action-form", class: "stack", novalidate: true },
    h("div", { class: "form-problem", role: "alert", hidden: true }),
    h("div", { class: "field" }, h("label", { for: "action-name" }, "Name"), h("input", { id: "action-name", name: "name", required: true, maxlength: 60, autocomplete: "off", value: action?.label ?? "" })),
    h("div", { class: "field" }, h("label", { for: "action-template" }, "Request"), template),
    picker("mode", "What it does", MODES, action?.mode ?? "edit"),
    picker("selection", "What it works on", SELECTIONS, action?.selection ?? "optional"),
  );
  onSubmit(form, async () => {
    await (action ? api("PATCH", `/api/actions/${action.id}`, values(form)) : api("POST", "/api/actions", values(form)));
    dialog.close();
    toast("Saved. You find it above the composer and beside selected words.");
    await done();
  });
  const dialog = openDialog(action ? "Change the action" : "A new action", [form], [
    h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"),
    h("button", { type: "submit", form: "action-form", class: "button primary" }, "Save"),
  ]);
}

function confirmDeletion(action: Action, done: () => Promise<void>): void {
  const remove = (): void => {
    dialog.close();
    void attempt(() => api("DELETE", `/api/actions/${action.id}`), `“${action.label}” is deleted.`).then(done);
  };
  const dialog = openDialog("Delete the action?", [h("p", {}, `“${action.label}” is deleted. What was done with it stays.`)], [
    h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"),
    h("button", { type: "button", class: "button primary danger", onclick: remove }, "Delete"),
  ]);
}
