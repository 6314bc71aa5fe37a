// Words the server would never take: put aside where the person finds them, so that they block nothing.

import type { DeviceStore } from "./device_store.js";
import { fieldsOf, insertedText, screenText, textFields, type Pending, type Replica } from "./replica.js";
import type { ParkedWords } from "./status.js";

export class Parking {
  private words: ParkedWords[] = [];

  constructor(private readonly draftId: string, private readonly store: DeviceStore | null) {}

  get count(): number {
    return this.words.length;
  }

  /** `replica` holds the texts as the person saw them. */
  async add(id: string, reason: string, pending: Pending, replica: Replica, at: number): Promise<ParkedWords> {
    const fields = fieldsOf(pending);
    const text = textFields(replica).filter((field) => field === "text" || fields.includes(field)).map((field) => screenText(replica, field).toString()).join("\n\n");
    const words = { id, draftId: this.draftId, reason, inserted: insertedText(pending), text, fields, at };
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
