import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { addGhost, beginGhosts, clearGhosts, hunkField, setHunks, sinceBegun, waiting, type Hunk } from "../src/proposals/hunks.js";

const TEXT = "They sing. They swim far.";
const hunk = (id: string, old: string, text: string, from = TEXT.indexOf(old)): Hunk => ({ id, turnId: "t", from, to: from + old.length, old, text, edits: [[0, old.length, text]], state: "pending" });

function reviewed(...hunks: Hunk[]): EditorState {
  const state = EditorState.create({ doc: TEXT, extensions: [hunkField, sinceBegun] });
  return state.update({ effects: setHunks.of(hunks) }).state;
}
const states = (state: EditorState): [string, string, string][] => waiting(state).map(({ id, state: how, from, to }) => [id, how, state.sliceDoc(from, to)]);

describe("suggestions in the text", () => {
  it("follow their words and stay what they are", () => {
    const { state } = reviewed(hunk("a", "sing", "hum"), hunk("b", "far", "near")).update({ changes: [{ from: 0, insert: "Well. " }, { from: 10, to: 11, insert: "!!" }] });
    expect(states(state)).toEqual([["a", "pending", "sing"], ["b", "pending", "far"]]);
  });

  it("are stale as soon as their words change, and only they", () => {
    const { state } = reviewed(hunk("a", "sing", "hum"), hunk("b", "far", "near")).update({ changes: { from: 6, insert: "x" } });
    expect(states(state)).toEqual([["a", "stale", "sxing"], ["b", "pending", "far"]]);
  });

  it("do not take in what is written right before or behind them", () => {
    let { state } = reviewed(hunk("a", "sing", "hum")).update({ changes: { from: 5, insert: "1 " } });
    state = state.update({ changes: { from: 11, insert: " 2" } }).state;
    expect(states(state)).toEqual([["a", "pending", "sing"]]);
  });

  it("to insert something go with the passage they were meant for", () => {
    const { state } = reviewed({ ...hunk("a", "", "New."), from: 10, to: 10 }).update({ changes: { from: 5, to: 15 } });
    expect(states(state)).toEqual([]);
  });

  it("are drawn anew only when more than their place changed", () => {
    const before = reviewed(hunk("a", "sing", "hum"));
    const drawing = (state: EditorState): number => state.field(hunkField).drawing;
    expect(drawing(before.update({ changes: { from: 0, insert: "x" } }).state)).toBe(drawing(before));
    expect(drawing(before.update({ changes: { from: 6, insert: "x" } }).state)).toBeGreaterThan(drawing(before));
    expect(drawing(before.update({ effects: setHunks.of([]) }).state)).toBeGreaterThan(drawing(before));
  });
});

describe("operations of a running edit", () => {
  it("are not counted among what waits, and go when the turn ends", () => {
    const ghost: Hunk = { ...hunk("ghost-0", "sing", "hum"), state: "ghost" };
    const shown = reviewed(hunk("b", "far", "near")).update({ effects: addGhost.of(ghost) }).state;
    expect(shown.field(hunkField).set.size).toBe(2);
    expect(states(shown)).toEqual([["b", "pending", "far"]]);
    expect(shown.update({ effects: clearGhosts.of(null) }).state.field(hunkField).set.size).toBe(1);
  });

  it("count in the text the model saw, whatever was typed since", () => {
    let { state } = reviewed().update({ effects: beginGhosts.of(null) });
    state = state.update({ changes: { from: 0, insert: "Typed. " } }).state;
    expect(state.field(sinceBegun)?.mapPos(5)).toBe(12);
    expect(state.update({ effects: clearGhosts.of(null) }).state.field(sinceBegun)).toBeNull();
  });
});
