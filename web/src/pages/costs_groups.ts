// Groups on the page of costs: made, renamed, removed, and who is in which from when on.

import { api } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import { onSubmit } from "../common/form.js";
import { askFor, askForSome, change, each, given, renew } from "./costs_parts.js";

export function openGroups(): void {
  const form = document.querySelector<HTMLFormElement>("#group-form");
  if (form)
    onSubmit(form, async () => {
      await api("POST", "/api/costs/groups", { name: "", ...given(form) });
      await renew();
    });
  each("[data-group-rename]", rename);
  each("[data-group-remove]", remove);
  each("[data-group-of]", setGroup);
}

function rename(button: HTMLElement): void {
  const name = h("input", { id: "asked-line", name: "name", required: true, maxlength: 100, value: button.dataset["groupName"] ?? "" });
  askFor("Rename the group", "Name", name, "What is booked to it gets the new name too.", "Save", (value) => api("PATCH", `/api/costs/groups/${button.dataset["groupRename"]}`, value));
}

function remove(button: HTMLElement): void {
  const dialog = openDialog(
    `Remove the group ${button.dataset["groupName"]}?`,
    [h("p", {}, "Its people are in no group then, and its budgets are removed. What is booked to it stays in the reports.")],
    [
      h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Keep it"),
      h("button", { type: "button", class: "button primary", onclick: () => change(() => api("DELETE", `/api/costs/groups/${button.dataset["groupRemove"]}`)) }, "Remove"),
    ],
  );
}

function setGroup(button: HTMLElement): void {
  const now = button.dataset["groupNow"] ?? "";
  const group = h("select", { id: "asked-group", name: "group_id" }, h("option", { value: "" }, "No group"));
  for (const made of document.querySelectorAll<HTMLElement>("[data-group-rename]")) {
    const id = made.dataset["groupRename"] ?? "";
    group.append(h("option", { value: id, selected: id === now }, made.dataset["groupName"] ?? ""));
  }
  const since = h("input", { id: "asked-since", name: "since", type: "date" });
  const fields = [
    { label: "Group", input: group },
    { label: "From", input: since },
  ];
  askForSome("Group of a person", fields, "Leave the day empty for today (UTC). What is booked keeps its group.", "Save", (value) =>
    api("PUT", `/api/costs/groups/people/${button.dataset["groupOf"]}`, { group_id: value["group_id"] || null, since: value["since"] || null }),
  );
}
