// What a control holds, and how a value gets into it. A field may have several controls (radio buttons, a group of
// check boxes). Nothing a person typed is dropped for being of the wrong kind: a number that is half typed stays a string.

export type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
export type Holds = "string" | "number" | "boolean" | "list";

const NUMBER = /^-?\d+(\.\d+)?$/;

export const controlsIn = (root: ParentNode): Control[] => [...root.querySelectorAll<Control>("[data-field]")];

/** `data-holds` says what a field holds; without it the control does. */
export function holds(control: Control): Holds {
  const said = control.dataset["holds"] as Holds | undefined;
  if (said) return said;
  if (control instanceof HTMLInputElement && control.type === "checkbox") return "boolean";
  if (control instanceof HTMLSelectElement && control.multiple) return "list";
  return control instanceof HTMLInputElement && control.type === "number" ? "number" : "string";
}

const isChoice = (control: Control): control is HTMLInputElement => control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio");

/** The value of a field, from all its controls. Nothing chosen is null, except in lists. */
export function readValue(controls: readonly Control[]): unknown {
  const [first] = controls;
  if (first === undefined) return null;
  const kind = holds(first);
  if (kind === "list") return readList(controls, first);
  if (isChoice(first)) return kind === "boolean" ? first.checked : (controls.find((control) => isChoice(control) && control.checked)?.value ?? null);
  const text = first.value;
  if (kind !== "number") return text;
  const trimmed = text.trim();
  return trimmed === "" ? null : NUMBER.test(trimmed) ? Number(trimmed) : text;
}

function readList(controls: readonly Control[], first: Control): string[] {
  if (first instanceof HTMLSelectElement) return [...first.selectedOptions].map((option) => option.value);
  if (isChoice(first)) return controls.filter((control) => isChoice(control) && control.checked).map((control) => control.value);
  return first.value.split("\n").map((line) => line.trim()).filter(Boolean);
}

export function writeValue(controls: readonly Control[], value: unknown): void {
  const list = Array.isArray(value) ? value.map(String) : null;
  for (const control of controls) {
    const kind = holds(control);
    if (isChoice(control)) control.checked = kind === "boolean" ? value === true : (list?.includes(control.value) ?? String(value ?? "") === control.value);
    else if (control instanceof HTMLSelectElement && control.multiple) for (const option of control.options) option.selected = list?.includes(option.value) ?? false;
    else writeText(control, list ? list.join("\n") : value === null || value === undefined ? "" : String(value));
  }
}

/** Whether somebody typed before the page's script had come. Only of plain text: browsers put other values right. */
export const isTypedEarly = (control: Control): control is HTMLInputElement | HTMLTextAreaElement =>
  (control instanceof HTMLTextAreaElement || (control instanceof HTMLInputElement && control.type === "text")) && control.value !== control.defaultValue;

/** Leaves the caret where it is when nothing changes for it. */
export function writeText(control: Control, text: string): void {
  if (control.value !== text) control.value = text;
}

/** What may be chosen in a field, with the words people see. */
export function choicesOf(root: ParentNode, field: string): { value: string; label: string }[] {
  const controls = controlsIn(root).filter((control) => control.dataset["field"] === field);
  return controls.flatMap((control) => {
    if (control instanceof HTMLSelectElement) return [...control.options].filter(({ value }) => value !== "").map(({ value, label }) => ({ value, label }));
    if (!isChoice(control) || holds(control) === "boolean") return [];
    return [{ value: control.value, label: control.labels?.[0]?.textContent?.trim() ?? control.value }];
  });
}
