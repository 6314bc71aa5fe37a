// The page in its browser: network gone and back, hidden and shown, left and returned to.

import { isMod } from "../common/dom.js";
import type { LiveHints } from "../sync/live.js";
import type { Session } from "../sync/session.js";

const BACK_PATIENCE = 500;

export function followPage(session: Session, live: LiveHints, back: () => void): void {
  window.addEventListener("online", () => {
    session.wake();
    live.retry();
    back();
  });
  window.addEventListener("offline", () => session.lost());
  window.addEventListener("pagehide", () => session.leave());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") session.leave();
    else session.wake();
  });
  window.addEventListener("blur", () => session.flush());
  window.addEventListener("beforeunload", (event) => {
    const { synced, stored } = session.status();
    if (!synced && !stored) event.preventDefault();
  });
  if (!navigator.onLine) session.lost();
  document.querySelector(".editor-bar a[href='/']")?.addEventListener("click", (event) => goBack(event as MouseEvent, session));
}

/** Going back waits a moment for the last words, so that the list shows them. They are safe on the device anyway. */
function goBack(event: MouseEvent, session: Session): void {
  if (session.synced || isMod(event) || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  const patience = new Promise((resolve) => setTimeout(resolve, BACK_PATIENCE));
  void Promise.race([session.settled().catch(() => undefined), patience]).then(() => location.assign("/"));
}
