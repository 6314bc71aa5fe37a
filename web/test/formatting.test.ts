import { markdownLanguage } from "@codemirror/lang-markdown";
import { EditorState, type StateCommand } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { activeFormats, formats, linkMarkdown, linkPlace } from "../src/editor/formatting.js";

/** `|` marks the cursor, or the two ends of the selection. */
function stateOf(marked: string): EditorState {
  const anchor = marked.indexOf("|");
  const head = marked.indexOf("|", anchor + 1) - 1;
  return EditorState.create({ doc: marked.replaceAll("|", ""), selection: { anchor, head: head < 0 ? anchor : head }, extensions: markdownLanguage });
}

function run(command: StateCommand, marked: string): string {
  let state = stateOf(marked);
  command({ state, dispatch: (transaction) => (state = transaction.state) });
  const { from, to, empty } = state.selection.main;
  const text = state.doc.toString();
  return empty ? `${text.slice(0, from)}|${text.slice(from)}` : `${text.slice(0, from)}|${text.slice(from, to)}|${text.slice(to)}`;
}

describe("formatting", () => {
  it.each<[keyof typeof formats, string, string]>([
    ["bold", "some |words| here", "some **|words|** here"],
    ["bold", "some **|words|** here", "some |words| here"],
    ["bold", "some |**words**| here", "some |words| here"],
    ["bold", "some wo|rds here", "some **wo|rds** here"],
    ["bold", "some | here", "some **|** here"],
    ["bold", "some **|** here", "some | here"],
    ["bold", "| words |", " **|words|** "],
    ["italic", "**|words|**", "***|words|***"],
    ["italic", "***|words|***", "**|words|**"],
    ["bold", "***|words|***", "*|words|*"],
    ["bold", "- |one\n- two|", "- **|one**\n- **two|**"],
    ["bold", "|one\n\n**two**|", "**|one**\n\n**two**|"],
    ["heading", "a |title", "# a |title"],
    ["heading", "# a |title", "## a |title"],
    ["heading", "### a |title", "a |title"],
    ["heading", "##### a |title", "# a |title"],
    ["list", "|one\n\ntwo|", "- |one\n\n- two|"],
    ["list", "- |one\n- two|", "|one\ntwo|"],
    ["list", "1. |one\ntwo|", "1. |one\n- two|"],
    ["list", "|", "- |"],
    ["quote", "one |word", "> one |word"],
    ["quote", "> one |word", "one |word"],
  ])("%s: %s", (format, before, after) => expect(run(formats[format], before)).toBe(after));

  it("says what the words at the cursor are", () => {
    expect([...activeFormats(stateOf("- some **bo|ld** words"))].sort()).toEqual(["bold", "list"]);
    expect([...activeFormats(stateOf("## A he|ading"))]).toEqual(["heading"]);
    expect([...activeFormats(stateOf("a [first st|ep] here"))]).toEqual([]);
    expect([...activeFormats(stateOf("a [ste|p](https://example.org)"))]).toEqual(["link"]);
  });

  it("finds the link to change, and the words to make one of", () => {
    expect(linkPlace(stateOf("see [the p|age](https://a.example) now"))).toEqual({ from: 4, to: 33, words: "the page", address: "https://a.example" });
    expect(linkPlace(stateOf("see |the page| now"))).toEqual({ from: 4, to: 12, words: "the page", address: "" });
    expect(linkPlace(stateOf("|https://a.example/x|"))).toEqual({ from: 0, to: 19, words: "", address: "https://a.example/x" });
    expect(linkMarkdown("the [page]", "https://a.example/x (1)")).toBe("[the \\[page\\]](<https://a.example/x (1)>)");
    expect(linkMarkdown("the page", " ")).toBe("the page");
  });
});
