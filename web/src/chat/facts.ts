// What an answer took, in one line: tokens and money, marked when they are estimates or unknown.

import { dollars, price, tokens } from "../common/format.js";
import type { BudgetNote, Conversation, Estimate, Turn } from "./wire.js";

export function totalTokens(turn: Pick<Turn, "usage">): number {
  const { usage } = turn;
  return usage ? usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens : 0;
}

export function turnFacts(turn: Turn, free: boolean): string {
  // A provider that refused the request counted nothing; "≈0 tokens" would say less than nothing.
  if (!turn.usage || totalTokens(turn) === 0) return "";
  const estimated = turn.usage.status === "estimated";
  const shown = price({ cost: turn.cost_usd, free: free || turn.usage.status === "free" });
  return `${estimated ? "≈" : ""}${tokens(totalTokens(turn))} tokens · ${estimated && shown.startsWith("$") ? "≈" : ""}${shown}`;
}

export function turnDetails(turn: Turn): string {
  const { usage } = turn;
  if (!usage) return "";
  const parts = [`${usage.input_tokens} in`, usage.cache_read_tokens > 0 && `${usage.cache_read_tokens} from cache`, usage.cache_write_tokens > 0 && `${usage.cache_write_tokens} to cache`, `${usage.output_tokens} out`];
  if (usage.reasoning_tokens > 0) parts.push(`of which ${usage.reasoning_tokens} thinking`);
  const source = { reported: "reported by the provider", estimated: "estimated", unknown: "not reported", free: "exact" }[usage.status];
  return `${parts.filter(Boolean).join(", ")} (${source})${turn.attempts > 1 ? `, ${turn.attempts} attempts` : ""}`;
}

export function estimateText(estimate: Estimate, free: boolean): string {
  const shown = price({ cost: estimate.cost_usd, free: free || estimate.free });
  return `≈${tokens(estimate.input_tokens)} tokens · ${shown}`;
}

/** What a budget says about sending: nothing while there is room, a warning, or why it would be refused. */
export function budgetText(budget: BudgetNote): string {
  if (budget.state === "ok") return "";
  if (budget.state === "warning") return `${dollars(budget.left_usd)} left this ${budget.period}`;
  if (budget.reason === "price_unknown") return "A budget holds, and this model’s price is unknown";
  return `Budget of ${dollars(budget.limit_usd)} reached until ${budget.resets_at.slice(0, 10)}`;
}

export function conversationFacts(conversation: Conversation, free: boolean): string {
  const { total_tokens: total, total_cost_usd: cost, unpriced } = conversation;
  if (total === 0) return "";
  const known = cost !== null && !(unpriced > 0 && Number(cost) === 0);
  const shown = price({ cost: known ? cost : null, free: free && unpriced === 0 });
  return `This chat: ${tokens(total)} tokens · ${shown}${known && unpriced > 0 ? ` + ${unpriced} unpriced` : ""}`;
}
