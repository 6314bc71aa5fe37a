import { ChangeSet } from "@codemirror/state";
import { expect, test } from "vitest";
import { applyEvent, applyForeign, confirmedText, foreignRun, openReplica, screenText, screenTitle, typed, type Replica } from "../src/sync/replica.js";
import type { DraftEvent } from "../src/sync/wire.js";

const insertion = (length: number, from: number, insert: string): ChangeSet => ChangeSet.of({ from, insert }, length);

function remote(seq: number, length: number, from: number, kind: "user" | "model" = "user"): DraftEvent {
  return { seq, type: "fields.edited", actor: { kind, id: null }, payload: { ops: [{ field: "text", changes: insertion(length, from, `<${seq}>`).toJSON() }] } };
}

function page(): { replica: Replica; events: DraftEvent[] } {
  const base = openReplica("page", { seq: 0, texts: { text: "abcdefghij" }, values: { title: "" } });
  const replica = typed(base, insertion(10, 5, "MINE"), confirmedText(base));
  const events = [1, 2, 3, 4, 5, 6].map((seq) => remote(seq, 10 + 3 * (seq - 1), seq * 2));
  return { replica, events };
}

test("many events taken in at once give what they give one by one", () => {
  const { replica, events } = page();
  const single = events.reduce((at, event) => applyEvent(at, event).replica, replica);
  const { replica: together, screen } = applyForeign(replica, events);
  expect(confirmedText(together).toString()).toBe(confirmedText(single).toString());
  expect(together.seq).toBe(6);
  expect(screenText(together).toString()).toContain("MINE");
  expect(screenText(together).length).toBe(screenText(single).length);
  expect(screen?.["text"]?.apply(screenText(replica)).toString()).toBe(screenText(together).toString());
});

test("a title among them is the last one, and events without changes only move the position", () => {
  const { replica, events } = page();
  const titled = (seq: number, title: string): DraftEvent => ({ seq, type: "fields.edited", payload: { ops: [{ field: "title", set: title }] } });
  const kept: DraftEvent = { seq: 9, type: "draft.kept", payload: {} };
  const { replica: end } = applyForeign(replica, [...events, titled(7, "One"), titled(8, "Two"), kept]);
  expect([screenTitle(end), end.seq]).toEqual(["Two", 9]);
});

test("a run ends at another author, at an erased event, at a gap and at our own command", () => {
  const { replica, events } = page();
  expect(foreignRun(replica, events, 0)).toBe(6);
  expect(foreignRun(replica, [...events.slice(0, 2), remote(3, 16, 0, "model")], 0)).toBe(2);
  expect(foreignRun(replica, [events[0] as DraftEvent, { ...(events[1] as DraftEvent), payload: null }], 0)).toBe(1);
  expect(foreignRun(replica, [events[0] as DraftEvent, events[2] as DraftEvent], 0)).toBe(1);
  expect(foreignRun({ ...replica, seq: 3 }, events, 0)).toBe(0);
});
