// Binds the controls of a page (marked `data-field`) to a draft's fields, both ways.

import type { ChangeSet } from "@codemirror/state";
import { storable } from "../sync/codepoints.js";
import type { Session } from "../sync/session.js";
import { same } from "../common/same.js";
import { controlsIn, isTypedEarly, readValue, writeValue, type Control } from "./controls.js";
import { Prose } from "./prose.js";

const asStored = (value: unknown): unknown => (typeof value === "string" ? storable(value) : Array.isArray(value) ? value.map(asStored) : value);

export class Binding {
  private readonly prose = new Map<string, Prose>();
  private readonly values = new Map<string, Control[]>();

  /** `isProse` tells the fields that are written in from those that are set. */
  constructor(private readonly root: HTMLElement, private readonly session: Session, isProse: (field: string) => boolean, signal: AbortSignal) {
    for (const control of controlsIn(root)) {
      const field = control.dataset["field"] ?? "";
      if (isProse(field) && !(control instanceof HTMLSelectElement)) {
        this.prose.set(field, new Prose(control, { typed: (changes, before) => session.typed(changes, before, field), text: () => session.text(field) }, signal));
        continue;
      }
      this.values.set(field, [...(this.values.get(field) ?? []), control]);
      for (const event of ["input", "change"]) control.addEventListener(event, () => this.read(field), { signal });
    }
    for (const [field, controls] of this.values) {
      if (controls.some(isTypedEarly)) this.read(field);
      else this.show(field, session.values()[field]);
    }
  }

  private read(field: string): void {
    const value = asStored(readValue(this.values.get(field) ?? []));
    const before = this.session.values()[field];
    if (!same(value, before ?? nothingLike(value))) this.session.set(field, value);
  }

  private show(field: string, value: unknown): void {
    const controls = this.values.get(field);
    if (controls && (value === undefined || !same(readValue(controls), value))) writeValue(controls, value);
  }

  remote(field: string, changes: ChangeSet): void {
    this.prose.get(field)?.remote(changes);
  }

  value(field: string, value: unknown): void {
    this.show(field, value);
  }

  /** No more changes: the draft is closed or only to be read. */
  lock(): void {
    for (const control of controlsIn(this.root)) {
      // What was written can still be selected and copied.
      if (takesText(control)) control.readOnly = true;
      else control.disabled = true;
    }
  }

  /** The control of a field that takes the focus. */
  control(field: string): HTMLElement | null {
    return this.root.querySelector<HTMLElement>(`[data-field="${CSS.escape(field)}"]`);
  }
}

const takesText = (control: Control): control is HTMLInputElement | HTMLTextAreaElement =>
  control instanceof HTMLTextAreaElement || (control instanceof HTMLInputElement && !/^(checkbox|radio|range|color|file)$/.test(control.type));

/** What a control shows of a field that nobody has set. */
function nothingLike(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  return typeof value === "boolean" ? false : typeof value === "string" ? "" : null;
}
