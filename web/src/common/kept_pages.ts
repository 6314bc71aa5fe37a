// Pages that are kept on the device, to be opened without a network.

export const KEPT_PAGES = "draftloom-pages-1";

/** Keeps a page as it is now, where it is kept at all: what it says has just changed. */
export async function keepPage(path: string): Promise<void> {
  if (!("caches" in window)) return;
  // Without a network, or without room, it stays as it was.
  await caches.open(KEPT_PAGES).then((pages) => pages.add(path)).catch(() => undefined);
}
