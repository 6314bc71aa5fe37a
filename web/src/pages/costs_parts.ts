// What the parts of the page of costs share: buttons by what they do, and a dialog that asks for a few values.

import { openDialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import { onSubmit, values } from "../common/form.js";
import { attempt } from "./settings_parts.js";

export function each(selector: string, act: (button: HTMLElement) => void): void {
  for (const button of document.querySelectorAll<HTMLElement>(selector)) button.addEventListener("click", () => act(button));
}

/** Shows the page as it is then. Whoever waits for it does so until the page goes: a button that was pressed stays so. */
export function renew(): Promise<never> {
  location.reload();
  return new Promise(() => undefined);
}

/** Does it, and shows the page as it is then. */
export function change(run: () => Promise<unknown>): void {
  void attempt(async () => {
    await run();
    await renew();
  });
}

/** What was filled in; blank fields are left out. */
export const given = (form: HTMLFormElement): Record<string, string> => Object.fromEntries(Object.entries(values(form)).filter(([, value]) => value !== ""));

export interface Asked {
  label: string;
  input: HTMLInputElement | HTMLSelectElement;
}

/** A few fields in a dialog; the page is shown anew when they were taken. */
export function askForSome(title: string, fields: readonly Asked[], hint: string, does: string, send: (given: Record<string, string>) => Promise<unknown>): void {
  const form = h(
    "form",
    { class: "stack", id: "asked-form", novalidate: true },
    h("div", { class: "form-problem", role: "alert", hidden: true }),
    ...fields.map(({ label, input }) => h("div", { class: "field" }, h("label", { for: input.id }, label), input)),
    h("p", { class: "hint" }, hint),
  );
  onSubmit(form, async () => {
    await send(values(form));
    await renew();
  });
  const save = h("button", { type: "submit", class: "button primary", form: "asked-form" }, does);
  const dialog = openDialog(title, [form], [h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), save]);
}

/** The same with one line. */
export function askFor(title: string, label: string, input: HTMLInputElement, hint: string, does: string, send: (given: Record<string, string>) => Promise<unknown>): void {
  askForSome(title, [{ label, input }], hint, does, send);
}
