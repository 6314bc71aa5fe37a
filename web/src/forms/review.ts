// The review step: every answer once more, with a way to change it, and what is still missing.

import { h } from "../common/dom.js";
import { inWords, isFilled } from "./answers.js";
import { keyOf, type FieldProblem, type Form, type FormStep } from "./wire.js";

interface ReviewLinks {
  valueOf(key: string): unknown;
  /** Null when nothing can be changed any more. */
  change: ((step: string, key: string | null) => void) | null;
}

export function renderReview(form: Form, problems: readonly FieldProblem[], unknown: readonly string[], links: ReviewLinks): HTMLElement[] {
  const sections = form.steps.map((step) => section(step, problems, links));
  if (unknown.length > 0) {
    const kept = unknown.flatMap((key) => [h("dt", {}, key.replace(/^\w+\./, "")), h("dd", {}, String(links.valueOf(key) ?? ""))]);
    sections.push(h("section", { class: "answers" }, h("h2", {}, "No longer asked"), h("p", { class: "hint" }, "The form has changed since you began. These answers are kept and handed in with the rest."), h("dl", {}, ...kept)));
  }
  return sections;
}

function section(step: FormStep, problems: readonly FieldProblem[], { valueOf, change }: ReviewLinks): HTMLElement {
  const rows = step.fields.flatMap((field) => {
    const key = keyOf(field);
    const value = valueOf(key);
    const problem = problems.find((one) => one.field === key);
    if (!isFilled(value) && !problem) return [];
    const words = isFilled(value) ? h("span", {}, inWords(field, value)) : null;
    const wrong = problem ? h("a", { class: "field-error", href: `#${key}`, onclick: (event: Event) => (event.preventDefault(), change?.(step.name, key)) }, problem.message) : null;
    return [h("dt", {}, field.label), h("dd", {}, words, wrong)];
  });
  const go = change ? h("button", { type: "button", class: "link", "aria-label": `Change ${step.title}`, onclick: () => change(step.name, null) }, "Change") : null;
  return h("section", { class: "answers" }, h("div", { class: "answers-head" }, h("h2", {}, step.title), go), rows.length > 0 ? h("dl", {}, ...rows) : h("p", { class: "hint" }, "Nothing here yet."));
}
