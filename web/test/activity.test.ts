import { expect, test } from "vitest";
import { deeds, duration, sentence, type Sitting } from "../src/activity/tell.js";
import { deviceName } from "../src/common/device.js";

const sitting = (part: Partial<Sitting>): Sitting => ({
  actor: { kind: "user", id: "a", name: "Ada" }, device: "", from_seq: 1, to_seq: 1, started_at: "", ended_at: "", saves: 1, inserted: 0, removed: 0, seconds: 0, fields: [], conflicts_opened: 0, conflicts_resolved: 0, status: [], ...part,
});

test.each([
  [{ inserted: 1, removed: 20, fields: ["text"] }, "wrote 1 character and took out 20 characters"],
  [{ inserted: 5, fields: ["text", "title"] }, "wrote 5 characters and changed title"],
  [{ fields: ["data.name", "data.street_name"] }, "changed name, street name"],
  [{ fields: ["a", "b", "c", "d"] }, "changed 4 fields"],
  [{ status: ["draft.created"], saves: 0 }, "began the draft"],
  [{ conflicts_opened: 2, fields: ["text"], inserted: 3 }, "wrote 3 characters and met 2 conflicts"],
  [{ saves: 0 }, "changed nothing"],
])("a sitting %o reads as a sentence", (part, expected) => {
  expect(sentence(deeds(sitting(part)))).toBe(expected);
});

test("time is told in the largest units that matter", () => {
  expect([0, 42, 600, 3_900].map(duration)).toEqual(["", "42 s", "10 min", "1 h 5 min"]);
});

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"],
  ["Mozilla/5.0 (Android 15; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0", "Firefox on Android"],
  ["curl/8", "A browser"],
])("%s is called %s", (agent, name) => {
  expect(deviceName(agent)).toBe(name);
});
