// What a person decides a contested field shall hold: written, or chosen, by what the field holds.

import { h } from "../common/dom.js";
import type { Choice } from "./words.js";

export interface ResultEditor {
  element: HTMLElement & { value: string };
  set(value: unknown): void;
  /** Throws an Error with words for the person when this is not a value of its kind. */
  value(): unknown;
}

const ID = "conflict-result";

/** `samples` are the values in conflict: the first that holds anything says of what kind they are. */
export function resultEditor(samples: readonly unknown[], choices: readonly Choice[]): ResultEditor {
  const sample = samples.find((value) => value !== null && value !== undefined && value !== "");
  if (typeof sample === "boolean") return chosen([{ value: "true", label: "Yes" }, { value: "false", label: "No" }], (text) => text === "true");
  if (choices.length > 0 && !Array.isArray(sample)) return chosen([{ value: "", label: "–" }, ...choices], (text) => text || null);
  if (typeof sample === "number") return written(h("input", { id: ID, inputmode: "decimal" }), String, toNumber);
  if (Array.isArray(sample) && sample.every((one) => typeof one === "string")) return written(h("textarea", { id: ID, rows: 5 }), (value) => (value as string[]).join("\n"), toLines);
  if (typeof sample === "object") return written(h("textarea", { id: ID, rows: 8, spellcheck: "false" }), (value) => JSON.stringify(value, null, 2), toJson);
  return written(h("textarea", { id: ID, rows: 4 }), String, (text) => text);
}

function written(element: HTMLInputElement | HTMLTextAreaElement, show: (value: unknown) => string, read: (text: string) => unknown): ResultEditor {
  return { element, set: (value) => (element.value = value === null || value === undefined ? "" : show(value)), value: () => read(element.value) };
}

function chosen(choices: readonly Choice[], read: (text: string) => unknown): ResultEditor {
  const element = h("select", { id: ID }, ...choices.map(({ value, label }) => h("option", { value }, label)));
  return { element, set: (value) => (element.value = String(value ?? "")), value: () => read(element.value) };
}

const toLines = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter(Boolean);

function toNumber(text: string): number | null {
  if (text.trim() === "") return null;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new Error("Write a number.");
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("This is not complete: brackets and quotes must close.");
  }
}
