// One file on its way to the server, in parts: goes on where it stopped, by itself while that makes sense.

import { Problem } from "../common/api.js";
import { backoff } from "../sync/backoff.js";
import type { Attached, UploadState } from "./wire.js";

export type Progress = "waiting" | "sending" | "stopped" | "arrived" | "refused" | "cancelled";

/** How bytes and words reach the server; a test brings its own. */
export interface Carrier {
  begin(name: string, size: number): Promise<UploadState>;
  state(id: string): Promise<UploadState>;
  /** Sends a part and tells how far it is meanwhile. */
  put(id: string, offset: number, part: Blob, sent: (bytes: number) => void, signal: AbortSignal): Promise<UploadState>;
  finish(id: string): Promise<Attached>;
  cancel(id: string): Promise<void>;
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const TRIES = 4;
/** Errors that do not go away by trying again. */
const final = (problem: Problem): boolean => problem.status !== 0 && problem.status < 500 && problem.status !== 429 && problem.code !== "offset_mismatch";

export class Upload {
  progress: Progress = "waiting";
  sent = 0;
  /** Why it stopped or was refused. */
  reason = "";
  attached: Attached | null = null;
  private id: string | null;
  private running: AbortController | null = null;

  constructor(
    readonly file: File,
    private readonly carrier: Carrier,
    private readonly changed: (upload: Upload) => void,
    /** An upload of the same file that was left in the middle. */
    known: string | null = null,
  ) {
    this.id = known;
  }

  get uploadId(): string | null {
    return this.id;
  }
  get share(): number {
    return this.file.size === 0 ? 1 : Math.min(1, this.sent / this.file.size);
  }
  get over(): boolean {
    return this.progress === "arrived" || this.progress === "refused" || this.progress === "cancelled";
  }

  /** Sends what is missing. Ends as arrived, refused, cancelled, or stopped, after which it can be started again. */
  async run(): Promise<void> {
    if (this.over || this.progress === "sending") return;
    const running = new AbortController();
    this.running = running;
    this.set("sending");
    for (let failures = 0; ; ) {
      const before = this.sent;
      try {
        this.attached = await this.rest(running.signal);
        return this.set("arrived");
      } catch (error) {
        if (running.signal.aborted) return;
        if (!(error instanceof Problem)) throw error;
        if (error.status === 404 && this.id !== null) this.id = null; // Given up by the server: from the beginning.
        else if (final(error)) return this.set("refused", error.message);
        failures = this.sent > before ? 1 : failures + 1;
        if (failures >= TRIES) return this.set("stopped", error.status === 0 ? "The connection was lost." : error.message);
        await this.carrier.pause(backoff(failures, Math.random), running.signal);
        if (running.signal.aborted) return;
      }
    }
  }

  private async rest(signal: AbortSignal): Promise<Attached> {
    let state = this.id === null ? await this.carrier.begin(this.file.name, this.file.size) : await this.carrier.state(this.id);
    this.id = state.id;
    while (state.offset < state.size) {
      signal.throwIfAborted();
      const { offset } = state;
      this.tell(offset);
      const part = this.file.slice(offset, offset + state.part_bytes);
      state = await this.carrier.put(state.id, offset, part, (sent) => this.tell(offset + sent), signal);
    }
    this.tell(state.size);
    signal.throwIfAborted();
    return this.carrier.finish(state.id);
  }

  async cancel(): Promise<void> {
    this.running?.abort();
    const { id } = this;
    this.set("cancelled");
    if (id !== null) await this.carrier.cancel(id);
  }

  /** Refused before it was begun. */
  refuse(reason: string): void {
    this.set("refused", reason);
  }

  private tell(sent: number): void {
    this.sent = sent;
    this.changed(this);
  }

  private set(progress: Progress, reason = ""): void {
    this.progress = progress;
    this.reason = reason;
    this.changed(this);
  }
}
