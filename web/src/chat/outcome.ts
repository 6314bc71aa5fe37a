// What a turn did to the text, in words. No DOM.

import { count } from "../common/format.js";
import { countWords } from "../editor/word_count.js";
import type { Turn } from "./wire.js";

/** How the providers say that an answer ended early, in their own words. */
const ENDINGS: Record<string, string> = {
  max_tokens: "The answer reached its length limit and was cut here.",
  refusal: "The model declined to answer this.",
  content_filter: "The provider's filter stopped the answer here.",
  context: "The model had no room left for more and stopped here.",
};
const ALIASES: Record<string, string> = {
  length: "max_tokens",
  max_output_tokens: "max_tokens",
  model_length: "max_tokens",
  safety: "content_filter",
  model_context_window_exceeded: "context",
};

/** Said below an answer that came to an end of its own, but not the end it should have; null for an ordinary end. */
export function earlyEnd({ state, stop_reason: reason }: Pick<Turn, "state" | "stop_reason">): string | null {
  if (state !== "done" || reason === null) return null;
  const key = reason.toLowerCase();
  return ENDINGS[ALIASES[key] ?? key] ?? null;
}

/** One sentence on the text; null when there is nothing to say (an answered question). */
export function outcome(turn: Turn): string | null {
  if (turn.mode === "ask") return turn.text.trim() ? null : silence(turn);
  if (turn.proposals) return suggested(turn.proposals);
  if (turn.version) return made(turn);
  if (turn.mode === "write") return turn.state === "done" && turn.text.trim() ? "The text says exactly this already, so nothing changed." : silence(turn);
  return unchanged(turn);
}

function suggested({ pending, accepted, rejected, withdrawn }: NonNullable<Turn["proposals"]>): string {
  const all = count(pending + accepted + rejected + withdrawn, "suggestion");
  const parts = [pending && `${pending} to review`, accepted && `${accepted} accepted`, rejected && `${rejected} rejected`, withdrawn && `${withdrawn} replaced`].filter(Boolean);
  return `${all}: ${parts.join(", ")}`;
}

function made({ mode, text, operations, version }: Turn): string {
  const changes = operations.filter(({ placed }) => placed).length;
  const work = mode === "write" ? `Wrote ${count(countWords(text), "word")}` : `Made ${count(changes, "change")}`;
  return version?.applied ? work : `${work}. Version ${version?.number} stands beside your text.`;
}

function silence({ state, mode }: Turn): string | null {
  if (state === "stopped") return "Stopped before the first word.";
  if (state === "failed" || state === "interrupted") return null;
  return mode === "write" ? "The model wrote nothing, so nothing changed." : "The answer is empty.";
}

function unchanged({ state, operations }: Turn): string | null {
  const missed = operations.filter(({ placed, reason }) => !placed && reason !== "unchanged").length;
  if (missed > 0) return "Nothing was changed: none of this could be placed in the text.";
  if (operations.length > 0) return "Nothing was changed: the text says this already.";
  return state === "done" ? "Nothing in the text was changed." : state === "stopped" ? "Stopped before the first change." : null;
}

/** Ends with a full stop, as a sentence does. */
export const sentence = (text: string): string => (/[.!?…]["”’)]*$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);
