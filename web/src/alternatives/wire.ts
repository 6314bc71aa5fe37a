// The shapes of alternatives as the API gives them.

import type { Mode, Turn } from "../chat/wire.js";

export interface Alternative {
  id: string;
  number: number;
  label: string;
  instruction: string;
  words: number | null;
  turn: Turn;
}

export interface Group {
  id: string;
  mode: Mode;
  prompt: string;
  state: "running" | "done";
  taken_version_id: string | null;
  cost_usd: string | null;
  unpriced: number;
  turns: Alternative[];
}

export interface Variant {
  provider?: string;
  model?: string;
  instruction: string;
  label: string;
}

export type Part = { turn_id: string; from: number; to: number } | { text: string };
