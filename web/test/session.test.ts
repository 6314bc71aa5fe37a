import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { drain } from "../src/sync/boot.js";
import { toBase, toRecord } from "../src/sync/device_store.js";
import { freeze, openReplica, toText, typed } from "../src/sync/replica.js";
import type { Command } from "../src/sync/wire.js";
import { ChangeSet } from "@codemirror/state";
import { DRAFT, fair, freshId, MemoryStore, network, SimulatedPage } from "./simulated_page.js";
import { refused, SimulatedServer } from "./simulated_server.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

async function opened<T>(opening: Promise<T>): Promise<T> {
  await pass(20);
  return opening;
}

async function desk(text = "Hello") {
  const server = new SimulatedServer(text);
  const store = new MemoryStore();
  const weather = fair();
  const page = await opened(SimulatedPage.open(server, store, weather));
  return { server, store, weather, page, reopen: () => opened(SimulatedPage.open(server, store, weather)) };
}

describe("a hint", () => {
  it("that comes while an earlier look is on its way is looked after too", async () => {
    const { server, weather, page } = await desk();
    const other = await opened(SimulatedPage.open(server, new MemoryStore(), fair()));
    await pass(1_000);
    weather.delay = () => 50;
    other.type(5, 5, " there");
    // The answer to this look is read before the other page's words arrive, and comes after the hint of them.
    await pass(340);
    page.session.wake();
    await pass(50);
    expect(server.head).toBe(0);
    await pass(30);
    expect(server.head).toBe(1);
    page.session.hinted(server.head);
    await pass(300);
    expect(page.text.toString()).toBe("Hello there");
  });
});

describe("typing", () => {
  it("is sent after a pause, as one command", async () => {
    const { server, page } = await desk();
    page.type(5, 5, "!");
    page.type(6, 6, "?");
    expect(page.status.state).toBe("saving");
    await pass(399);
    expect(server.head).toBe(0);
    await pass(100);
    expect(server.head).toBe(1);
    expect(server.text.toString()).toBe("Hello!?");
    expect(page.status.state).toBe("saved");
  });

  it("is sent every two seconds when there is no pause", async () => {
    const { server, page } = await desk();
    for (let key = 0; key < 30; key += 1) {
      page.type(5 + key, 5 + key, "x");
      await pass(100);
    }
    expect(server.head).toBe(1);
  });

  it("is on the device before the server hears of it", async () => {
    const { server, store, page } = await desk();
    server.refuse = (command) => {
      const record = [...store.outbox.values()].find(({ replica }) => replica === command.replica);
      expect(record?.flying?.command).toEqual(command);
      return null;
    };
    page.type(0, 0, "Oh. ");
    await pass(600);
    expect(server.text.toString()).toBe("Oh. Hello");
    expect.hasAssertions();
  });

  it("never splits a character when one emoji replaces another", async () => {
    const { server, page } = await desk("a😀b");
    page.type(2, 3, "\ude01");
    await pass(600);
    expect(server.text.toString()).toBe("a😁b");
    expect(JSON.stringify(server.events[0]?.payload)).toContain('[2,"😁"]');
  });
});

describe("a network that fails", () => {
  it("re-sends the very same command until it is acknowledged", async () => {
    const { server, weather, page } = await desk();
    const seen: Command[] = [];
    server.refuse = (command) => {
      seen.push(command);
      return seen.length < 3 ? refused(503, "store_unavailable") : null;
    };
    page.type(5, 5, " there");
    await pass(500);
    page.type(0, 0, "Oh. ");
    expect(page.status.state).toBe("device");
    weather.online = false;
    await pass(60_000);
    weather.online = true;
    await pass(60_000);
    expect(seen.slice(0, 3).map((command) => JSON.stringify(command))).toEqual(Array(3).fill(JSON.stringify(seen[0])));
    expect(server.text.toString()).toBe("Oh. Hello there");
  });

  it("does nothing twice when the answer was lost", async () => {
    const { server, weather, page } = await desk();
    page.type(5, 5, "!");
    await pass(406);
    expect(server.head).toBe(1);
    weather.online = false;
    page.die();
    weather.online = true;
    const { page: second } = { page: await opened(SimulatedPage.open(server, page.store, weather)) };
    await pass(2_000);
    second.session.wake();
    await pass(2_000);
    expect(server.text.toString()).toBe("Hello!");
    expect(second.text.toString()).toBe("Hello!");
  });

  it("says offline when nothing is unsent", async () => {
    const { page } = await desk();
    page.session.lost();
    expect(page.status.state).toBe("offline");
    page.session.wake();
    await pass(100);
    expect(page.status.state).toBe("saved");
  });
});

