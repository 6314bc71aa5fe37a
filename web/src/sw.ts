// The offline shell: pages from the network while there is one, else as they were last seen, a draft not seen here yet in
// an empty editor; built files from the cache, since their names change with their content. The API is never cached.

/** The files of this build, put in by it. */
declare const SHELL_FILES: string[];

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
const EDITOR = "/offline/editor";
const REPORT = /^\/report\/(bug|feature)$/;
const MOST_FILES = 240;
const NOT_KEPT = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Offline · Draftloom</title><h1>You are offline</h1><p>This page has not been opened on this device before, so it is not kept here.</p><p><a href="/">All drafts</a></p>`;

shell.addEventListener("install", (raw) => {
  const event = raw as ShellEvent;
  // The farewell request of a dying page is lost when it has to pass through here first: the API goes past the shell.
  const past = event.addRoutes?.([{ condition: { urlPattern: { pathname: "/api/*" } }, source: "network" }]);
  event.waitUntil(Promise.allSettled([past, keepFiles().then(() => shell.skipWaiting())]));
});

/** Files of earlier builds stay: pages kept from then need them, perhaps with words on them that are not sent yet. */
async function keepFiles(): Promise<void> {
  const cache = await caches.open(FILES);
  const kept = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
  const missing = SHELL_FILES.map((path) => `/static/${path}`).filter((path) => !kept.has(path));
  await Promise.allSettled(missing.map((path) => cache.add(path)));
}

shell.addEventListener("activate", (event) => (event as ShellEvent).waitUntil(shell.clients.claim()));

shell.addEventListener("fetch", (raw) => {
  const event = raw as ShellEvent;
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== shell.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate" && (url.pathname === "/" || REPORT.test(url.pathname) || /^\/(drafts|forms|goals)(\/|$)/.test(url.pathname))) event.respondWith(page(request));
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
    return (await keptPage(cache, request.url)) ?? fresh;
  } catch (error) {
    const kept = await keptPage(cache, request.url);
    if (kept) return kept;
    if (!(error instanceof TypeError)) throw error;
    return new Response(NOT_KEPT, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
  }
}

/** The list and the pages of new reports as they were last seen, whatever is asked of them; a draft's own page, or the
 *  empty editor that finds the draft on the device; a form at whichever of its steps it was opened, since all are in one page, or that form without a draft. */
async function keptPage(cache: Cache, address: string): Promise<Response | undefined> {
  const { pathname } = new URL(address);
  const same = await cache.match(address, { ignoreSearch: pathname === "/" || REPORT.test(pathname) });
  if (same) return same;
  if (/^\/drafts\/[\w-]+$/.test(pathname)) return cache.match(EDITOR);
  const form = /^(.*\/forms\/[^/]+\/[^/]+\/)[^/]+$/.exec(address)?.[1];
  const other = form === undefined ? undefined : (await cache.keys()).findLast(({ url }) => url.startsWith(form));
  if (other) return cache.match(other);
  const name = /^\/forms\/([^/]+)\/[\w-]+(\/[^/]+)?$/.exec(pathname)?.[1];
  return name === undefined ? undefined : cache.match(`/offline/forms/${name}`);
}
