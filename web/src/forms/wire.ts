// The shapes of forms in the API.

import type { FieldsDraft } from "../fields/open.js";

export interface FormField {
  name: string;
  label: string;
  control: string;
  options: Record<string, string>;
}

export interface FormStep {
  name: string;
  title: string;
  fields: FormField[];
}

export interface Form {
  name: string;
  noun: string;
  title: string;
  steps: FormStep[];
}

export interface FieldProblem {
  field: string;
  message: string;
}

export interface FormState {
  outdated: boolean;
  unknown: string[];
  current_step: string;
  completed_steps: string[];
  ready: boolean;
  steps: { name: string; title: string; state: "open" | "done" | "wrong"; errors: FieldProblem[] }[];
  seq: number;
}

export interface FormData {
  draft: FieldsDraft;
  state: FormState;
  form: Form;
  role: "owner" | "editor" | "viewer";
  /** The server has no draft of this address for this person. */
  unknown?: boolean;
}

export const REVIEW = "review";

/** The name of a field in a draft. */
export const keyOf = (field: FormField): string => `${field.control === "prose" ? "text" : "data"}.${field.name}`;

/** What people call a field of the draft, and the step that asks for it. */
export function placeOf(form: Form, key: string): { label: string; step: string } | null {
  for (const step of form.steps) {
    const field = step.fields.find((one) => keyOf(one) === key);
    if (field) return { label: field.label, step: step.name };
  }
  return null;
}

/** What the server tells the page on which a form begins. */
export interface StartData {
  form: string;
  noun: string;
  subject: string | null;
  draft: { id: string; saved_at: string } | null;
  /** Missing in pages that were kept before templates could be used without a network. */
  templates?: StartTemplate[];
  /** A draft of this form nobody has written in. */
  blank?: { seq: number; fields: Record<string, unknown> };
}

export interface StartTemplate {
  id: string;
  fields: Record<string, unknown>;
}
