// Words of a draft that the server would not take, on a page that has the draft open: offered to be written back, in a
// notice and behind the save pill, and forgotten on the device once the server has them.

import { h } from "../common/dom.js";
import { toast } from "../common/toast.js";
import { hasPlace } from "../sync/put_back.js";
import type { Session } from "../sync/session.js";
import type { ParkedWords } from "../sync/status.js";
import type { SavePill } from "./save_pill.js";

/** In the address of a draft that is put back: what was put aside is to be written in. */
const WRITE_BACK = "#write-again";

export interface PutAsideLinks {
  pill: SavePill;
  session(): Session;
  isProse(field: string): boolean;
  /** What people call the draft. */
  what: string;
  /** There is more or less of it than before. */
  changed?(): void;
}

export class PutAside {
  private words: ParkedWords[] = [];
  private notice: HTMLElement | null = null;

  constructor(private readonly links: PutAsideLinks) {}

  /** How many changes can be written back. */
  get count(): number {
    return this.words.filter(hasPlace).length;
  }

  add(words: ParkedWords): void {
    this.words.push(words);
    this.links.pill.addParked(words);
    this.links.changed?.();
  }

  /** The person has dealt with them, or the server has them. */
  letGo(words: ParkedWords): void {
    this.words = this.words.filter((other) => other !== words);
    void this.links.session().letGo(words);
    if (this.count === 0) this.notice?.remove();
    this.links.changed?.();
  }

  /** Null once the server has them; else why not. */
  async writeBack(...several: ParkedWords[]): Promise<string | null> {
    for (const words of several) {
      const why = await this.links.session().putBack(words, this.links.isProse);
      if (why !== null) return why;
      this.links.pill.removeParked(words);
    }
    if (several.length > 0) toast(`What you wrote is in the ${this.links.what} again.`);
    return null;
  }

  /** Everything, in the order in which it was written. */
  private writeAllBack(): Promise<string | null> {
    return this.writeBack(...this.words.filter(hasPlace).sort((a, b) => a.at - b.at));
  }

  /** What an earlier page put aside is offered above the draft, or written in where the person has asked for it already. */
  async offer(place: HTMLElement, asked = false): Promise<void> {
    if (this.count === 0) return;
    const why = asked ? await this.writeAllBack() : null;
    if (asked && why === null) return;
    const text = h("span", { class: "grow" }, why ?? `Words of yours could not be saved in this ${this.links.what} and are kept on this device.`);
    const button = h("button", { type: "button", class: "button small" }, "Write them in again");
    button.onclick = async () => {
      button.disabled = true;
      const problem = await this.writeAllBack();
      button.disabled = false;
      if (problem !== null) text.textContent = problem;
    };
    this.notice = h("div", { class: "notice", role: "status" }, text, h("div", { class: "acts" }, button));
    place.append(this.notice);
  }
}

/** Takes a draft out of the trash and opens it anew; `writing`: then what was put aside is written in. */
export async function putBackAndReload(recover: () => Promise<unknown>, writing: boolean): Promise<void> {
  const address = location.pathname + location.search;
  // Before the draft is open again, since that alone may load the page anew.
  if (writing) history.replaceState(null, "", address + WRITE_BACK);
  try {
    await recover();
  } catch (error) {
    if (writing) history.replaceState(null, "", address);
    throw error;
  }
  location.reload();
}

/** Whether this page was opened to write in what was put aside; asked once. */
export function askedToWriteBack(): boolean {
  if (location.hash !== WRITE_BACK) return false;
  history.replaceState(null, "", location.pathname + location.search);
  return true;
}
