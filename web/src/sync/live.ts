// Hears from the server that drafts moved. A hint carries no content; without a socket the page looks by itself.

import { usesBearer } from "../common/api.js";
import { backoff } from "./backoff.js";

const POLL = 15_000;

export interface LiveHints {
  /** The socket is open. */
  readonly connected: boolean;
  retry(): void;
  close(): void;
}

interface Listener {
  moved(draft: string, seq: number): void;
  /** Proposals or locks of a draft changed. */
  review(draft: string): void;
  /** Something was said about a draft. */
  comments?(draft: string): void;
  /** Something may have been missed: look again. */
  resync(): void;
}

export function liveHints(drafts: string[], listener: Listener): LiveHints {
  let socket: WebSocket | null = null;
  let failures = 0;
  let retry = 0;
  let closed = false;
  let connected = false;

  function connect(): void {
    // A frame on another site has no cookie for a socket: there the page looks by itself.
    if (closed || socket || usesBearer()) return;
    const address = new URL("/api/live", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      connected = true;
      const recovered = failures > 0;
      failures = 0;
      socket?.send(JSON.stringify({ subscribe: drafts }));
      if (recovered) listener.resync();
    });
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => hear(data));
    socket.addEventListener("close", () => {
      socket = null;
      connected = false;
      failures += 1;
      if (!closed) retry = window.setTimeout(connect, backoff(failures, Math.random));
    });
  }

  function hear(data: unknown): void {
    if (typeof data !== "string") return;
    const message = JSON.parse(data) as { draft?: string; seq?: number; resync?: boolean; review?: boolean; comments?: boolean };
    if (message.resync) listener.resync();
    else if (message.draft !== undefined && message.review) listener.review(message.draft);
    else if (message.draft !== undefined && message.comments) listener.comments?.(message.draft);
    else if (message.draft !== undefined && message.seq !== undefined) listener.moved(message.draft, message.seq);
  }

  const poll = window.setInterval(() => {
    if (!connected && document.visibilityState === "visible") listener.resync();
  }, POLL);
  connect();
  return {
    get connected() {
      return connected;
    },
    retry() {
      clearTimeout(retry);
      connect();
    },
    close() {
      closed = true;
      clearTimeout(retry);
      clearInterval(poll);
      socket?.close();
    },
  };
}
