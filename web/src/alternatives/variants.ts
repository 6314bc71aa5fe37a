// What an alternative can be asked beside the prompt. No DOM.

import type { Mode } from "../chat/wire.js";

export interface Wish {
  value: string;
  label: string;
  instruction: Record<"write" | "edit", string>;
}

const same = (text: string): Wish["instruction"] => ({ write: text, edit: text });

export const LENGTHS: Wish[] = [
  { value: "", label: "Any length", instruction: same("") },
  { value: "shorter", label: "Shorter", instruction: { write: "Keep it short.", edit: "Make it shorter." } },
  { value: "longer", label: "Longer", instruction: { write: "Make it long and detailed.", edit: "Make it longer, with more detail." } },
];
export const TONES: Wish[] = [
  { value: "", label: "My tone", instruction: same("") },
  { value: "formal", label: "More formal", instruction: same("Make the tone more formal.") },
  { value: "casual", label: "More casual", instruction: same("Make the tone casual and friendly.") },
  { value: "plain", label: "Plainer", instruction: same("Use plain, simple words.") },
];

/** How the alternatives differ before the writer chooses: [length, tone]. */
export const FIRST: [string, string][] = [["", ""], ["shorter", ""], ["longer", ""], ["", "formal"]];
export const FEWEST = 2;
export const MOST = 4;

export function variantOf(length: string, tone: string, mode: Mode, model: string): { instruction: string; label: string } {
  const chosen = [LENGTHS.find(({ value }) => value === length), TONES.find(({ value }) => value === tone)].filter((wish) => wish !== undefined && wish.value !== "") as Wish[];
  const instruction = chosen.map((wish) => wish.instruction[mode === "edit" ? "edit" : "write"]).join(" ");
  const label = chosen.length > 0 ? chosen.map((wish) => wish.label).join(", ") : model;
  return { instruction, label: label.slice(0, 60) };
}
