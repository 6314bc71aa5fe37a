import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fair, MemoryStore, SimulatedPage, STORING, type Weather } from "./simulated_page.js";
import { SimulatedServer } from "./simulated_server.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Act =
  | { kind: "type"; page: number; at: number; cut: number; text: string; rush: boolean }
  | { kind: "title"; page: number }
  | { kind: "wait"; milliseconds: number }
  | { kind: "offline" | "online" | "crash" | "leave"; page: number }
  | { kind: "model"; at: number }
  | { kind: "hint"; page: number };

const pieces = ["a", "bc", " ", "\n", "слово", "🦊", "👩‍👩‍👧", "", "e\u0301", "𝒳y"];

const act = (cutting: boolean): fc.Arbitrary<Act> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: fc.constant("type" as const), page: fc.nat(2), at: fc.nat(1_000), cut: cutting ? fc.nat(3) : fc.constant(0), text: fc.constantFrom(...pieces), rush: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("title" as const), page: fc.nat(2) }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("wait" as const), milliseconds: fc.nat(1_500) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("offline" as const, "online" as const, "crash" as const, "leave" as const), page: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("model" as const), at: fc.nat(1_000) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("hint" as const), page: fc.nat(2) }) },
  );

interface Desk {
  page: SimulatedPage;
  store: MemoryStore;
  weather: Weather;
  /** marks typed so shortly ago that the device may not hold them yet */
  fresh: Set<string>;
}

interface Marks {
  count: number;
  kept: Set<string>;
  perhaps: Set<string>;
}

async function settle(desks: Desk[]): Promise<void> {
  for (let round = 0; round < 40; round += 1) {
    for (const { page, weather } of desks) {
      weather.online = true;
      weather.loss = 0;
      page.session.wake();
    }
    await vi.advanceTimersByTimeAsync(3_000);
    const head = desks[0]?.page.server.head;
    if (desks.every(({ page }) => page.session.synced && page.session.seq === head)) return;
  }
}

async function pass(desks: Desk[], milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  if (milliseconds >= 2 * STORING) for (const { fresh } of desks) fresh.clear();
}

async function play(acts: Act[], loss: number, seed: number, mark: boolean): Promise<{ server: SimulatedServer; desks: Desk[]; marks: Marks }> {
  let state = seed + 1;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const server = new SimulatedServer("Once upon a 🦊 time\nthere was");
  const desks: Desk[] = [];
  for (let index = 0; index < 3; index += 1) {
    const weather: Weather = { ...fair(), loss, random, delay: () => random() * 400 };
    const store = new MemoryStore();
    const opening = SimulatedPage.open(server, store, weather);
    await vi.advanceTimersByTimeAsync(5);
    desks.push({ page: await opening, store, weather, fresh: new Set() });
  }
  const marks: Marks = { count: 0, kept: new Set(), perhaps: new Set() };
  for (const step of acts) {
    if (step.kind === "wait") {
      await pass(desks, step.milliseconds);
    } else if (step.kind === "model") {
      const text = server.text.toString();
      const spot = safeSpot(text, onBoundary(text, step.at));
      server.edit(spot, spot, "<model>");
    } else await perform(step, desks[step.page] as Desk, mark ? marks : null);
  }
  await settle(desks);
  return { server, desks, marks };
}

function onBoundary(text: string, at: number): number {
  const position = at % (text.length + 1);
  const code = text.charCodeAt(position);
  return code >= 0xdc00 && code <= 0xdfff ? position - 1 : position;
}

async function perform(step: Exclude<Act, { kind: "wait" | "model" }>, desk: Desk, marks: Marks | null): Promise<void> {
  const { page, store, weather } = desk;
  switch (step.kind) {
    case "type": {
      // Cuts may fall inside a surrogate pair here, as when one emoji replaces another.
      const from = marks ? onBoundary(page.text.toString(), step.at) : step.at % (page.text.length + 1);
      const to = Math.min(page.text.length, from + step.cut);
      let insert = step.text;
      if (marks) {
        insert = `[${(marks.count += 1)}]`;
        marks.kept.add(insert);
        desk.fresh.add(insert);
        page.type(safeSpot(page.text.toString(), from), safeSpot(page.text.toString(), from), insert);
      } else page.type(from, to, wholeEdit(page.text.toString(), from, to, insert));
      if (!step.rush) await pass([desk], 2 * STORING);
      return;
    }
    case "title":
      return page.session.retitled(`title ${step.page}`);
    case "offline":
      weather.online = false;
      return;
    case "online":
      weather.online = true;
      return page.session.wake();
    case "hint":
      return page.session.hinted(page.server.head);
    case "leave":
      return page.session.leave();
    case "crash": {
      for (const mark of desk.fresh) if (marks?.kept.delete(mark)) marks.perhaps.add(mark);
      desk.fresh.clear();
      page.die();
      const opening = SimulatedPage.open(page.server, store, weather, { seq: 0, texts: { text: "Once upon a 🦊 time\nthere was" }, values: { title: "" } });
      await vi.advanceTimersByTimeAsync(5);
      desk.page = await opening;
    }
  }
}

/** Not inside one of the marks, which must stay recognisable. */
function safeSpot(text: string, at: number): number {
  const open = text.lastIndexOf("[", at - 1);
  const close = text.indexOf("]", open);
  return open >= 0 && close >= at ? open : at;
}

/** A cut through a surrogate pair is only ever part of an edit whose result is whole: give the halves back. */
function wholeEdit(text: string, from: number, to: number, insert: string): string {
  const low = (index: number): boolean => text.charCodeAt(index) >= 0xdc00 && text.charCodeAt(index) <= 0xdfff;
  if (from === to && low(from)) return "";
  const head = low(from) ? text.slice(from, from + 1) : "";
  const tail = low(to) ? text.slice(to - 1, to) : "";
  return head + insert + tail;
}

describe("pages and server", () => {
  it("end with the same text, whatever the network, crashes and typing do", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act(true), { minLength: 5, maxLength: 60, size: "max" }), fc.constantFrom(0, 0.2, 0.6), fc.nat(10_000), async (acts, loss, seed) => {
        const { server, desks } = await play(acts, loss, seed, false);
        for (const { page } of desks) {
          expect(page.session.synced).toBe(true);
          expect(page.text.toString()).toBe(server.text.toString());
          expect(page.session.text().toString()).toBe(server.text.toString());
          expect(page.session.title()).toBe(server.title);
          expect(page.parked).toEqual([]);
        }
        expect(server.text.toString()).toBe(server.text.toString().toWellFormed());
      }),
      { numRuns: 250 },
    );
  });

  it("keep every word typed, exactly once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act(false), { minLength: 5, maxLength: 60, size: "max" }), fc.constantFrom(0, 0.3, 0.7), fc.nat(10_000), async (acts, loss, seed) => {
        const { server, marks } = await play(acts, loss, seed, true);
        const text = server.text.toString();
        const times = (mark: string): number => text.split(mark).length - 1;
        for (const mark of marks.kept) expect(times(mark), `${mark} in ${text}`).toBe(1);
        for (const mark of marks.perhaps) expect(times(mark), `${mark} in ${text}`).toBeLessThan(2);
      }),
      { numRuns: 250 },
    );
  });
});
