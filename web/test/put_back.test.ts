import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Command } from "../src/sync/wire.js";
import { fair, MemoryStore, SimulatedPage } from "./simulated_page.js";
import { refused, SimulatedServer } from "./simulated_server.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);
const isProse = (field: string): boolean => field === "text";

async function resolved<T>(promise: Promise<T>): Promise<T> {
  await pass(2_000);
  return promise;
}

/** A page on "The sea." whose next words, " Calm.", were put aside. */
async function putAside() {
  const server = new SimulatedServer("The sea.");
  const store = new MemoryStore();
  const weather = fair();
  const page = await resolved(SimulatedPage.open(server, store, weather));
  server.refuse = () => refused(422, "invalid_change");
  page.type(8, 8, " Calm.");
  await pass(2_000);
  server.refuse = null;
  expect(page.text.toString()).toBe("The sea.");
  const [words] = await store.parked();
  if (!words) throw new Error("nothing was put aside");
  return { server, store, weather, page, words };
}

describe("words that were put aside", () => {
  it("are on the device once, and not among what a page opened later sends", async () => {
    const { server, store, weather, words } = await putAside();
    const later = await resolved(SimulatedPage.open(server, store, weather));
    await pass(2_000);
    expect(await store.parked()).toEqual([words]);
    expect(server.text.toString()).toBe("The sea.");
    expect(later.text.toString()).toBe("The sea.");
  });

  it("are written back as a command of a replica of their own, on the text they were written on", async () => {
    const { server, store, page, words } = await putAside();
    page.type(0, 0, "By night: ");
    await pass(2_000);
    const sent: Command[] = [];
    server.refuse = (command) => (sent.push(command), null);
    expect(await resolved(page.session.putBack(words, isProse))).toBeNull();
    expect(server.text.toString()).toBe("By night: The sea. Calm.");
    expect(page.text.toString()).toBe("By night: The sea. Calm.");
    expect(sent.map(({ replica, n, base_seq }) => [replica, n, base_seq])).toEqual([[words.id, 1, words.base?.seq]]);
    expect(await store.parked()).toEqual([]);
    expect(page.status).toMatchObject({ state: "saved", parked: 0 });
  });

  it("stay on the device when they are refused again, with the reason, and while nothing can be reached", async () => {
    const { server, store, weather, page, words } = await putAside();
    server.refuse = () => refused(422, "invalid_change");
    expect(await resolved(page.session.putBack(words, isProse))).toContain("would not take them again");
    server.refuse = () => refused(404, "missing");
    expect(await resolved(page.session.putBack(words, isProse))).toContain("takes no words any more");
    server.refuse = () => refused(401, "unauthorized");
    expect(await resolved(page.session.putBack(words, isProse))).toContain("Sign in");
    weather.online = false;
    expect(await resolved(page.session.putBack(words, isProse))).toContain("cannot be reached");
    expect(await store.parked()).toEqual([words]);
    expect(server.text.toString()).toBe("The sea.");
  });

  it("are there once, also when the answer was lost and the person tries again", async () => {
    const { server, store, weather, page, words } = await putAside();
    weather.loss = 1;
    weather.random = () => 0.6;
    expect(await resolved(page.session.putBack(words, isProse))).toContain("cannot be reached");
    expect(server.text.toString()).toBe("The sea. Calm.");
    expect(await store.parked()).toEqual([words]);
    weather.loss = 0;
    expect(await resolved(page.session.putBack(words, isProse))).toBeNull();
    expect(server.text.toString()).toBe("The sea. Calm.");
    expect(page.text.toString()).toBe("The sea. Calm.");
    expect(await store.parked()).toEqual([]);
  });

  it("are let go without being sent where the draft says them already", async () => {
    const { server, store, page, words } = await putAside();
    page.type(8, 8, " Calm.");
    await pass(2_000);
    expect(await resolved(page.session.putBack(words, isProse))).toBeNull();
    expect(server.text.toString()).toBe("The sea. Calm.");
    expect(await store.parked()).toEqual([]);
  });

  it("go in by what the text says where the server does not know their base any more", async () => {
    const { server, store, page, words } = await putAside();
    for (const base of [{ seq: 99, ops: words.base?.ops ?? [] }, null]) {
      expect(await resolved(page.session.putBack({ ...words, base, changes: { text: { before: "The sea.", after: `The ${base ? "wide" : "old"} sea.` } } }, isProse))).toBeNull();
    }
    await pass(2_000);
    expect(server.text.toString()).toMatch(/^The (wide ?old|old ?wide) ?sea\.$/);
    expect(page.text.toString()).toBe(server.text.toString());
    expect(await store.parked()).toEqual([]);
  });

  it("that were put in at the cursor leave the device only once they are on it as words to be sent", async () => {
    const { store, weather, page, words } = await putAside();
    weather.online = false;
    page.type(8, 8, " Calm.");
    const gone = page.session.letGo(words);
    expect(await store.parked()).toEqual([words]);
    await resolved(gone);
    expect(await store.parked()).toEqual([]);
    expect(JSON.stringify([...store.outbox.values()])).toContain("Calm.");
  });

  it("have no place where an older page kept nothing but their text", async () => {
    const { store, page, words } = await putAside();
    const { changes: _changes, base: _base, ...old } = words;
    expect(await resolved(page.session.putBack(old, isProse))).toContain("not known any more where");
    expect(await store.parked()).toEqual([words]);
  });
});
