// An administrator puts another instructor in the place of the first.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import { talkPath, type Page, type Person } from "./wire.js";

export function assignInstructor(conversation: string, now: Person | null, done: () => void): void {
  const people = h("select", { id: "assign-person" }, h("option", { value: now?.id ?? "" }, now?.name ?? "Nobody"));
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const say = (error: unknown): void => {
    problem.textContent = error instanceof Problem ? error.message : "That did not work.";
    problem.hidden = false;
  };
  const save = async (): Promise<void> => {
    try {
      await api("PATCH", talkPath(conversation), { instructor_id: people.value || null });
      dialog.close();
      done();
    } catch (error) {
      say(error);
    }
  };
  const dialog = openDialog(
    "Instructor",
    [
      h("div", { class: "field" }, h("label", { for: "assign-person" }, "Who answers from now on"), people),
      h("p", { class: "hint" }, "For the instructor who is replaced the conversation is gone at once. What they said stays."),
      problem,
    ],
    [h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), h("button", { type: "button", class: "button primary", onclick: () => void save() }, "Assign")],
  );
  const fill = ({ items }: Page<Person>): void => {
    people.replaceChildren(h("option", { value: "" }, "Nobody"), ...items.map(({ id, name }) => h("option", { value: id, selected: id === now?.id }, name)));
  };
  void api<Page<Person>>("GET", "/api/goals/people?role=instructor").then(fill, say);
}
