// The chat as a tree, of which one branch is shown. No DOM.

import type { Message } from "./wire.js";

/** The messages of the branch that is shown. */
export const shownMessages = (messages: readonly Message[]): Message[] => messages.filter(({ current }) => current !== false);
