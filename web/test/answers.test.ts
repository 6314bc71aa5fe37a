import { afterEach, describe, expect, it, vi } from "vitest";

// What asks for it asks a browser for its name, too.
vi.hoisted(() => vi.stubGlobal("navigator", { userAgent: "" }));

import { api, Problem } from "../src/common/api.js";

afterEach(() => void vi.unstubAllGlobals());

const answering = (answer: () => Response): void => void vi.stubGlobal("fetch", () => Promise.resolve(answer()));

/** What asking ended with, which must be a `Problem`. */
async function problem(): Promise<Problem> {
  const error: unknown = await api("GET", "/api/drafts").catch((why: unknown) => why);
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

describe("an answer", () => {
  it("is its JSON, or nothing", async () => {
    answering(() => new Response('{"items": [1]}'));
    expect(await api("GET", "/api/drafts")).toEqual({ items: [1] });
    answering(() => new Response(null, { status: 204 }));
    expect(await api("GET", "/api/drafts")).toBeUndefined();
  });

  it("that breaks off is like one that did not come", async () => {
    const broken = new ReadableStream({
      start(stream) {
        stream.enqueue(new TextEncoder().encode('{"items": ['));
        stream.error(new TypeError("network error"));
      },
    });
    answering(() => new Response(broken));
    expect(await problem()).toMatchObject({ status: 0, code: "unreachable" });
  });

  it("of whatever stands between is not taken for the server's", async () => {
    answering(() => new Response("<p>Sign in to this network</p>"));
    expect(await problem()).toMatchObject({ status: 0, code: "unreachable" });
  });

  it("that refuses says why", async () => {
    answering(() => new Response('{"code": "locked", "detail": "It is locked."}', { status: 409 }));
    expect(await problem()).toMatchObject({ status: 409, code: "locked", message: "It is locked." });
  });
});
