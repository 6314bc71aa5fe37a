// The form of a report: its controls, what goes along, and errors beside the fields. It knows no server.

import { h } from "../common/dom.js";
import { factList, type Details } from "./facts.js";
import { AREAS, REPORTS, type ReportKind } from "./words.js";

export interface ReportForm {
  element: HTMLFormElement;
  notices: HTMLElement;
  pill: HTMLButtonElement;
  title: HTMLInputElement;
  description: HTMLTextAreaElement;
  details: () => Details;
  showDetails: (details: Details) => void;
  /** The errors by field; the first field takes the focus. None: all are cleared. */
  showErrors: (errors: { field: string; message: string }[]) => void;
  /** To be read and copied only. */
  lock: () => void;
}

let made = 0;

/** `areas`: asks which part of Draftloom it is about, which another site has no use for. */
export function reportForm(kind: ReportKind, facts: Details, areas: boolean, changed: (details: Details) => void): ReportForm {
  const words = REPORTS[kind];
  const id = `report-${(made += 1)}`;
  let details: Details = {};
  let locked = false;
  const set = (next: Details): void => {
    showDetails(next);
    changed(next);
  };
  const title = h("input", { id: `${id}-title`, "data-field": "title", maxlength: 255, placeholder: words.titleHint, autocomplete: "off", required: true, enterkeyhint: "next" });
  const description = h("textarea", { id: `${id}-description`, "data-field": "description", rows: 7, placeholder: words.descriptionHint, required: true, spellcheck: true });
  const insert = (heading: string): void => {
    const { selectionStart: at, value } = description;
    const before = value.slice(0, at);
    const gap = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    description.focus();
    description.setRangeText(gap + heading, at, at, "end");
    description.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const outline = words.outline.map(({ label, heading }) => h("button", { type: "button", class: "chip", "aria-label": `Add the heading: ${label}`, onclick: () => insert(heading) }, `+ ${label}`));
  const severity = h("select", { id: `${id}-severity`, onchange: () => set({ ...details, severity: severity.value }) }, h("option", { value: "" }, "Not said"), ...words.severities.map(([value, label]) => h("option", { value }, label)));
  const area = h("select", { id: `${id}-area`, onchange: () => set({ ...details, area: area.value }) }, h("option", { value: "" }, "I am not sure"), ...AREAS.map((name) => h("option", { value: name }, name)));
  const along = h("div", { class: "report-along" });
  const notices = h("div", { class: "report-notices" });
  const pill = h("button", { type: "button", class: "pill report-pill", "data-state": "saved" }, h("span", { class: "pill-dot", "aria-hidden": "true" }), h("span", { class: "pill-text" }, "Saved"));
  const element = h(
    "form",
    { class: "report-form", novalidate: true, "aria-label": words.title },
    notices,
    h("div", { class: "field" }, h("label", { for: title.id }, words.titleLabel), title),
    h("div", { class: "field" }, h("label", { for: description.id }, words.descriptionLabel), description, h("div", { class: "chips report-outline" }, ...outline)),
    h("div", { class: "pair" }, h("div", { class: "field" }, h("label", { for: severity.id }, words.severityLabel), severity), areas && h("div", { class: "field" }, h("label", { for: area.id }, "Where"), area)),
    h("details", { class: "report-details", open: true }, h("summary", {}, "Sent along"), along),
  );

  function showDetails(next: Details): void {
    details = next;
    severity.value = String(next["severity"] ?? "");
    area.value = String(next["area"] ?? "");
    if (locked) return;
    const focused = along.contains(document.activeElement);
    along.replaceChildren(factList({ ...facts, ...next }, facts, (chosen) => set(chosen)));
    if (focused) along.querySelector("button")?.focus();
  }

  const controls: Record<string, HTMLElement> = { title, description };
  for (const control of [title, description]) control.addEventListener("input", () => clear(control));

  function clear(control: HTMLElement): void {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-describedby");
    document.getElementById(`${control.id}-error`)?.remove();
  }

  function showErrors(errors: { field: string; message: string }[]): void {
    for (const control of Object.values(controls)) clear(control);
    for (const { field, message } of errors) {
      const control = controls[field];
      if (!control) continue;
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", `${control.id}-error`);
      control.after(h("p", { class: "field-error", id: `${control.id}-error` }, message));
    }
    const [first] = errors;
    if (first) (controls[first.field] ?? title).focus();
  }

  function lock(): void {
    locked = true;
    for (const control of [title, description]) control.readOnly = true;
    for (const control of element.querySelectorAll<HTMLButtonElement | HTMLSelectElement>(".report-outline button, .report-along button, select")) control.disabled = true;
  }

  showDetails({});
  return { element, notices, pill, title, description, details: () => ({ ...facts, ...details }), showDetails, showErrors, lock };
}

/** What keeps it from being sent. */
export function missingIn(form: ReportForm): { field: string; message: string }[] {
  const errors: { field: string; message: string }[] = [];
  if (form.title.value.trim() === "") errors.push({ field: "title", message: "Say in one line what it is about." });
  if (form.description.value.trim() === "") errors.push({ field: "description", message: "A sentence or two help to understand it." });
  return errors;
}
