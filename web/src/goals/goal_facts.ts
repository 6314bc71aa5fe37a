// A goal in a header: how far it is, when it is due; and the dialog that changes it.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h, icon } from "../common/dom.js";
import type { Goal } from "./wire.js";

const date = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
export const dueDay = (due: string): string => date.format(new Date(due));

export function goalFacts({ progress, due_date, status }: Goal): HTMLElement {
  const late = due_date !== null && status === "active" && progress < 100 && due_date < new Date().toISOString().slice(0, 10);
  return h(
    "div",
    { class: "goal-facts" },
    h("span", { class: "goal-meter", role: "img", "aria-label": `${progress} percent done` }, fill(progress)),
    h("span", {}, status === "reached" ? "Reached" : `${progress} %`),
    due_date && h("span", { class: late ? "tag warn" : "" }, `${late ? "Was due" : "Due"} ${dueDay(due_date)}`),
    status === "paused" && h("span", { class: "tag" }, "Paused"),
  );
}

function fill(progress: number): HTMLElement {
  const bar = h("span", { class: "goal-meter-fill" });
  // The policy allows no style attribute in markup; the property is set by script.
  bar.style.inlineSize = `${progress}%`;
  return bar;
}

export function editGoal(goal: Goal, done: (goal: Goal) => void): void {
  const field = (id: string, label: string, control: HTMLElement): HTMLElement => h("div", { class: "field" }, h("label", { for: id }, label), control);
  const title = h("input", { id: "goal-title", value: goal.title, maxlength: 200 });
  const description = h("textarea", { id: "goal-description", rows: 4 });
  description.value = goal.description;
  const due = h("input", { id: "goal-due", type: "date", value: goal.due_date ?? "" });
  const progress = h("input", { id: "goal-progress", type: "number", min: 0, max: 100, step: 5, value: goal.progress, inputmode: "numeric" });
  const states: [string, string][] = [["active", "Active"], ["paused", "Paused"], ["reached", "Reached"], ["archived", "Archived"]];
  const status = h("select", { id: "goal-status" }, ...states.map(([value, label]) => h("option", { value, selected: value === goal.status }, label)));
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const controls: Record<string, HTMLElement> = { title, description, due_date: due, progress, status };
  const save = async (): Promise<void> => {
    try {
      const now = { title: title.value, description: description.value, due_date: due.value || null, progress: Number(progress.value), status: status.value };
      // What was left as it was may have been changed by the other meanwhile.
      const change = Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== goal[name as keyof typeof now]));
      done(await api<Goal>("PATCH", `/api/goals/${goal.id}`, change));
      dialog.close();
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : "That did not work.";
      problem.hidden = false;
      if (error instanceof Problem) controls[error.errors[0]?.field ?? ""]?.focus();
    }
  };
  const dialog = openDialog(
    "Goal",
    [field("goal-title", "Title", title), field("goal-description", "What it is about", description), h("div", { class: "pair" }, field("goal-due", "Due", due), field("goal-progress", "Progress, in percent", progress)), field("goal-status", "State", status), problem],
    [h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), h("button", { type: "button", class: "button primary", onclick: () => void save() }, icon("check"), "Save")],
  );
}
