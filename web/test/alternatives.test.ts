import { describe, expect, it } from "vitest";
import { align, isSame, paragraphs } from "../src/alternatives/align.js";
import { variantOf } from "../src/alternatives/variants.js";
import { shownMessages } from "../src/chat/tree.js";
import type { Message } from "../src/chat/wire.js";

const texts = (rows: ReturnType<typeof align>): (string | null)[][] => rows.map((row) => row.map((cell) => cell?.text ?? null));

describe("paragraphs of a text", () => {
  it("are what blank lines separate, with their places in UTF-16", () => {
    const text = "# 🐋 One\n\n\nTwo\nlines\n  \nThree\n";
    const found = paragraphs(text);
    expect(found.map((one) => one.text)).toEqual(["# 🐋 One", "Two\nlines", "Three"]);
    for (const { from, to, text: said } of found) expect(text.slice(from, to)).toBe(said);
  });
  it("keep a fenced block whole", () => {
    expect(paragraphs("a\n\n```\nx\n\ny\n```\n\nb").map((one) => one.text)).toEqual(["a", "```\nx\n\ny\n```", "b"]);
  });
  it("are none in an empty text", () => expect(paragraphs("\n \n")).toEqual([]));
});

describe("texts side by side", () => {
  it("stand beside what is most like them, in order", () => {
    const rows = align(["# A\n\nThe whales sing at night.\n\nThey swim.", "# A\n\nAn opening of its own.\n\nThe whales sing.\n\nThey swim far."]);
    expect(texts(rows)).toEqual([
      ["# A", "# A"],
      [null, "An opening of its own."],
      ["The whales sing at night.", "The whales sing."],
      ["They swim.", "They swim far."],
    ]);
    expect(rows.map(isSame)).toEqual([true, false, false, false]);
  });
  it("keep every paragraph of every text exactly once", () => {
    const given = ["a b c\n\nd e f\n\ng", "x y\n\na b c", "", "g\n\nd e f\n\na b c\n\nq"];
    const rows = align(given);
    given.forEach((text, column) => expect(rows.map((row) => row[column]?.text).filter((one) => one !== undefined)).toEqual(paragraphs(text).map((one) => one.text)));
    expect(rows.every((row) => row.length === 4)).toBe(true);
  });
  it("do not take forever when they are very long", () => {
    const long = Array.from({ length: 900 }, (_, index) => `paragraph ${index}`).join("\n\n");
    expect(align([long, `${long}\n\nmore`]).length).toBe(901);
  });
});

describe("what an alternative is asked", () => {
  it("names itself by its wishes, or by its model", () => {
    expect(variantOf("shorter", "formal", "edit", "M")).toEqual({ instruction: "Make it shorter. Make the tone more formal.", label: "Shorter, More formal" });
    expect(variantOf("", "", "write", "M")).toEqual({ instruction: "", label: "M" });
  });
});

it("only the chosen branch of a chat is shown", () => {
  const message = (id: string, current: boolean): Message => ({ id, role: "user", content: id, html: "", created_at: "", mode: null, turn: null, current });
  expect(shownMessages([message("a", true), message("b", false), message("c", true)]).map(({ id }) => id)).toEqual(["a", "c"]);
});
