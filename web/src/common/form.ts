// Forms that talk to the API: one summary of what is wrong, the fields marked, the button busy meanwhile.

import { Problem } from "./api.js";
import { h } from "./dom.js";
import { sendIfAsked } from "./early.js";

export function values(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, typeof value === "string" ? value : ""]));
}

/** Runs `send` when the form is complete. Errors are shown in the form and focus goes to the first. */
export function onSubmit(form: HTMLFormElement, send: () => Promise<void>): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clear(form);
    const missing = [...form.querySelectorAll<HTMLInputElement>("input, textarea, select")].filter((field) => !field.checkValidity());
    if (missing.length > 0) {
      for (const field of missing) mark(field, field.validationMessage);
      missing[0]?.focus();
      return;
    }
    void run(form, send);
  });
  sendIfAsked(form);
}

async function run(form: HTMLFormElement, send: () => Promise<void>): Promise<void> {
  // In a dialog they stand beside the form.
  const buttons = [...form.elements].filter((element) => element instanceof HTMLButtonElement && element.type === "submit") as HTMLButtonElement[];
  for (const button of buttons) button.disabled = true;
  try {
    await send();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    show(form, error);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

export function show(form: HTMLElement, problem: Problem): void {
  const summary = form.querySelector<HTMLElement>(".form-problem");
  const fields = problem.errors.flatMap(({ field, message }) => {
    const input = form.querySelector<HTMLInputElement>(`[name="${CSS.escape(field)}"]`);
    if (input) mark(input, message);
    return input ? [input] : [];
  });
  if (summary && fields.length === 0) {
    summary.textContent = problem.message;
    summary.hidden = false;
  }
  fields[0]?.focus();
}

function clear(form: HTMLElement): void {
  for (const error of form.querySelectorAll(".field-error")) error.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  const summary = form.querySelector<HTMLElement>(".form-problem");
  if (summary) summary.hidden = true;
}

function mark(field: HTMLInputElement, message: string): void {
  field.setAttribute("aria-invalid", "true");
  const id = `${field.id}-error`;
  field.after(h("p", { class: "field-error", id }, message));
  field.setAttribute("aria-describedby", id);
  field.addEventListener("input", () => {
    field.removeAttribute("aria-invalid");
    document.getElementById(id)?.remove();
  }, { once: true });
}
