import { ChangeSet } from "@codemirror/state";
import { describe, expect, it } from "vitest";

import { Parking } from "../src/sync/parking.js";
import { writtenAgain } from "../src/sync/put_back.js";
import { openReplica, toText, typed, valued } from "../src/sync/replica.js";

const again = (before: string, after: string, now: string): string => writtenAgain(before, after, now).apply(toText(now)).toString();

describe("words that were put aside", () => {
  it("are written into a text beside what others wrote there since", () => {
    expect(again("The sea.", "The calm sea.", "The sea.")).toBe("The calm sea.");
    expect(again("The sea.", "The calm sea.", "The sea. At night.")).toBe("The calm sea. At night.");
    expect(again("", "Mine.", "Theirs.")).toMatch(/^(Mine\.Theirs\.|Theirs\.Mine\.)$/);
  });

  it("are not written twice", () => {
    expect(writtenAgain("The sea.", "The calm sea.", "The calm sea.").empty).toBe(true);
  });

  it("tell what each field said before and with them", async () => {
    const open = openReplica("r", { seq: 1, texts: { "text.a": "One" }, values: { "data.n": 1 } });
    const replica = valued(typed(open, ChangeSet.of({ from: 3, insert: " two" }, 3), toText("One"), "text.a"), "data.n", 2);
    const words = await new Parking("d", null).add("w", "gone", replica.buffer, replica, 0);
    expect(words?.changes).toEqual({ "text.a": { before: "One", after: "One two" }, "data.n": { before: 1, after: 2 } });
  });

  it("are none where only the place in a form was changed", async () => {
    const replica = valued(openReplica("r", { seq: 1, texts: {}, values: {} }), "current_step", "details");
    expect(await new Parking("d", null).add("w", "gone", replica.buffer, replica, 0)).toBeNull();
  });
});
