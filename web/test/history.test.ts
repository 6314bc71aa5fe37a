// What a page knows of a conversation, and how it is laid out.

import { describe, expect, it } from "vitest";
import { arrange, catchUp, History, mergeReceipts, seenBy, upToDate } from "../src/goals/history.js";
import { matching, slashWord } from "../src/goals/slash.js";
import type { Changes, Conversation, Message } from "../src/goals/wire.js";

const SAM = { id: "sam", name: "Sam" };
const INES = { id: "ines", name: "Ines" };

function message(position: number, more: Partial<Message> = {}): Message {
  return {
    id: `m${position}`, position, changed_seq: position, sender: SAM, sender_part: "student", mine: false, message_type: "daily_note",
    content: `Note ${position}`, html: "", reply_to_id: null, target_date: null, created_at: `2026-03-02T09:${String(position).padStart(2, "0")}:00Z`,
    edited_at: null, deleted_at: null, attachments: [], replies: { count: 0, latest: [] }, ...more,
  };
}
const ids = (history: History): string[] => history.list().map(({ id }) => id);

describe("history", () => {
  it("keeps messages in their order, however they come", () => {
    const history = new History([message(3), message(4)], 4);
    history.add([message(1), message(2)]);
    expect(history.take([message(6), message(5)], 6).map(({ id }) => id)).toEqual(["m6", "m5"]);
    expect(ids(history)).toEqual(["m1", "m2", "m3", "m4", "m5", "m6"]);
    expect([history.seq, history.last]).toEqual([6, 6]);
  });

  it("takes the first message of an empty conversation", () => {
    const history = new History([], 0);
    expect(history.take([message(1)], 1)).toHaveLength(1);
  });

  it("shows a message once that is told twice, and lets no earlier state replace a later one", () => {
    const history = new History([message(1)], 1);
    expect(history.take([message(1, { changed_seq: 5, content: "Mended" })])).toEqual([]);
    history.take([message(1, { changed_seq: 3, content: "Older" })]);
    expect(history.list()[0]?.content).toBe("Mended");
  });

  it("leaves changes of messages that are further up than it reaches", () => {
    const history = new History([message(50)], 50);
    expect(history.take([message(7, { changed_seq: 51 })], 51)).toEqual([]);
    expect(ids(history)).toEqual(["m50"]);
  });

  it("counts replies once, and down again when one is taken back", () => {
    const history = new History([message(1)], 1);
    const reply = message(2, { reply_to_id: "m1" });
    expect(history.take([reply])).toHaveLength(1);
    expect(history.take([reply])).toHaveLength(0);
    expect(history.find("m1")?.replies.count).toBe(1);
    for (const position of [3, 4, 5]) history.take([message(position, { reply_to_id: "m1" })]);
    expect(history.find("m1")?.replies.latest.map(({ id }) => id)).toEqual(["m3", "m4", "m5"]);
    history.take([message(4, { reply_to_id: "m1", changed_seq: 6, deleted_at: "2026-03-02T10:00:00Z" })]);
    expect(history.find("m1")?.replies.count).toBe(3);
    expect(ids(history)).toEqual(["m1"]);
  });

  const many = (from: number, to: number): Message[] => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
  const edges = (history: History): (number | boolean | undefined)[] => [history.list()[0]?.position, history.list().at(-1)?.position, history.older, history.newer];

  it("goes to another part and keeps the latest messages, which what arrives is added to", () => {
    const history = new History(many(951, 1_000), 1_000, true);
    history.goTo(many(400, 450), true, true);
    expect(edges(history)).toEqual([400, 450, true, true]);
    expect(history.take([message(1_001), message(700, { changed_seq: 1_002 }), message(410, { changed_seq: 1_003, content: "Mended" })]).map(({ id }) => id)).toEqual(["m1001"]);
    expect([history.find("m410")?.content, history.find("m700"), history.shows("m1001"), history.latest().at(-1)?.id]).toEqual(["Mended", undefined, false, "m1001"]);
    history.goToEnd();
    expect(edges(history)).toEqual([951, 1_001, true, false]);
    expect(history.find("m410")).toBeUndefined();
  });

  it("joins the latest messages once what lies between is there", () => {
    const history = new History(many(951, 1_000), 1_000, true);
    const { part } = history;
    history.goTo(many(850, 900), true, true);
    expect(history.part).not.toBe(part);
    history.addNewer(many(901, 940), true);
    expect(edges(history)).toEqual([850, 940, true, true]);
    history.addNewer(many(941, 980), true);
    expect(edges(history)).toEqual([850, 1_000, true, false]);
    history.goTo(many(1, 20), false, true);
    history.addNewer([], false);
    expect(history.newer).toBe(false);
  });

  it("forgets what is furthest away, and never the latest", () => {
    const history = new History(many(5_001, 5_050), 5_050, true);
    for (let from = 4_801; from > 2_400; from -= 200) {
      history.add(many(from, from + 199), true);
      history.trim("latest");
    }
    expect(history.list().length).toBeLessThanOrEqual(2_200);
    expect(edges(history)).toEqual([2_401, 4_400, true, true]);
    expect(history.latest().map(({ position }) => position)).toEqual(many(4_951, 5_050).map(({ position }) => position));
    for (let from = 4_401; history.newer; from += 200) {
      history.addNewer(many(from, from + 199), true);
      history.trim("oldest");
    }
    expect(edges(history)).toEqual([3_051, 5_050, true, false]);
    history.take(many(5_051, 5_300));
    history.trim("oldest");
    expect(edges(history)).toEqual([3_301, 5_300, true, false]);
  });

  it("keeps as many of the latest as are of use while one reads elsewhere", () => {
    const history = new History(many(951, 1_000), 1_000, true);
    history.goTo(many(1, 50), false, true);
    history.take(many(1_001, 3_000));
    expect([history.latest().length, history.latest().at(-1)?.position]).toEqual([100, 3_000]);
  });

  it("reads again what was read before the last change it knows", async () => {
    const history = new History([message(1)], 7);
    let asked = 0;
    const page = (seq: number): Promise<Conversation> => Promise.resolve({ seq } as Conversation);
    expect((await upToDate(history, () => page((asked += 1) === 1 ? 6 : 7))).seq).toBe(7);
    expect(asked).toBe(2);
    expect((await upToDate(history, () => page(5))).seq).toBe(5);
  });

  it("catches up page by page", async () => {
    const pages: Record<number, Changes> = { 3: { items: [message(4)], seq: 4, more: true, receipts: [], drafts: [] }, 4: { items: [message(5)], seq: 9, more: false, receipts: [], drafts: [] } };
    const found = await catchUp(3, (after) => Promise.resolve(pages[after] as Changes));
    expect(found.items.map(({ id }) => id)).toEqual(["m4", "m5"]);
    expect(found.seq).toBe(9);
  });
});

