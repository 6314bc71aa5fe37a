// What is not right yet: a summary that takes the focus and leads to the fields, and a sentence at each of them.

import { h } from "../common/dom.js";
import type { FieldProblem } from "./wire.js";

export interface ProblemLinks {
  label(field: string): string;
  /** Shows the field, whatever step it is in. */
  go(field: string): void;
}

export class Problems {
  constructor(private readonly summary: HTMLElement, private readonly form: HTMLElement, private readonly links: ProblemLinks) {
    form.addEventListener("input", ({ target }) => this.touched(target));
    form.addEventListener("change", ({ target }) => this.touched(target));
  }

  show(problems: readonly FieldProblem[], title: string): void {
    this.clear();
    for (const { field, message } of problems) this.mark(field, message);
    const list = problems.map(({ field, message }) => h("li", {}, h("a", { href: `#${field}`, onclick: (event: Event) => this.go(event, field) }, `${this.links.label(field)}: ${message}`)));
    this.summary.replaceChildren(h("h2", {}, title), h("ul", {}, ...list));
    this.summary.hidden = false;
    this.summary.focus();
    this.summary.scrollIntoView({ block: "start" });
  }

  /** One sentence that belongs to no field. */
  say(text: string): void {
    this.summary.replaceChildren(h("h2", {}, text));
    this.summary.hidden = false;
    this.summary.focus();
  }

  clear(): void {
    this.summary.hidden = true;
    this.summary.replaceChildren();
    for (const question of this.form.querySelectorAll<HTMLElement>("[data-question].wrong")) this.unmark(question);
  }

  private go(event: Event, field: string): void {
    event.preventDefault();
    this.links.go(field);
  }

  private question(field: string): HTMLElement | null {
    return this.form.querySelector(`[data-question="${CSS.escape(field)}"]`);
  }

  private mark(field: string, message: string): void {
    const question = this.question(field);
    if (!question) return;
    const id = `${field}-error`;
    question.classList.add("wrong");
    question.append(h("p", { class: "field-error", id }, message));
    const control = controlOf(question);
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", [control.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
  }

  private unmark(question: HTMLElement): void {
    question.classList.remove("wrong");
    for (const error of question.querySelectorAll(".field-error")) error.remove();
    const control = controlOf(question);
    control.removeAttribute("aria-invalid");
    const rest = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && !id.endsWith("-error"));
    if (rest.length > 0) control.setAttribute("aria-describedby", rest.join(" "));
    else control.removeAttribute("aria-describedby");
  }

  private touched(target: EventTarget | null): void {
    const question = target instanceof Element ? target.closest<HTMLElement>("[data-question].wrong") : null;
    if (question) this.unmark(question);
  }
}

/** Groups of choices are described as a whole. */
const controlOf = (question: HTMLElement): HTMLElement => (question instanceof HTMLFieldSetElement ? question : (question.querySelector<HTMLElement>("[data-field]") ?? question));
