import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

vi.hoisted(() => vi.stubGlobal("navigator", { userAgent: "" }));

import { begunHere, forgetAllBegun, isBegunHere, madeKnown, makeKnown, mergedInto, rememberBegun } from "../src/sync/begun_here.js";
import { httpTransport } from "../src/sync/transport.js";
import type { Transport } from "../src/sync/wire.js";
import { storage } from "./local_storage.js";

const asked: { method: string; path: string; body: unknown }[] = [];

/** A server that answers every request with `answer`. */
function server(answer: unknown): void {
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push({ method: init.method ?? "GET", path, body: typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : null });
    return Promise.resolve(new Response(JSON.stringify(answer), { status: 200, headers: { "Content-Type": "application/json" } }));
  });
}

beforeEach(() => {
  vi.stubGlobal("localStorage", storage());
  vi.stubGlobal("document", { querySelector: () => null });
  vi.stubGlobal("navigator", { userAgent: "" });
  asked.length = 0;
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("drafts begun on this device", () => {
  it("remembers what a form is of and about", () => {
    rememberBegun("a", "d1", { form: "gig", subject: null });
    rememberBegun("a", "d2");
    rememberBegun("b", "d3");
    expect(begunHere("a").map(({ id, form }) => [id, form])).toEqual([["d1", { form: "gig", subject: null }], ["d2", undefined]]);
  });

  it("shows the others when one entry cannot be read", () => {
    for (const [id, entry] of [["d1", "{"], ["d2", "null"], ["d3", '{"form":{}}'], ["d4", '{"at":5,"form":7}'], ["d5", "1700000000000"]]) localStorage.setItem(`draftloom-a/begun/${id}`, entry ?? "");
    rememberBegun("a", "d6");
    expect(begunHere("a").map(({ id }) => id)).toEqual(["d5", "d6"]);
  });

  it("forgets all of an account on signing out, also where words have gone, and nothing of another's", async () => {
    rememberBegun("a", "d1", { form: "gig", subject: null });
    server({ id: "there" });
    await makeKnown("a", "d1");
    expect(mergedInto("a", "d1")).toBe("there");
    localStorage.setItem("draftloom-a/begun/d2", "{");
    rememberBegun("b", "d3");
    forgetAllBegun("a");
    expect(Object.keys(localStorage)).toEqual(["draftloom-b/begun/d3"]);
  });

  it("are made as what they are, under their own name", async () => {
    rememberBegun("a", "d1", { form: "gig", subject: "s1" });
    server({ id: "d1" });
    await makeKnown("a", "d1");
    expect(asked).toEqual([{ method: "POST", path: "/api/drafts", body: { kind: "form", id: "d1", fields: { form: "gig", subject: "s1" } } }]);
    expect(isBegunHere("a", "d1")).toBe(false);
    expect(mergedInto("a", "d1")).toBeNull();
  });
});

describe("a form that was begun elsewhere meanwhile", () => {
  it("gets the words, from every later page too", async () => {
    rememberBegun("a", "d1", { form: "gig", subject: null });
    server({ id: "there", items: [], head: 1 });
    await madeKnown(httpTransport, "a", "d1").events(1);
    await madeKnown(httpTransport, "a", "d1").events(1);
    expect(asked.map(({ path }) => path.split("?")[0])).toEqual(["/api/drafts", "/api/drafts/there/events", "/api/drafts/there/events"]);
  });

  it("is stood on as it began where the words do not fit, so that they are put beside a template's", async () => {
    localStorage.setItem("draftloom-a/merged/d1", "there");
    const made = { seq: 1, type: "draft.created", payload: { kind: "form", fields: { "data.title": "Usual", "text.description": "As always." } } };
    const now = { seq: 9, texts: {}, values: {} };
    const other: Transport = {
      send: () => Promise.resolve({ kind: "refused", status: 422, code: "invalid_change", detail: "", retryAfter: null }),
      events: (after) => Promise.resolve({ items: after === 0 ? [made] : [], head: 9 }),
      snapshot: () => Promise.resolve(now),
    };
    const way = madeKnown(() => other, "a", "d1");
    const command = { replica: "r", n: 1, base_seq: 1, ops: [] };
    expect(await way.send(command, { leaving: false })).toMatchObject({ kind: "refused", code: "unknown_seq" });
    expect(await way.snapshot()).toEqual({ seq: 1, texts: { "text.description": "As always." }, values: { "data.title": "Usual" } });
    expect(await way.send({ ...command, base_seq: 5 }, { leaving: false })).toMatchObject({ code: "invalid_change" });
    expect(await way.snapshot()).toEqual(now);
  });
});
