import { describe, expect, it } from "vitest";
import { asWords } from "../src/conflicts/words.js";
import { completion, inWords } from "../src/forms/answers.js";
import { placeOf, type Form } from "../src/forms/wire.js";

const place = { name: "place", label: "Where", control: "choice", options: { studio: "In a studio" } };
const about = { name: "about", label: "About", control: "prose", options: {} };
const form: Form = { name: "gig", noun: "gig", title: "Gig", steps: [{ name: "basics", title: "Basics", fields: [place] }, { name: "details", title: "Details", fields: [about] }] };

describe("answers", () => {
  it("are shown in the words of the form", () => {
    expect(inWords(place, "studio")).toBe("In a studio");
    expect(inWords(place, "moon")).toBe("moon");
    expect(asWords(["studio", "x"], [{ value: "studio", label: "In a studio" }])).toBe("In a studio\nx");
    expect(asWords(true)).toBe("Yes");
    expect(asWords(null)).toBe("");
    expect(asWords(0)).toBe("0");
    expect(asWords({ a: 1 })).toContain('"a": 1');
  });

  it("count as given when they hold something, as on the server", () => {
    const values: Record<string, unknown> = { a: "x", b: " ", c: [], d: 0, e: false, f: null };
    expect(completion(["a", "b", "c"], (key) => values[key])).toBe(33);
    expect(completion(["d", "e", "f"], (key) => values[key])).toBe(66);
    expect(completion([], () => null)).toBe(100);
  });

  it("are found in their step by the name they have in the draft", () => {
    expect(placeOf(form, "data.place")).toEqual({ label: "Where", step: "basics" });
    expect(placeOf(form, "text.about")).toEqual({ label: "About", step: "details" });
    expect(placeOf(form, "data.about")).toBeNull();
  });
});
