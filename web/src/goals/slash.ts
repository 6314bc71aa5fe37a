// Which template somebody asks for while writing. No DOM.

import type { Template } from "./wire.js";

/** The word after a "/" that begins a line, up to the caret; null when the person is not asking for a template. */
export function slashWord(before: string): string | null {
  return /(?:^|\n)\/([^\s/]*)$/.exec(before)?.[1] ?? null;
}

export const matching = (all: readonly Template[], word: string): Template[] => all.filter(({ name }) => name.toLocaleLowerCase("en").includes(word.toLocaleLowerCase("en"))).slice(0, 8);
