// A message that a search led to: brought into view and marked until something else is looked at.

const MARKED = "found";

/** Where an address with `#message=…` leads; null for every other. */
export function messageIn(hash: string): { id: string; chat: string | null } | null {
  const [, id, chat = null] = /^#message=([\w-]+)(?:&chat=([\w-]+))?$/.exec(hash) ?? [];
  return id === undefined ? null : { id, chat };
}

/** Shows the message in the list; false when it is not there. */
export function reveal(list: HTMLElement, id: string): boolean {
  const element = list.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
  if (!element) return false;
  for (const other of list.querySelectorAll(`.${MARKED}`)) other.classList.remove(MARKED);
  element.classList.add(MARKED);
  element.tabIndex = -1;
  element.scrollIntoView({ block: element.clientHeight > list.clientHeight ? "start" : "center" });
  element.focus({ preventScroll: true });
  element.addEventListener("blur", () => element.classList.remove(MARKED), { once: true });
  return true;
}
