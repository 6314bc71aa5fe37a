import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { toSnapshot } from "../src/sync/snapshot.js";
import { fair, MemoryStore, SimulatedPage } from "./simulated_page.js";
import { refused, SimulatedServer } from "./simulated_server.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

async function opened(opening: Promise<SimulatedPage>): Promise<SimulatedPage> {
  await pass(20);
  return opening;
}

async function desk(more: Record<string, string> = { "text.about": "Quiet" }) {
  const server = new SimulatedServer("", more);
  const device = async (): Promise<{ page: SimulatedPage; store: MemoryStore; weather: ReturnType<typeof fair> }> => {
    const store = new MemoryStore();
    const weather = fair();
    return { page: await opened(SimulatedPage.open(server, store, weather)), store, weather };
  };
  return { server, device };
}

describe("a draft of several fields", () => {
  it("sends prose as changes and values as a whole, in one command", async () => {
    const { server, device } = await desk();
    const { page } = await device();
    page.typeIn("text.about", 5, " evening");
    page.typeIn("text.venue", 0, "Hall");
    page.set("data.price", 12);
    page.set("data.tags", ["a", "b"]);
    await pass(600);
    expect(server.events.map(({ payload }) => payload)).toEqual([
      { ops: [{ field: "text.about", changes: [5, [0, " evening"]] }, { field: "text.venue", changes: [[0, "Hall"]] }, { field: "data.price", set: 12 }, { field: "data.tags", set: ["a", "b"] }] },
    ]);
    expect(page.status.state).toBe("saved");
  });

  it("shows on one device what another one changed, beside what is typed there", async () => {
    const { server, device } = await desk();
    const [one, two] = [(await device()).page, (await device()).page];
    one.set("data.price", 12);
    one.typeIn("text.about", 0, "A ");
    await pass(600);
    two.typeIn("text.about", 5, "er");
    two.session.hinted(server.head);
    await pass(600);
    one.session.hinted(server.head);
    await pass(600);
    for (const page of [one, two]) {
      expect(page.textOf("text.about").toString()).toBe("A Quieter");
      expect(page.session.text("text.about").toString()).toBe("A Quieter");
    }
    expect(two.values["data.price"]).toBe(12);
  });

  it("keeps what the device chose until it is saved, then follows the log", async () => {
    const { server, device } = await desk();
    const [one, two] = [await device(), await device()];
    two.weather.online = false;
    two.page.set("data.price", 30);
    one.page.set("data.price", 20);
    await pass(5_000);
    two.page.session.hinted(server.head);
    expect(two.page.session.values()["data.price"]).toBe(30);
    two.weather.online = true;
    two.page.session.wake();
    await pass(1_000);
    one.page.session.hinted(server.head);
    await pass(1_000);
    expect(server.values["data.price"]).toBe(30);
    expect(one.page.values["data.price"]).toBe(30);
  });

  it("survives the death of its page with everything unsent", async () => {
    const { server, device } = await desk();
    const { page, store, weather } = await device();
    weather.online = false;
    page.typeIn("text.about", 5, "!");
    page.set("data.price", 5);
    await pass(3_000);
    page.set("data.price", 6);
    await pass(50);
    page.die();
    weather.online = true;
    const next = await opened(SimulatedPage.open(server, store, weather));
    expect(next.session.values()["data.price"]).toBe(6);
    next.session.wake();
    await pass(5_000);
    expect(server.textOf("text.about").toString()).toBe("Quiet!");
    expect(server.values["data.price"]).toBe(6);
  });
});

describe("a field the server will not take", () => {
  it.each([
    [413, "too_large", "too-large"],
    [422, "invalid_value", "invalid"],
  ])("stays in the page (%i) and blocks no other", async (status, code, trouble) => {
    const { server, device } = await desk();
    const { page } = await device();
    server.refuse = (command) => (command.ops.some((op) => op.field === "data.note" && "set" in op && op.set === "bad") ? refused(status, code, "data.note") : null);
    page.set("data.note", "bad");
    page.typeIn("text.about", 5, "!");
    await pass(3_000);
    expect(server.textOf("text.about").toString()).toBe("Quiet!");
    page.set("data.price", 7);
    await pass(3_000);
    expect(server.values["data.price"]).toBe(7);
    expect(page.session.values()["data.note"]).toBe("bad");
    expect(page.status).toMatchObject({ state: "attention", trouble });
    page.set("data.note", "good");
    await pass(3_000);
    expect(server.values["data.note"]).toBe("good");
    expect(page.status).toMatchObject({ state: "saved", trouble: null });
    expect(page.parked).toEqual([]);
  });

  it("is parked with its words when the form no longer has it", async () => {
    const { server, device } = await desk();
    const { page } = await device();
    server.refuse = (command) => (command.ops.some(({ field }) => field === "data.gone") ? refused(422, "unknown_field", "data.gone") : null);
    page.set("data.gone", "precious");
    await pass(1_000);
    expect(page.parked[0]).toMatchObject({ inserted: "precious", fields: ["data.gone"] });
    expect(page.session.values()["data.gone"]).toBeUndefined();
  });
});

describe("what a draft is opened from", () => {
  it("tells prose from values by the kind of draft", () => {
    const draft = { seq: 3, text: null, fields: { title: "T", description: "A\r\nB", metadata: {} } };
    expect(toSnapshot({ kind: "bug_report", ...draft })).toEqual({ seq: 3, texts: { description: "A\nB" }, values: { title: "T", metadata: {} } });
    const form = { kind: "form", seq: 1, text: null, fields: { form: "gig", "data.title": "x", "text.about": "y" } };
    expect(toSnapshot(form)).toEqual({ seq: 1, texts: { "text.about": "y" }, values: { form: "gig", "data.title": "x" } });
    const document = { kind: "document", seq: 1, text: "words", fields: { title: "T", description: "d" } };
    expect(toSnapshot(document)).toEqual({ seq: 1, texts: { text: "words" }, values: { title: "T", description: "d" } });
  });
});
