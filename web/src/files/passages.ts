// The drafts page below its list: passages in drafts, versions and chats that hold the words looked for.

import { Problem } from "../common/api.js";
import { byId } from "../common/dom.js";
import { foundRow, search } from "./found.js";

export class Passages {
  private readonly section = byId("passages");
  private readonly list = byId<HTMLUListElement>("passage-list");
  private readonly more = byId<HTMLButtonElement>("more-passages");
  private readonly problem = byId("passages-problem");
  private asking = new AbortController();
  private typed = "";
  private next: string | null = null;

  /** `changed` is called when there are other passages, or none any more. */
  constructor(private readonly changed: () => void) {
    this.more.addEventListener("click", () => void this.load(this.next));
  }

  get any(): boolean {
    return this.list.childElementCount > 0;
  }

  show(typed: string): void {
    this.typed = typed;
    this.next = null;
    this.more.hidden = true;
    if (typed === "") {
      this.asking.abort();
      this.section.hidden = true;
      this.list.replaceChildren();
      return;
    }
    void this.load(null);
  }

  private async load(cursor: string | null): Promise<void> {
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    try {
      const page = await search(this.typed, { cursor, signal });
      if (signal.aborted) return;
      const rows = page.items.map(foundRow);
      if (cursor) this.list.append(...rows);
      else this.list.replaceChildren(...rows);
      this.next = page.next;
      this.problem.hidden = true;
    } catch (error) {
      if (signal.aborted || !(error instanceof Problem)) return;
      this.list.replaceChildren();
      this.next = null;
      this.problem.textContent = `Texts, versions and chats could not be searched: ${error.message}`;
      this.problem.hidden = false;
    }
    this.more.hidden = this.next === null;
    this.section.hidden = !this.any && this.problem.hidden;
    this.changed();
  }
}
