// What a quick action is, and the words it sends.

import type { Mode } from "./wire.js";

export interface Action {
  id: string;
  label: string;
  mode: Mode;
  selection: "none" | "optional" | "required";
  builtin: boolean;
  variables: { name: string; choices: string[] }[];
  template: string;
}

/** The words an action sends, as the server makes them; shown until the server's own are read. */
export function wordsOf(action: Action, values: Record<string, string>, selected: boolean): string {
  const known: Record<string, string> = { ...values, passage: selected && action.selection !== "none" ? "this passage" : "the text" };
  return action.template.replace(/\{\{\s*([a-z][a-z0-9_]*)[^{}]*\}\}/gi, (gap, name: string) => known[name.toLowerCase()] ?? gap);
}
