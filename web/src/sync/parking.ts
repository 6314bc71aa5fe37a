// Words the server would never take: put aside where the person finds them, so that they block nothing.

import type { DeviceStore } from "./device_store.js";
import { confirmedText, fieldsOf, insertedText, opsOf, screenText, screenValues, textFields, type Pending, type Replica } from "./replica.js";
import type { ParkedWords } from "./status.js";

/** Fields that say where a person is in a form: nothing anybody wrote. */
const PLACES: ReadonlySet<string> = new Set(["current_step"]);

export class Parking {
  private words: ParkedWords[] = [];

  constructor(private readonly draftId: string, private readonly store: DeviceStore | null) {}

  get count(): number {
    return this.words.length;
  }

  /** `replica` holds the texts as the person saw them; `based`: what it confirms is in the server's log, and `pending`
   *  stands on it. Null when nothing of it was written by anybody. */
  async add(id: string, reason: string, pending: Pending, replica: Replica, at: number, based = true): Promise<ParkedWords | null> {
    const written = { changes: pending.changes, values: Object.fromEntries(Object.entries(pending.values).filter(([field]) => !PLACES.has(field))) };
    const fields = fieldsOf(written);
    if (fields.length === 0) return null;
    const text = textFields(replica).filter((field) => field === "text" || fields.includes(field)).map((field) => screenText(replica, field).toString()).join("\n\n");
    const words = { id, draftId: this.draftId, reason, inserted: insertedText(written), text, fields, changes: changesOf(written, replica), base: based ? { seq: replica.seq, ops: opsOf(written) } : null, at };
    this.words.push(words);
    // Without storage they live as long as the page, which tells so.
    await this.store?.park(words).catch(() => undefined);
    return words;
  }

  /** `written`: resolves when the device holds whatever became of them. */
  async remove(id: string, written: Promise<void>): Promise<void> {
    this.words = this.words.filter((words) => words.id !== id);
    await written;
    await this.store?.unpark(id).catch(() => undefined);
  }
}

function changesOf(written: Pending, replica: Replica): NonNullable<ParkedWords["changes"]> {
  const texts = Object.keys(written.changes).map((field) => [field, { before: confirmedText(replica, field).toString(), after: screenText(replica, field).toString() }]);
  const shown = screenValues(replica);
  const values = Object.keys(written.values).map((field) => [field, { before: replica.values[field] ?? null, after: shown[field] ?? null }]);
  return Object.fromEntries([...texts, ...values]) as NonNullable<ParkedWords["changes"]>;
}
