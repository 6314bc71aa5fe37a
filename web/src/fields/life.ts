// Network gone and back, page hidden and shown, left and returned to: for as long as `signal` lasts.

import type { LiveHints } from "../sync/live.js";
import type { Session } from "../sync/session.js";

export function followLife(session: Session, live: LiveHints, signal: AbortSignal): void {
  window.addEventListener("online", () => {
    session.wake();
    live.retry();
  }, { signal });
  window.addEventListener("offline", () => session.lost(), { signal });
  window.addEventListener("pagehide", () => session.leave(), { signal });
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? session.leave() : session.wake()), { signal });
  window.addEventListener("blur", () => session.flush(), { signal });
  window.addEventListener("beforeunload", (event) => {
    const { synced, stored } = session.status();
    if (!synced && !stored) event.preventDefault();
  }, { signal });
  if (!navigator.onLine) session.lost();
}
