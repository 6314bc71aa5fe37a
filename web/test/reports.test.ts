import { describe, expect, it } from "vitest";
import { told } from "../src/pages/webhook_words.js";
import { browserName } from "../src/reports/browser_name.js";
import { bear, nameUnborn, unbornKind } from "../src/sync/unborn.js";

describe("what a report says of the browser", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140 on Linux"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0", "Edge 139 on Windows"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari 18.0 on iOS"],
    ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36", "Chrome 139 on Android"],
    ["something else", "Another browser"],
  ])("%s", (agent, name) => expect(browserName(agent)).toBe(name));
});

describe("a draft that was named before the server knew of it", () => {
  it("is made once, and again as long as that failed", async () => {
    nameUnborn("one", "bug_report");
    nameUnborn("two", "feature_request");
    const asked: string[] = [];
    await expect(bear("one", () => Promise.reject(new Error("no network")))).rejects.toThrow("no network");
    expect(unbornKind("one")).toBe("bug_report");
    const make = (kind: string): Promise<void> => Promise.resolve(void asked.push(kind));
    await bear("one", make);
    await bear("one", make);
    expect(asked).toEqual(["bug_report"]);
    expect([unbornKind("one"), unbornKind("two")]).toEqual([null, "feature_request"]);
  });
});

describe("what is told of a call", () => {
  it("names the status or the problem, and how long it took", () => {
    expect(told({ number: 1, at: "", status: 500, problem: null, duration_ms: 1234 })).toBe("status 500, 1,234 ms");
    expect(told({ number: 1, at: "", status: null, problem: "private_address", duration_ms: 2 })).toBe("leads into a private network, 2 ms");
    expect(told({ number: 1, at: "", status: null, problem: "interrupted", duration_ms: null })).toBe("broken off");
  });
});
