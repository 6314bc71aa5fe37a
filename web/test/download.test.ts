import { describe, expect, it } from "vitest";

import { nameIn } from "../src/files/disposition.js";
import { addressOf, type Found } from "../src/files/result.js";

describe("the name of a download", () => {
  it("is the UTF-8 form where there is one", () => {
    expect(nameIn(`attachment; filename="_ofie.pdf"; filename*=UTF-8''%C5%BDofie.pdf`)).toBe("Žofie.pdf");
  });
  it("is the plain one where the other is missing or broken", () => {
    expect(nameIn(`attachment; filename="plain.md"`)).toBe("plain.md");
    expect(nameIn(`attachment; filename="plain.md"; filename*=UTF-8''%E0%A4%A`)).toBe("plain.md");
    expect(nameIn("inline")).toBeNull();
  });
});

describe("a search result", () => {
  const found: Found = { kind: "draft", draft_id: "d", id: "d", title: "", snippet: [], at: "", note: "" };
  it("leads to its draft, and there to its version or chat", () => {
    expect(addressOf(found)).toBe("/drafts/d");
    expect(addressOf({ ...found, kind: "version", id: "v" })).toBe("/drafts/d#version=v");
  });
});
