import "fake-indexeddb/auto";
import { ChangeSet } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { fromRecord, toBase, toRecord } from "../src/sync/device_store.js";
import { forgetDevice, openDeviceStore } from "../src/sync/indexed_store.js";
import { freeze, openReplica, screenText, titled, toText, typed } from "../src/sync/replica.js";

const opened = openReplica("r1", { seq: 4, text: "Hello 🦊", title: "One" });
const dirty = titled(freeze(typed(opened, ChangeSet.of({ from: 5, insert: "\nthere" }, 8), toText("Hello 🦊"))), "Two");

describe("the device store", () => {
  it("gives back exactly what was put in", async () => {
    const store = await openDeviceStore("a1");
    await store.save(toRecord("d1", dirty, 7), toBase("d1", dirty, 7));
    const [record] = await store.leftovers("d1");
    const base = await store.base(record?.key ?? "");
    if (!record || !base) throw new Error("nothing was stored");
    const back = fromRecord(record, base);
    expect(screenText(back).toString()).toBe("Hello\nthere 🦊");
    expect(back.flying?.command).toEqual(dirty.flying?.command);
    expect(back.buffer.title).toBe("Two");
    expect(record.empty).toBe(false);
  });

  it("hands dead pages' records over in one step", async () => {
    const store = await openDeviceStore("a2");
    await store.save(toRecord("d1", dirty, 1), toBase("d1", dirty, 1));
    const heir = { ...dirty, id: "r2" };
    await store.adopt(toRecord("d1", heir, 2), toBase("d1", heir, 2), ["d1/r1"]);
    expect((await store.leftovers()).map(({ replica }) => replica)).toEqual(["r2"]);
    expect(await store.base("d1/r1")).toBeUndefined();
  });

  it("keeps accounts and drafts apart", async () => {
    const store = await openDeviceStore("a3");
    await store.save(toRecord("d1", dirty, 1), toBase("d1", dirty, 1));
    expect(await store.leftovers("d2")).toEqual([]);
    expect(await (await openDeviceStore("a4")).leftovers()).toEqual([]);
  });

  it("opens the newest copy of a draft, and keeps parked words until they are let go", async () => {
    const store = await openDeviceStore("a5");
    await store.save(toRecord("d1", opened, 1), toBase("d1", opened, 1));
    const later = openReplica("r9", { seq: 9, text: "Later", title: "" });
    await store.save(toRecord("d1", later, 2), toBase("d1", later, 2));
    expect((await store.newestBase("d1"))?.text).toBe("Later");
    await store.park({ id: "p1", draftId: "d1", reason: "no", inserted: "words", text: "all words", at: 3 });
    expect((await store.parked("d1")).map(({ inserted }) => inserted)).toEqual(["words"]);
    await store.unpark("p1");
    expect(await store.parked("d1")).toEqual([]);
  });

  it("refuses a record that does not fit its base", () => {
    expect(() => fromRecord(toRecord("d1", dirty, 1), { ...toBase("d1", dirty, 1), text: "short" })).toThrow(RangeError);
    expect(() => fromRecord(toRecord("d1", dirty, 1), { ...toBase("d1", dirty, 1), seq: 5 })).toThrow(RangeError);
  });

  it("can be forgotten", async () => {
    const store = await openDeviceStore("a6");
    await store.save(toRecord("d1", dirty, 1), toBase("d1", dirty, 1));
    await forgetDevice("a6");
    expect(await (await openDeviceStore("a6")).leftovers()).toEqual([]);
  });
});
