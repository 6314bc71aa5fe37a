import { describe, expect, it, vi } from "vitest";

// What an upload is made of comes without a browser; what it tells problems with asks for one.
vi.hoisted(() => vi.stubGlobal("navigator", { userAgent: "" }));

import { Problem } from "../src/common/api.js";
import { Upload, type Carrier } from "../src/attachments/upload.js";
import { bytes, type Attached, type UploadState } from "../src/attachments/wire.js";

const unreachable = (): Problem => new Problem(0, "unreachable", "The server cannot be reached.");

/** A server that keeps parts of ten bytes, and fails when told to. */
class Server implements Carrier {
  kept = "";
  begun = 0;
  cancelled = false;
  failures: (Problem | "half")[] = [];
  pauses: number[] = [];
  constructor(private readonly size: number) {}

  private told(): UploadState {
    return { id: "u1", offset: this.kept.length, size: this.size, part_bytes: 10 };
  }
  begin(): Promise<UploadState> {
    this.begun += 1;
    return Promise.resolve(this.told());
  }
  state(): Promise<UploadState> {
    return Promise.resolve(this.told());
  }
  async put(_id: string, offset: number, part: Blob, sent: (bytes: number) => void): Promise<UploadState> {
    expect(offset).toBe(this.kept.length);
    const failure = this.failures.shift();
    const words = await part.text();
    if (failure === "half") {
      this.kept += words.slice(0, 5);
      throw unreachable();
    }
    if (failure) throw failure;
    sent(words.length);
    this.kept += words;
    return this.told();
  }
  finish(): Promise<Attached> {
    return Promise.resolve({ id: "u1", name: "a.txt", size: this.size, mime_type: "text/plain", state: "pending", reason: null, width: null, height: null });
  }
  cancel(): Promise<void> {
    this.cancelled = true;
    return Promise.resolve();
  }
  pause(milliseconds: number): Promise<void> {
    this.pauses.push(milliseconds);
    return Promise.resolve();
  }
}

const words = "abcdefghijklmnopqrstuvwxy";
const file = (): File => new File([words], "a.txt");

describe("an upload", () => {
  it("sends all parts in order and tells how far it is", async () => {
    const server = new Server(25);
    const told: number[] = [];
    const upload = new Upload(file(), server, ({ share }) => told.push(share));
    await upload.run();
    expect(server.kept).toBe(words);
    expect([upload.progress, upload.attached?.id]).toEqual(["arrived", "u1"]);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(1);
  });

  it("goes on by itself with what the server has", async () => {
    const server = new Server(25);
    server.failures = ["half", unreachable()];
    const upload = new Upload(file(), server, () => undefined);
    await upload.run();
    expect(server.kept).toBe(words);
    expect([upload.progress, server.begun, server.pauses.length]).toEqual(["arrived", 1, 2]);
  });

  it("stops after several failures, and can be started again where it was", async () => {
    const server = new Server(25);
    server.failures = ["half", unreachable(), unreachable(), unreachable(), unreachable()];
    const upload = new Upload(file(), server, () => undefined);
    await upload.run();
    expect([upload.progress, upload.reason]).toEqual(["stopped", "The connection was lost."]);
    server.failures = [];
    await upload.run();
    expect([upload.progress, server.kept, server.begun]).toEqual(["arrived", words, 1]);
  });

  it("does not try again what is refused", async () => {
    const server = new Server(25);
    server.failures = [new Problem(422, "wrong_extension", "Not what the name says.")];
    const upload = new Upload(file(), server, () => undefined);
    await upload.run();
    expect([upload.progress, upload.reason, server.pauses.length]).toEqual(["refused", "Not what the name says.", 0]);
  });

  it("begins anew when the server has given it up", async () => {
    const server = new Server(25);
    server.failures = [new Problem(404, "not_found", "There is nothing here.")];
    const upload = new Upload(file(), server, () => undefined, "old");
    await upload.run();
    expect([upload.progress, server.begun]).toEqual(["arrived", 1]);
  });

  it("is over once it is cancelled", async () => {
    const server = new Server(25);
    const upload = new Upload(file(), server, () => undefined, "u1");
    const running = upload.run();
    await upload.cancel();
    await running;
    expect([upload.progress, server.cancelled]).toEqual(["cancelled", true]);
    await upload.run();
    expect(upload.progress).toBe("cancelled");
  });
});

describe("sizes", () => {
  it("are read easily", () => {
    expect([0, 999, 1_000, 1_234, 9_960, 123_456, 999_600, 26_214_400, 5e9, 2e12].map(bytes)).toEqual(["0 B", "999 B", "1 kB", "1.2 kB", "10 kB", "123 kB", "1 MB", "26 MB", "5 GB", "2.0 TB"]);
  });
});
