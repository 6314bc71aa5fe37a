// What was answered, in words: for the review and for dialogs.

import { asWords } from "../conflicts/words.js";
import type { FormField } from "./wire.js";

export function inWords(field: FormField, value: unknown): string {
  return asWords(value, Object.entries(field.options).map(([option, label]) => ({ value: option, label })));
}

export const isFilled = (value: unknown): boolean => (typeof value === "string" ? value.trim() !== "" : Array.isArray(value) ? value.length > 0 : value !== null && value !== undefined);

/** The share of the needed fields that are filled, 0 to 100, as the server counts it. */
export function completion(required: readonly string[], valueOf: (key: string) => unknown): number {
  return required.length === 0 ? 100 : Math.floor((100 * required.filter((key) => isFilled(valueOf(key))).length) / required.length);
}
