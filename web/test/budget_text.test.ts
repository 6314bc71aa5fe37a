import { expect, test } from "vitest";
import { budgetText } from "../src/chat/facts.js";
import type { BudgetNote } from "../src/chat/wire.js";

const note: BudgetNote = { state: "ok", scope: "user", period: "month", limit_usd: "25", left_usd: "3.2", used_percent: 87, resets_at: "2026-04-01T00:00:00Z" };

test("a budget speaks up only when it has something to say", () => {
  expect(budgetText(note)).toBe("");
  expect(budgetText({ ...note, state: "warning" })).toBe("$3.20 left this month");
  expect(budgetText({ ...note, state: "reached" })).toBe("Budget of $25.00 reached until 2026-04-01");
  expect(budgetText({ ...note, state: "reached", reason: "price_unknown" })).toContain("price is unknown");
});
