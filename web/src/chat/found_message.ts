// A message that a search led to: brought into view and marked until something else is looked at; the way back from it.

import { toast } from "../common/toast.js";

const MARKED = "found";
/** Milliseconds for which the way back is offered. */
const OFFERED = 30_000;

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

/** One message after the other is brought into view; one that is being brought already is not asked for twice. */
export class Searches {
  private last: { id: string; done: Promise<void> } | null = null;

  once(id: string, show: () => Promise<void>): Promise<void> {
    if (this.last?.id === id) return this.last.done;
    const before = this.last?.done.catch(() => undefined);
    const search = { id, done: Promise.resolve(before).then(show).finally(() => this.last === search && (this.last = null)) };
    this.last = search;
    return search.done;
  }
}

/** Showing a message can move where the next prompt goes, which nobody asked for: it is said, and can be taken back. */
export class WayBack {
  private close: () => void = () => undefined;

  offer(where: string, go: () => Promise<void>): void {
    this.close = toast(`Found ${where}. It is open now, so your next message goes on there.`, { label: "Go back", run: () => void go() }, OFFERED);
  }

  forget(): void {
    this.close();
  }
}