describe("layout", () => {
  const kinds = (rows: ReturnType<typeof arrange>): string[] => rows.map((row) => (row.kind === "message" ? `${row.message.id}${row.first ? "*" : ""}` : row.kind));

  it("begins a group with another person, kind, day or after a while", () => {
    const rows = arrange([message(1), message(2), message(3, { sender: INES }), message(4, { sender: INES, message_type: "milestone" }), message(30, { sender: INES, message_type: "milestone" })], null);
    expect(kinds(rows)).toEqual(["day", "m1*", "m2", "m3*", "m4*", "m30*"]);
    expect(kinds(arrange([message(1), message(2, { created_at: "2026-03-04T09:00:00Z" })], null))).toEqual(["day", "m1*", "day", "m2*"]);
  });

  it("draws one line above the first message of others that was not read", () => {
    const rows = arrange([message(1), message(2, { mine: true }), message(3), message(4)], 1);
    expect(kinds(rows)).toEqual(["day", "m1*", "m2", "unread", "m3*", "m4"]);
    expect(rows.find((row) => row.kind === "unread")).toMatchObject({ count: 2 });
    expect(kinds(arrange([message(1)], 1))).toEqual(["day", "m1*"]);
  });

  it("counts what is unread only where all of it is known, and draws no line where it may belong elsewhere", () => {
    const line = (first: number, older: boolean, newer: boolean): number | null | undefined => {
      const row = arrange([message(first), message(first + 1), message(first + 2)], 5, { older, newer }).find(({ kind }) => kind === "unread");
      return row?.kind === "unread" ? row.count : undefined;
    };
    expect([line(4, true, false), line(4, true, true), line(8, true, false), line(8, true, true), line(8, false, false)]).toEqual([1, null, null, undefined, 3]);
  });

  it("says who has seen the last message of one's own", () => {
    const receipts = mergeReceipts([{ person: INES, position: 1, read_at: "a" }], [{ person: INES, position: 3, read_at: "b" }, { person: SAM, position: 9, read_at: "c" }]);
    const messages = [message(1, { mine: true }), message(2, { mine: true }), message(3)];
    expect(seenBy(messages, receipts, "sam")).toEqual({ id: "m2", people: [{ person: INES, position: 3, read_at: "b" }] });
    expect(seenBy([message(1)], receipts, "sam")).toBeNull();
    expect(mergeReceipts(receipts, [{ person: INES, position: 2, read_at: "x" }])[0]?.position).toBe(3);
  });
});

describe("templates", () => {
  it("are asked for by a slash that begins a line", () => {
    expect([slashWord("/"), slashWord("Good.\n/pra"), slashWord("and/or"), slashWord("/pra ise"), slashWord("1 /2")]).toEqual(["", "pra", null, null, null]);
  });
  it("are found by any part of their name", () => {
    const all = ["Praise", "Ask for a video", "Phrase by phrase"].map((name) => ({ id: name, name, content: "" }));
    expect(matching(all, "RAS").map(({ name }) => name)).toEqual(["Phrase by phrase"]);
    expect(matching(all, "")).toHaveLength(3);
  });
});
