import { describe, expect, it } from "vitest";
import { wordsOf, type Action } from "../src/chat/action_words.js";

const action = (template: string, selection: Action["selection"] = "optional"): Action => ({ id: "x", label: "X", mode: "edit", selection, builtin: false, variables: [], template });

describe("the words of an action", () => {
  it("fills gaps with and without choices", () => {
    expect(wordsOf(action("Put {{passage}} into {{Language: German | French}}."), { language: "Dutch" }, false)).toBe("Put the text into Dutch.");
  });
  it("says what is meant by the passage", () => {
    expect(wordsOf(action("Cut {{ passage }}."), {}, true)).toBe("Cut this passage.");
    expect(wordsOf(action("Cut {{passage}}.", "none"), {}, true)).toBe("Cut the text.");
  });
  it("takes values as they are", () => {
    expect(wordsOf(action("{{x}}"), { x: "{{passage}} $& $1" }, true)).toBe("{{passage}} $& $1");
  });
});
