import { describe, expect, it } from "vitest";
import { earlyEnd, outcome, sentence } from "../src/chat/outcome.js";
import type { Operation, Turn } from "../src/chat/wire.js";
import { ghostLine, isFence } from "../src/editor/ghost_lines.js";

const operation = (placed: boolean, reason: string | null = null): Operation => ({ index: 0, op: "replace_text", placed, reason });
const turn = (facts: Partial<Turn>): Turn => ({
  id: "t", conversation_id: "c", mode: "write", state: "done", text: "", stop_reason: "stop", provider: "p", model: "m",
  usage: null, cost_usd: null, attempts: 1, version: null, operations: [], error: null, ...facts,
});
const version = (applied: boolean) => ({ id: "v", number: 4, applied });

describe("what a turn did is said in words", () => {
  it.each<[string, Partial<Turn>, string | null]>([
    ["written into the text", { text: "Two words", version: version(true) }, "Wrote 2 words"],
    ["written beside the text", { text: "One", version: version(false) }, "Wrote 1 word. Version 4 stands beside your text."],
    ["edited", { mode: "edit", operations: [operation(true), operation(true), operation(false, "not_found")], version: version(true) }, "Made 2 changes"],
    ["edited beside the text", { mode: "edit", operations: [operation(true)], version: version(false) }, "Made 1 change. Version 4 stands beside your text."],
    ["an edit that says what stands there already", { mode: "edit", operations: [operation(false, "unchanged")] }, "Nothing was changed: the text says this already."],
    ["an edit of which nothing fits", { mode: "edit", operations: [operation(false, "not_found")] }, "Nothing was changed: none of this could be placed in the text."],
    ["an edit without operations", { mode: "edit", text: "It is fine." }, "Nothing in the text was changed."],
    ["an edit stopped early", { mode: "edit", state: "stopped" }, "Stopped before the first change."],
    ["the same text once more", { text: "Same" }, "The text says exactly this already, so nothing changed."],
    ["nothing written", {}, "The model wrote nothing, so nothing changed."],
    ["stopped before a word", { state: "stopped" }, "Stopped before the first word."],
    ["failed: the problem is said elsewhere", { state: "failed" }, null],
    ["suggestions that wait", { mode: "edit", version: version(false), proposals: { pending: 2, accepted: 0, rejected: 0, withdrawn: 0 } }, "2 suggestions: 2 to review"],
    ["suggestions decided", { mode: "edit", version: version(false), proposals: { pending: 0, accepted: 1, rejected: 2, withdrawn: 0 } }, "3 suggestions: 1 accepted, 2 rejected"],
    ["an answered question", { mode: "ask", text: "Yes." }, null],
    ["a question without an answer", { mode: "ask" }, "The answer is empty."],
  ])("%s", (_name, facts, said) => expect(outcome(turn(facts))).toBe(said));

  it("names an early end, whatever the provider calls it", () => {
    expect(earlyEnd(turn({ stop_reason: "length" }))).toMatch(/length limit/);
    expect(earlyEnd(turn({ stop_reason: "MAX_TOKENS" }))).toMatch(/length limit/);
    expect(earlyEnd(turn({ stop_reason: "end_turn" }))).toBeNull();
    expect(earlyEnd(turn({ state: "stopped", stop_reason: "length" }))).toBeNull();
  });

  it("ends sentences, once", () => {
    expect(sentence("Too many requests ")).toBe("Too many requests.");
    expect(sentence("Wait…")).toBe("Wait…");
    expect(sentence("He said “no.”")).toBe("He said “no.”");
  });
});

describe("a line that is being written", () => {
  it("looks like what it becomes", () => {
    expect(ghostLine("## A *fine* day", false)).toEqual({ style: "md-h2", runs: [{ text: "A ", style: "" }, { text: "fine", style: "md-em" }, { text: " day", style: "" }] });
    expect(ghostLine("- **one** `two`", false).runs.map(({ style }) => style)).toEqual(["md-bullet", "md-strong", "", "md-code"]);
    expect(ghostLine("> said", false)).toEqual({ style: "md-quote", runs: [{ text: "said", style: "" }] });
    expect(ghostLine("3. third", false).runs[0]).toEqual({ text: "3.", style: "md-number" });
  });

  it("keeps its words where they are not Markdown, or not yet", () => {
    for (const line of ["#hashtag", "2 * 3 * 4", "snake_case_name", "**open", "a [first step]"]) {
      expect(ghostLine(line, false)).toEqual({ style: "", runs: [{ text: line, style: "" }] });
    }
    expect(ghostLine("# not a heading", true)).toEqual({ style: "md-block", runs: [{ text: "# not a heading", style: "" }] });
    expect(isFence("```py")).toBe(true);
  });
});