describe("a page that died", () => {
  it("is continued offline by the next one, which sends everything when the network is back", async () => {
    const { server, weather, page, reopen } = await desk();
    weather.online = false;
    page.type(5, 5, " one");
    await pass(5_000);
    page.type(9, 9, " two");
    await pass(10);
    page.die();
    server.edit(0, 0, "Well. ");
    const second = await reopen();
    expect(second.text.toString()).toBe("Hello one two");
    second.type(13, 13, " three");
    weather.online = true;
    second.session.wake();
    await pass(5_000);
    expect(server.text.toString()).toBe("Well. Hello one two three");
    expect(second.text.toString()).toBe("Well. Hello one two three");
  });

  it("may have sent a farewell nobody heard the answer of", async () => {
    const { server, page, reopen } = await desk();
    page.type(5, 5, "!");
    await pass(10);
    page.session.leave();
    await pass(6);
    expect(server.head).toBe(1);
    page.die();
    const second = await reopen();
    second.session.flush();
    await pass(3_000);
    expect(server.text.toString()).toBe("Hello!");
  });

  it("says farewell even when its first words have not reached the device yet", async () => {
    const { server, page, reopen } = await desk();
    page.type(5, 5, "!");
    page.session.leave();
    await pass(6);
    page.die();
    expect(server.text.toString()).toBe("Hello!");
    const second = await reopen();
    second.session.flush();
    await pass(3_000);
    expect(server.text.toString()).toBe("Hello!");
    expect(second.text.toString()).toBe("Hello!");
  });

  it("may have sent more under its last number than the device remembers", async () => {
    const { server, store } = await desk();
    const left = typed(openReplica("dead", server.snapshot()), ChangeSet.of({ from: 5, insert: "!" }, 5), toText("Hello"));
    const more = freeze(typed(left, ChangeSet.of({ from: 6, insert: "?" }, 6), toText("Hello!")));
    store.outbox.set(`${DRAFT}/dead`, toRecord(DRAFT, left, 5));
    store.bases.set(`${DRAFT}/dead`, toBase(DRAFT, left, 5));
    server.command(more.flying!.command);
    const page = await opened(SimulatedPage.open(server, store, fair()));
    page.session.flush();
    await pass(3_000);
    expect(server.text.toString()).toBe("Hello!?");
    expect(page.text.toString()).toBe("Hello!?");
    expect(page.parked).toEqual([]);
  });

  it("leaves words that can be drained without a screen", async () => {
    const { server, store } = await desk();
    const left = typed(openReplica("dead", server.snapshot()), ChangeSet.of({ from: 5, insert: "!" }, 5), toText("Hello"));
    store.outbox.set(`${DRAFT}/dead`, toRecord(DRAFT, left, 5));
    store.bases.set(`${DRAFT}/dead`, toBase(DRAFT, left, 5));
    const around = {
      transport: network(server, fair(), () => true),
      store,
      newId: freshId,
      now: () => Date.now(),
      random: () => 0.5,
      later: (run: () => void, wait: number) => setTimeout(run, wait) as unknown as number,
      cancel: (timer: number) => clearTimeout(timer),
    };
    const drained = drain(toRecord(DRAFT, left, 5), around);
    await pass(1_000);
    expect(await drained).toBe(true);
    expect(server.text.toString()).toBe("Hello!");
    expect(store.outbox.has(`${DRAFT}/dead`)).toBe(false);
  });
});

describe("what the server will not take", () => {
  it("is parked with its words, and never blocks what follows", async () => {
    const { server, store, page } = await desk();
    server.refuse = (command) => (JSON.stringify(command).includes("poison") ? refused(400, "invalid_change") : null);
    page.type(5, 5, " poison");
    await pass(402);
    page.type(0, 0, "Oh. ");
    await pass(3_000);
    expect(server.text.toString()).toBe("Oh. Hello");
    expect(page.text.toString()).toBe("Oh. Hello");
    expect(page.parked[0]?.inserted).toBe(" poison");
    expect([...store.parkedRecords.values()][0]?.inserted).toBe(" poison");
    expect(page.status.state).toBe("attention");
  });

  it("stays in the text when it is too long, and is sent once it is short enough", async () => {
    const { server, page } = await desk();
    server.refuse = (command) => (JSON.stringify(command).length > 120 ? refused(413, "too_large") : null);
    page.type(5, 5, "x".repeat(200));
    await pass(5_000);
    expect(page.text.length).toBe(205);
    expect(page.status).toMatchObject({ state: "attention", trouble: "too-large" });
    page.type(5, 205, "!");
    await pass(1_000);
    expect(server.text.toString()).toBe("Hello!");
    expect(page.status.state).toBe("saved");
  });

  it("is still said to be too long after a reload, and after others have written", async () => {
    const { server, page, reopen } = await desk();
    server.refuse = (command) => (JSON.stringify(command).length > 120 ? refused(413, "too_large") : null);
    page.type(5, 5, "x".repeat(200));
    await pass(1_000);
    page.die();
    const again = await reopen();
    again.session.wake();
    await pass(5_000);
    expect(again.status).toMatchObject({ state: "attention", trouble: "too-large" });
    server.edit(0, 0, "Oh, ");
    again.session.hinted(server.head);
    await pass(5_000);
    expect(again.text.length).toBe(209);
    expect(again.status).toMatchObject({ state: "attention", trouble: "too-large" });
  });

  it("waits for a sign-in", async () => {
    const { server, page } = await desk();
    server.refuse = () => refused(401, "unauthorized");
    page.type(5, 5, "!");
    await pass(1_000);
    expect(page.status).toMatchObject({ state: "attention", trouble: "sign-in" });
    server.refuse = null;
    page.session.wake();
    await pass(100);
    expect(server.text.toString()).toBe("Hello!");
  });

  it("is parked whole when the draft is gone", async () => {
    const { server, page } = await desk();
    server.refuse = () => refused(404, "not_found");
    page.type(5, 5, " world");
    await pass(1_000);
    expect(page.parked[0]).toMatchObject({ inserted: " world", text: "Hello world" });
    expect(page.status.trouble).toBe("gone");
    expect(page.text.toString()).toBe("Hello world");
  });
});

