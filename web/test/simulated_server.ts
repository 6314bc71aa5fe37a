// A draft server in memory, by the rules the page relies on: one order, exactly-once by (replica, n), text mapped
// over what came since with before=false.

import { ChangeSet, Text } from "@codemirror/state";
import type { Answer, Command, DraftEvent, Snapshot } from "../src/sync/wire.js";

export class SimulatedServer {
  readonly texts: Record<string, Text>;
  readonly values: Record<string, unknown> = { title: "" };
  readonly events: DraftEvent[] = [];
  private readonly seen = new Map<string, { digest: string; answer: Answer }>();
  private readonly counts = new Map<string, number>();
  refuse: ((command: Command) => Answer | null) | null = null;

  constructor(text = "", more: Record<string, string> = {}) {
    this.texts = Object.fromEntries(Object.entries({ text, ...more }).map(([field, content]) => [field, Text.of(content.split("\n"))]));
  }

  get text(): Text {
    return this.textOf("text");
  }

  get title(): string {
    return String(this.values["title"]);
  }

  textOf(field: string): Text {
    return this.texts[field] ?? Text.empty;
  }

  get head(): number {
    return this.events.length;
  }

  snapshot(): Snapshot {
    return { seq: this.head, texts: Object.fromEntries(Object.entries(this.texts).map(([field, text]) => [field, text.toString()])), values: { ...this.values } };
  }

  after(seq: number, limit = 7): { items: DraftEvent[]; head: number } {
    return { items: this.events.slice(seq, seq + limit), head: this.head };
  }

  command(command: Command): Answer {
    const refusal = this.refuse?.(command);
    if (refusal) return refusal;
    const name = `${command.replica}/${command.n}`;
    const digest = JSON.stringify(command);
    const before = this.seen.get(name);
    if (before) return before.digest === digest ? before.answer : refused(409, "replica_fork");
    if ((this.counts.get(command.replica) ?? 0) + 1 !== command.n) return refused(409, "replica_gap");
    if (command.base_seq > this.head) return refused(409, "unknown_seq");
    const ops: Record<string, unknown>[] = [];
    for (const op of command.ops) {
      if ("set" in op) {
        this.values[op.field] = op.set;
        ops.push({ field: op.field, set: op.set });
      } else {
        const changes = this.rebased(op.field, ChangeSet.fromJSON(op.changes), command.base_seq);
        this.texts[op.field] = changes.apply(this.textOf(op.field));
        ops.push({ field: op.field, changes: changes.toJSON() });
      }
    }
    const event = this.append(ops, command);
    const answer: Answer = { kind: "accepted", seq: event.seq, events: [event] };
    this.seen.set(name, { digest, answer });
    this.counts.set(command.replica, command.n);
    return answer;
  }

  /** An edit made on the server itself, as a model's or a restore. */
  edit(from: number, to: number, insert: string): void {
    const changes = ChangeSet.of({ from, to, insert }, this.text.length);
    this.texts["text"] = changes.apply(this.text);
    this.append([{ field: "text", changes: changes.toJSON() }], null);
  }

  /** Somebody's personal data was erased: the chain stays, the content is gone. */
  erase(seq: number): void {
    const event = this.events[seq - 1];
    if (event) event.payload = null;
  }

  private rebased(field: string, changes: ChangeSet, base: number): ChangeSet {
    for (const event of this.events.slice(base)) {
      for (const op of (event.payload?.["ops"] ?? []) as Record<string, unknown>[]) {
        if (op["field"] === field && "changes" in op) changes = changes.map(ChangeSet.fromJSON(op["changes"]));
      }
    }
    return changes;
  }

  private append(ops: Record<string, unknown>[], command: Command | null): DraftEvent {
    const event: DraftEvent = {
      seq: this.head + 1,
      type: "fields.edited",
      payload: { ops },
      actor: { kind: command ? "user" : "model", id: null },
      replica: command?.replica ?? null,
      n: command?.n ?? null,
    };
    this.events.push(JSON.parse(JSON.stringify(event)) as DraftEvent);
    return event;
  }
}

export function refused(status: number, code: string, field: string | null = null): Answer {
  return { kind: "refused", status, code, detail: code, retryAfter: null, field };
}
