import "fake-indexeddb/auto";
import { ChangeSet } from "@codemirror/state";
import { describe, expect, it, vi } from "vitest";
import { fromRecord, toBase, toRecord } from "../src/sync/device_store.js";
import { Keeper } from "../src/sync/keeper.js";
import { forgetDevice, openDeviceStore } from "../src/sync/indexed_store.js";
import { freeze, openReplica, screenText, screenTitle, titled, toText, typed } from "../src/sync/replica.js";
import { storage } from "./local_storage.js";

const opened = openReplica("r1", { seq: 4, texts: { text: "Hello 🦊" }, values: { title: "One" } });
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
    expect(back.buffer.values).toEqual({ title: "Two" });
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

  it("takes a page's last words though the device's clock was set back meanwhile", async () => {
    vi.stubGlobal("localStorage", storage());
    const store = await openDeviceStore("a-clock");
    let now = 86_400_000;
    const keeper = new Keeper("d1", store, () => now, () => undefined, null);
    await keeper.keep(opened);
    now = 0;
    keeper.leave(dirty);
    const [record] = await store.leftovers("d1");
    const base = record && (await store.base(record.key));
    if (!record || !base) throw new Error("nothing was stored");
    expect(screenText(fromRecord(record, base)).toString()).toBe("Hello\nthere 🦊");
    vi.unstubAllGlobals();
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
    const later = openReplica("r9", { seq: 9, texts: { text: "Later" }, values: { title: "" } });
    await store.save(toRecord("d1", later, 2), toBase("d1", later, 2));
    expect(await store.newestBase("d1")).toMatchObject({ texts: { text: "Later" } });
    await store.park({ id: "p1", draftId: "d1", reason: "no", inserted: "words", text: "all words", at: 3 });
    expect((await store.parked("d1")).map(({ inserted }) => inserted)).toEqual(["words"]);
    await store.unpark("p1");
    expect(await store.parked("d1")).toEqual([]);
  });

  it("reads what was kept when every draft was a document", () => {
    const command = { replica: "old", n: 3, base_seq: 4, ops: [{ field: "text", changes: [5, [0, "!"]] }] };
    const record = { key: "d1/old", draftId: "d1", replica: "old", nextN: 4, seq: 4, flying: { changes: [5, [0, "!"]], command }, buffer: { changes: [6, [0, "?"]], title: "Two" }, empty: false, at: 1 };
    const left = fromRecord(record, { key: "d1/old", draftId: "d1", seq: 4, text: "Hello", title: "One", at: 1 });
    expect(screenText(left).toString()).toBe("Hello!?");
    expect(screenTitle(left)).toBe("Two");
    expect(left.flying?.command).toEqual(command);
  });

  it("refuses a record that does not fit its base", () => {
    expect(() => fromRecord(toRecord("d1", dirty, 1), { ...toBase("d1", dirty, 1), texts: { text: "short" } })).toThrow(RangeError);
    expect(() => fromRecord(toRecord("d1", dirty, 1), { ...toBase("d1", dirty, 1), seq: 5 })).toThrow(RangeError);
  });

  it("can be forgotten", async () => {
    const store = await openDeviceStore("a6");
    await store.save(toRecord("d1", dirty, 1), toBase("d1", dirty, 1));
    await forgetDevice("a6");
    expect(await (await openDeviceStore("a6")).leftovers()).toEqual([]);
  });

  it("finds the last words of a page that died, unless it lived on and kept more", async () => {
    vi.stubGlobal("localStorage", storage());
    const store = await openDeviceStore("a7");
    await store.save(toRecord("d1", opened, 5), toBase("d1", opened, 5));
    store.leave(toRecord("d1", dirty, 7), toBase("d1", dirty, 7));
    const [found] = await (await openDeviceStore("a7")).leftovers("d1");
    expect(found).toMatchObject({ replica: "r1", empty: false, at: 7 });
    expect(Object.keys(localStorage)).toEqual([]);

    store.leave(toRecord("d1", dirty, 8), toBase("d1", dirty, 8));
    await store.save(toRecord("d1", { ...dirty, nextN: 9 }, 9), null);
    expect((await store.leftovers("d1"))[0]).toMatchObject({ nextN: 9, at: 9 });

    store.leave(toRecord("d1", dirty, 10), toBase("d1", dirty, 10));
    store.leave(toRecord("d1", opened, 11), toBase("d1", opened, 11));
    expect(Object.keys(localStorage)).toEqual([]);
    vi.unstubAllGlobals();
  });

  it("does without last words where local storage is blocked", async () => {
    const store = await openDeviceStore("a8");
    store.leave(toRecord("d1", dirty, 1), toBase("d1", dirty, 1));
    expect(await store.leftovers()).toEqual([]);
  });
});