describe("a server that changed under us", () => {
  it("whose events were erased is followed by a snapshot", async () => {
    const { server, page } = await desk();
    server.edit(0, 5, "Good morning");
    server.erase(1);
    server.edit(12, 12, "!");
    page.type(5, 5, " Ada");
    page.session.hinted(2);
    await pass(3_000);
    expect(page.text.toString()).toBe(server.text.toString());
    expect(server.text.toString()).toContain("Ada");
  });

  it("that was restored from a backup gets our words under a new name", async () => {
    const { server, page } = await desk();
    page.type(5, 5, " one");
    await pass(1_000);
    const older = new SimulatedServer("Hello");
    server.command = (command) => older.command(command);
    server.after = (seq) => older.after(seq);
    server.snapshot = () => older.snapshot();
    page.type(9, 9, " two");
    await pass(3_000);
    expect(page.session.synced).toBe(true);
    expect(page.text.toString()).toBe(older.text.toString());
    expect(older.text.toString()).toBe("Hello one two");
    expect(page.text.toString()).toBe("Hello one two");
  });

  it("that was restored from a backup gets what it had confirmed again, though nothing is unsent", async () => {
    const { server, page } = await desk();
    page.type(5, 5, " one");
    await pass(1_000);
    expect(page.session.synced).toBe(true);
    const older = new SimulatedServer("Hello");
    server.command = (command) => older.command(command);
    server.after = (seq) => older.after(seq);
    server.snapshot = () => older.snapshot();
    page.session.wake();
    await pass(3_000);
    expect(older.text.toString()).toBe("Hello one");
    expect(page.session.synced).toBe(true);
  });

  it("that was restored and went on without us leaves our words to be copied", async () => {
    const { server, page } = await desk();
    page.type(5, 5, " one");
    await pass(1_000);
    const older = new SimulatedServer("Hello");
    for (const words of ["A", "B", "C"]) older.edit(0, 0, words);
    server.command = (command) => older.command(command);
    server.after = (seq) => older.after(seq);
    server.snapshot = () => older.snapshot();
    page.session.hinted(3);
    await pass(3_000);
    expect(page.text.toString()).toBe("CBAHello");
    expect(page.parked[0]).toMatchObject({ text: "Hello one" });
  });

  it("that commits something else than asked is shown as it is", async () => {
    const { server, page } = await desk();
    const take = server.command.bind(server);
    server.command = (command) => take({ ...command, ops: [{ field: "text", changes: [5, [0, "?"]] }] });
    page.type(5, 5, "!");
    await pass(407);
    page.type(0, 0, "Oh. ");
    server.command = take;
    await pass(3_000);
    expect(page.text.toString()).toBe("Oh. Hello?");
    expect(server.text.toString()).toBe("Oh. Hello?");
  });
});

describe("a device that keeps nothing", () => {
  it("still saves to the server, and says so when it cannot", async () => {
    const server = new SimulatedServer("Hello");
    const weather = fair();
    const page = await opened(SimulatedPage.open(server, null, weather));
    page.type(5, 5, "!");
    await pass(1_000);
    expect(page.status).toMatchObject({ state: "saved", stored: false });
    weather.online = false;
    page.type(6, 6, "?");
    await pass(1_000);
    expect(page.status).toMatchObject({ state: "attention", stored: false });
  });

  it("leaves no stale record behind when it fills up", async () => {
    const { server, store, page, reopen } = await desk();
    page.type(5, 5, "!");
    await pass(10);
    store.broken = true;
    page.type(6, 6, "?");
    await pass(1_000);
    expect(server.text.toString()).toBe("Hello!?");
    page.die();
    store.broken = false;
    const second = await reopen();
    second.session.flush();
    await pass(1_000);
    expect(server.text.toString()).toBe("Hello!?");
    expect(second.text.toString()).toBe("Hello!?");
  });
});
