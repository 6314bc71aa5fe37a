// The offline shell: pages from the network while there is one, else as they were last seen; built files from the
// cache, since their names change with their content. The API is never cached.

interface ShellEvent extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
  /** Not in every browser yet. */
  addRoutes?(rules: { condition: { urlPattern: { pathname: string } }; source: "network" }[]): Promise<void>;
}
interface Shell extends EventTarget {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  readonly location: Location;
}

const shell = self as unknown as Shell;
const PAGES = "draftloom-pages-1";
const FILES = "draftloom-files-1";
const MOST_FILES = 80;
const NOT_KEPT = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Offline · Draftloom</title><h1>You are offline</h1><p>This page has not been opened on this device before, so it is not kept here.</p><p><a href="/">All drafts</a></p>`;

shell.addEventListener("install", (raw) => {
  const event = raw as ShellEvent;
  // The farewell request of a dying page is lost when it has to pass through here first: the API goes past the shell.
  const past = event.addRoutes?.([{ condition: { urlPattern: { pathname: "/api/*" } }, source: "network" }]);
  event.waitUntil(Promise.allSettled([past, shell.skipWaiting()]));
});
shell.addEventListener("activate", (event) => (event as ShellEvent).waitUntil(shell.clients.claim()));

shell.addEventListener("fetch", (raw) => {
  const event = raw as ShellEvent;
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== shell.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate" && (url.pathname === "/" || /^\/(drafts|goals)(\/|$)/.test(url.pathname))) event.respondWith(page(request));
});

async function file(request: Request): Promise<Response> {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request);
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) {
    await cache.put(request, fresh.clone());
    const names = await cache.keys();
    await Promise.all(names.slice(0, Math.max(0, names.length - MOST_FILES)).map((name) => cache.delete(name)));
  }
  return fresh;
}

async function page(request: Request): Promise<Response> {
  const cache = await caches.open(PAGES);
  try {
    const fresh = await fetch(request);
    if (fresh.ok && !fresh.redirected && fresh.type === "basic") await cache.put(request.url, fresh.clone());
    if (fresh.status < 502 || fresh.status > 504) return fresh;
    return (await cache.match(request.url)) ?? fresh;
  } catch (error) {
    const kept = await cache.match(request.url);
    if (kept) return kept;
    if (!(error instanceof TypeError)) throw error;
    return new Response(NOT_KEPT, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
  }
}
