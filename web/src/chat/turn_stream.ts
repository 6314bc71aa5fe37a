// Follows a running turn. The browser resumes a broken stream by itself with the last id it saw; the log is replayed
// from there, so nothing is missed and nothing comes twice.

import type { Operation, TurnVersion, Usage } from "./wire.js";

export interface TurnListener {
  started(attempt: number, provider: string, model: string): void;
  text(delta: string): void;
  thinking(): void;
  waiting(seconds: number, message: string): void;
  operation(operation: Operation): void;
  usage(usage: Usage & { cost_usd: string | null }): void;
  version(version: TurnVersion & { seq: number }): void;
  /** The turn is over, one way or another. */
  ended(): void;
  /** The stream broke; it is being resumed. */
  broken(): void;
}

const AGAIN = 3_000;

export function followTurn(id: string, listener: TurnListener): () => void {
  let source: EventSource;
  let seen = 0;
  let timer = 0;
  let over = false;

  function finish(): void {
    over = true;
    clearTimeout(timer);
    source.close();
  }

  const on = <T>(type: string, run: (data: T) => void): void => {
    source.addEventListener(type, (event) => {
      const { data, lastEventId } = event as MessageEvent<string>;
      const number = Number(lastEventId);
      if (over || (number > 0 && number <= seen)) return;
      if (number > 0) seen = number;
      run(JSON.parse(data || "{}") as T);
    });
  };

  function open(): void {
    source = new EventSource(`/api/turns/${id}/events`);
    on<{ attempt: number; provider: string; model: string }>("started", ({ attempt, provider, model }) => listener.started(attempt, provider, model));
    on<{ delta: string }>("text", ({ delta }) => listener.text(delta));
    on("reasoning", () => listener.thinking());
    on<{ seconds: number; message: string }>("waiting", ({ seconds, message }) => listener.waiting(seconds, message));
    on<Operation>("operation", (operation) => listener.operation(operation));
    on<Usage & { cost_usd: string | null }>("usage", (usage) => listener.usage(usage));
    on<TurnVersion & { seq: number }>("version", (version) => listener.version(version));
    for (const type of ["done", "stopped", "failed", "interrupted"]) {
      on(type, () => {
        finish();
        listener.ended();
      });
    }
    source.addEventListener("error", () => {
      if (over) return;
      listener.broken();
      // A refused stream (say, a proxy's 502) is closed for good by the browser: begin a new one.
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, AGAIN);
    });
  }

  open();
  return finish;
}
