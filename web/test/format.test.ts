import { describe, expect, it } from "vitest";
import { estimateText, conversationFacts, turnFacts } from "../src/chat/facts.js";
import type { Conversation, Turn, Usage } from "../src/chat/wire.js";
import { ago, day, daysUntil, dollars, price, tokens } from "../src/common/format.js";
import { plainExcerpt } from "../src/pages/excerpt.js";

const usage = (status: Usage["status"]): Usage => ({ input_tokens: 1_000, cache_read_tokens: 200, cache_write_tokens: 0, output_tokens: 100, reasoning_tokens: 50, status });
const turn = (status: Usage["status"], cost_usd: string | null): Turn => ({ usage: usage(status), cost_usd }) as Turn;
const chat = (total_cost_usd: string | null, unpriced: number): Conversation => ({ total_tokens: 12_300, total_cost_usd, unpriced }) as Conversation;

describe("what it costs", () => {
  it("is never shown as nothing when it is unknown", () => {
    expect(price({ cost: null })).toBe("price unknown");
    expect(estimateText({ input_tokens: 1_284, max_output_tokens: 10, cost_usd: null }, false)).toBe("≈1.3k tokens · price unknown");
    expect(conversationFacts(chat("0", 2), false)).toBe("This chat: 12k tokens · price unknown");
  });

  it("is free only when it is", () => {
    expect(price({ cost: null, free: true })).toBe("free");
    expect(price({ cost: "0" })).toBe("free");
    expect(turnFacts(turn("free", "0"), false)).toBe("1.3k tokens · free");
  });

  it("keeps small amounts readable", () => {
    expect(["0.013887", "0.00042", "0.00000001", "12.3", "0"].map(dollars)).toEqual(["$0.01", "$0.0004", "< $0.0001", "$12.30", "$0.00"]);
    expect(turnFacts(turn("reported", "0.013887"), false)).toBe("1.3k tokens · $0.01");
  });

  it("is marked when it is an estimate or only a part", () => {
    expect(turnFacts(turn("estimated", "0.02"), false)).toBe("≈1.3k tokens · ≈$0.02");
    expect(conversationFacts(chat("0.5", 1), false)).toBe("This chat: 12k tokens · $0.50 + 1 unpriced");
  });
});

describe("numbers and times", () => {
  it("shorten tokens", () => {
    expect([0, 999, 1_000, 1_349, 9_949, 9_950, 12_345, 1_250_000].map(tokens)).toEqual(["0", "999", "1k", "1.3k", "9.9k", "10k", "12k", "1.3M"]);
  });

  it("name days by the calendar, not by hours", () => {
    const now = new Date(2026, 10, 20, 0, 30);
    expect(day(new Date(2026, 10, 20, 0, 5).toISOString(), now)).toBe("Today");
    expect(day(new Date(2026, 10, 19, 23, 55).toISOString(), now)).toBe("Yesterday");
    expect(day(new Date(2026, 10, 16, 12, 0).toISOString(), now)).toBe("Monday");
    expect(ago(new Date(2026, 10, 20, 0, 10).toISOString(), now)).toBe("20 min ago");
    expect(daysUntil(new Date(2026, 10, 22, 0, 0).toISOString(), now)).toBe(2);
  });
});

describe("the first words of a draft", () => {
  it.each([
    ["# The Quay The harbour lay **very still** while", "The Quay", "The harbour lay very still while"],
    ["- one - two", "", "one - two"],
    ["> said [him](https://a.example) `x`", "", "said him x"],
    ["The Quay", "The Quay", "The Quay"],
    ["2 * 3 is snake_case_name", "", "2 * 3 is snake_case_name"],
  ])("%s", (text, title, shown) => expect(plainExcerpt(text, title)).toBe(shown));
});
