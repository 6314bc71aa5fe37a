// Words the server would never take: put aside where the person finds them, so that they block nothing.

import type { ChangeSet } from "@codemirror/state";
import type { DeviceStore } from "./device_store.js";
import { insertedText } from "./replica.js";
import type { ParkedWords } from "./status.js";

export class Parking {
  private words: ParkedWords[] = [];

  constructor(private readonly draftId: string, private readonly store: DeviceStore | null) {}

  get count(): number {
    return this.words.length;
  }

  /** `text` is the whole text as the person saw it. */
  async add(id: string, reason: string, changes: ChangeSet, text: string, at: number): Promise<ParkedWords> {
    const words = { id, draftId: this.draftId, reason, inserted: insertedText(changes), text, at };
    this.words.push(words);
    // Without storage they live as long as the page, which tells so.
    await this.store?.park(words).catch(() => undefined);
    return words;
  }

  remove(id: string): void {
    this.words = this.words.filter((words) => words.id !== id);
    void this.store?.unpark(id).catch(() => undefined);
  }
}
