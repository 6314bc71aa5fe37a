// The shapes of conversations, turns and providers as the API gives them.

export type Mode = "ask" | "write" | "edit";
export type TurnState = "running" | "done" | "stopped" | "failed" | "interrupted";

export interface Usage {
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  status: "reported" | "estimated" | "unknown" | "free";
}

export interface Operation {
  index: number;
  op: string;
  block?: string | null;
  placed: boolean;
  reason?: string | null;
  message?: string | null;
  text?: string | null;
  /** The words it would change, where it names them. */
  old?: string | null;
  /** Where it goes in the text the model saw. */
  range?: [number, number];
}

export interface TurnVersion {
  id: string;
  number: number;
  applied: boolean;
}

export interface TurnError {
  code: string;
  message: string;
  retryable: boolean;
}

export interface Turn {
  id: string;
  conversation_id: string;
  mode: Mode;
  state: TurnState;
  text: string;
  stop_reason: string | null;
  provider: string;
  model: string;
  usage: Usage | null;
  cost_usd: string | null;
  attempts: number;
  version: TurnVersion | null;
  operations: Operation[];
  proposals?: { pending: number; accepted: number; rejected: number; withdrawn: number } | null;
  needs_confirmation?: { dropped: string[] } | null;
  error: TurnError | null;
  /** The group this turn is one alternative of. */
  alternatives_id?: string | null;
  /** It was limited to a selected passage. */
  selected?: boolean;
  /** Where that passage is in the text after event `seq`, while the turn runs. */
  passage?: { from: number; to: number; seq: number } | null;
}

export interface Message {
  id: string;
  role: "user" | "assistant";
  content: string;
  html: string;
  created_at: string;
  mode: Mode | null;
  turn: Turn | null;
  /** The quick action a prompt was made of. */
  action?: string | null;
  parent_id?: string | null;
  siblings?: string[];
  index?: number;
  /** On the branch that is shown. */
  current?: boolean;
}

export interface Conversation {
  id: string;
  provider: string;
  model: string;
  system_prompt: string;
  total_tokens: number;
  total_cost_usd: string | null;
  unpriced: number;
  /** The end of the branch that is shown. */
  current_message_id: string | null;
  messages: Message[];
}

export interface Model {
  id: string;
  label: string;
  context_tokens: number | null;
  tools: boolean;
  free: boolean;
}

export interface Provider {
  id: string;
  label: string;
  kind: string;
  configured: boolean;
  models: Model[];
}

export interface Providers {
  items: Provider[];
  default: { provider: string; model: string } | null;
}

export interface Choice {
  provider: string;
  model: string;
}

export interface Estimate {
  input_tokens: number;
  max_output_tokens: number;
  cost_usd: string | null;
  free?: boolean;
  fits?: boolean;
  /** What the tightest budget says about sending this. */
  budget?: BudgetNote | null;
}

export interface BudgetNote {
  state: "ok" | "warning" | "reached";
  scope: "installation" | "user" | "conversation";
  period: "day" | "month";
  limit_usd: string;
  left_usd: string;
  used_percent: number;
  resets_at: string;
  reason?: string | null;
}
