// One open page's copy of a draft, as a pure value: what the server confirmed, the one command under way (flying),
// and what was changed since (buffer). No I/O, no clock, no DOM: `session.ts` moves it, tests play with it.
//
//   confirmed text --flying.changes--> … --buffer.changes--> the text on the screen
//
// A change of somebody else is put before ours: theirs.map(ours, true) for the screen, ours.map(theirs) for what we
// still have to send. The server does the same with before=false, so both ends arrive at the same text. Each text
// field goes its own way; value fields are set as a whole, and ours stays on the screen until it is confirmed.

import { ChangeSet, Text } from "@codemirror/state";
import { same } from "../common/same.js";
import { replacement, wholeCharacters } from "./codepoints.js";
import type { Command, DraftEvent, Op, Snapshot } from "./wire.js";

export type Changes = Readonly<Record<string, ChangeSet>>;
export type Values = Readonly<Record<string, unknown>>;

/** What was changed and is not confirmed. A field without an entry is untouched. */
export interface Pending {
  readonly changes: Changes;
  readonly values: Values;
}

export interface Flying extends Pending {
  readonly command: Command;
}

export interface Replica {
  readonly id: string;
  readonly nextN: number;
  readonly seq: number;
  readonly texts: Readonly<Record<string, Text>>;
  readonly values: Values;
  readonly flying: Flying | null;
  readonly buffer: Pending;
}

/** A new state, and what the screen must do to its texts to show it (null: nothing). */
export interface Step {
  readonly replica: Replica;
  readonly screen: Changes | null;
}

export class OutOfOrder extends Error {}

/** The event cannot be replayed (erased or unknown); the caller takes a snapshot instead. */
export class Unreadable extends Error {}

/** The event is not one of the log this page knows: the server was set back to an older state and went on from there. */
export class Misfit extends Unreadable {}

export const NOTHING: Pending = { changes: {}, values: {} };
const NONE: ReadonlySet<string> = new Set();

export const toText = (text: string): Text => Text.of(text.split("\n"));

export function openReplica(id: string, at: Snapshot): Replica {
  const texts = Object.fromEntries(Object.entries(at.texts).map(([field, text]) => [field, toText(text)]));
  return { id, nextN: 1, seq: at.seq, texts, values: at.values, flying: null, buffer: NOTHING };
}

export const isEmpty = (pending: Pending): boolean => Object.keys(pending.changes).length === 0 && Object.keys(pending.values).length === 0;
export const isSynced = (replica: Replica): boolean => replica.flying === null && isEmpty(replica.buffer);

/** The fields a change touches. */
export const fieldsOf = (pending: Pending): string[] => [...Object.keys(pending.changes), ...Object.keys(pending.values)];

/** A text the server confirmed; one nobody wrote in yet is empty. */
export const confirmedText = (replica: Replica, field = "text"): Text => replica.texts[field] ?? Text.empty;

function belowBuffer(replica: Replica, field: string): Text {
  const text = confirmedText(replica, field);
  return replica.flying?.changes[field]?.apply(text) ?? text;
}

/** The text on the screen. */
export function screenText(replica: Replica, field = "text"): Text {
  const base = belowBuffer(replica, field);
  return replica.buffer.changes[field]?.apply(base) ?? base;
}

/** The values on the screen. */
export const screenValues = ({ values, flying, buffer }: Replica): Values => ({ ...values, ...flying?.values, ...buffer.values });

export function screenTitle(replica: Replica): string {
  return String(screenValues(replica)["title"] ?? "");
}

/** Every text field there is, on the screen or confirmed. */
export const textFields = ({ texts, flying, buffer }: Replica): string[] => [...new Set([...Object.keys(texts), ...Object.keys(flying?.changes ?? {}), ...Object.keys(buffer.changes)])];

/** A range of the confirmed text as it lies on the screen. */
export function rangeOnScreen({ flying, buffer }: Replica, from: number, to: number, field = "text"): [number, number] {
  const over = [flying?.changes[field], buffer.changes[field]];
  const place = (position: number, side: -1 | 1): number => over.reduce((at, changes) => changes?.mapPos(at, side) ?? at, position);
  const start = place(from, 1);
  return [start, Math.max(start, place(to, -1))];
}

const without = (changes: Changes, field: string): Changes => Object.fromEntries(Object.entries(changes).filter(([name]) => name !== field));
const withChange = (changes: Changes, field: string, change: ChangeSet): Changes => (change.empty ? without(changes, field) : { ...changes, [field]: change });

/** `changes` is relative to the text on the screen; `before` is that text. */
export function typed(replica: Replica, changes: ChangeSet, before: Text, field = "text"): Replica {
  const { buffer } = replica;
  const whole = wholeCharacters(changes, before);
  const change = buffer.changes[field]?.compose(whole) ?? whole;
  return { ...replica, buffer: { ...buffer, changes: withChange(buffer.changes, field, change) } };
}

export function valued(replica: Replica, field: string, value: unknown): Replica {
  const { buffer } = replica;
  return { ...replica, buffer: { ...buffer, values: { ...buffer.values, [field]: value } } };
}

export const titled = (replica: Replica, title: string): Replica => valued(replica, "title", title);

const pick = <T>(record: Readonly<Record<string, T>>, wanted: (field: string) => boolean): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([field]) => wanted(field)));
const part = ({ changes, values }: Pending, wanted: (field: string) => boolean): Pending => ({ changes: pick(changes, wanted), values: pick(values, wanted) });

/** What was changed, as a command says it. */
export const opsOf = ({ changes, values }: Pending): Op[] => [
  ...Object.entries(changes).map(([field, change]) => ({ field, changes: change.toJSON() as unknown })),
  ...Object.entries(values).map(([field, value]) => ({ field, set: value })),
];

/** Numbers what was changed, except in the fields that are `held` back. From here on the command never changes. */
export function freeze(replica: Replica, held: ReadonlySet<string> = NONE): Replica {
  const going = part(replica.buffer, (field) => !held.has(field));
  if (replica.flying !== null || isEmpty(going)) return replica;
  const command: Command = { replica: replica.id, n: replica.nextN, base_seq: replica.seq, ops: opsOf(going) };
  return { ...replica, nextN: replica.nextN + 1, flying: { ...going, command }, buffer: part(replica.buffer, (field) => held.has(field)) };
}

/** What the event does to the confirmed fields, or null when it edits nothing. */
function effectOf(event: DraftEvent, lengthOf: (field: string) => number): Pending | null {
  if (event.payload === null) throw new Unreadable(`event ${event.seq} has no content`);
  const ops = event.payload["ops"];
  if (!Array.isArray(ops)) return null;
  const changes: Record<string, ChangeSet> = {};
  const values: Record<string, unknown> = {};
  for (const op of ops as Record<string, unknown>[]) {
    const field = String(op["field"]);
    if ("changes" in op) {
      const next = readChanges(op["changes"]);
      const known = changes[field];
      if (next.length !== (known?.newLength ?? lengthOf(field))) throw new Misfit(`event ${event.seq} does not fit the text`);
      changes[field] = known?.compose(next) ?? next;
    } else if ("set" in op) values[field] = op["set"];
  }
  return { changes, values };
}

function readChanges(json: unknown): ChangeSet {
  try {
    return ChangeSet.fromJSON(json);
  } catch (cause) {
    throw new Unreadable("not a change set", { cause });
  }
}

function isOwn(replica: Replica, event: DraftEvent): boolean {
  const command = replica.flying?.command;
  return command !== undefined && event.replica === command.replica && event.n === command.n;
}

/** Takes the next event of the log in. */
export function applyEvent(replica: Replica, event: DraftEvent): Step {
  if (event.seq !== replica.seq + 1) throw new OutOfOrder(`event ${event.seq} after ${replica.seq}`);
  const effect = effectOf(event, (field) => confirmedText(replica, field).length);
  const advanced = { ...replica, seq: event.seq };
  if (effect === null) return { replica: advanced, screen: null };
  return isOwn(replica, event) ? confirm(advanced, effect) : rebase(advanced, effect);
}

/** Takes many events of others in at once: joined pair by pair and put under what is unsent in one go, since a day's
 *  worth of both, one by one, took seconds. Where this places an insertion otherwise than the server does, the
 *  server's answer to our command corrects it, as it does any difference. */
export function applyForeign(replica: Replica, events: readonly DraftEvent[]): Step {
  const changes: Record<string, ChangeSet[]> = {};
  const lengthOf = (field: string): number => changes[field]?.at(-1)?.newLength ?? confirmedText(replica, field).length;
  let values: Values = {};
  let { seq } = replica;
  for (const event of events) {
    if (event.seq !== seq + 1) throw new OutOfOrder(`event ${event.seq} after ${seq}`);
    seq = event.seq;
    const effect = effectOf(event, lengthOf);
    if (effect === null) continue;
    for (const [field, change] of Object.entries(effect.changes)) (changes[field] ??= []).push(change);
    values = { ...values, ...effect.values };
  }
  const whole = Object.fromEntries(Object.entries(changes).map(([field, several]) => [field, composed(several)]));
  return rebase({ ...replica, seq }, { changes: whole, values });
}

/** One change set with the effect of all, in order. */
function composed(changes: readonly ChangeSet[]): ChangeSet {
  if (changes.length === 1) return changes[0] as ChangeSet;
  const middle = changes.length >> 1;
  return composed(changes.slice(0, middle)).compose(composed(changes.slice(middle)));
}

/** How many events from `from` on come from others, in unbroken order and from one sort of author. */
export function foreignRun(replica: Replica, events: readonly DraftEvent[], from: number): number {
  const kind = events[from]?.actor?.kind;
  let run = 0;
  for (let event = events[from]; event?.seq === replica.seq + run + 1; event = events[from + run]) {
    if (isOwn(replica, event) || event.payload === null || event.actor?.kind !== kind) break;
    run += 1;
  }
  return run;
}

/** The confirmed fields after `effect`. */
function confirmed(replica: Replica, { changes, values }: Pending): Pick<Replica, "texts" | "values"> {
  const texts = Object.fromEntries(Object.entries(changes).map(([field, change]) => [field, change.apply(confirmedText(replica, field))]));
  return { texts: { ...replica.texts, ...texts }, values: { ...replica.values, ...values } };
}

function confirm(replica: Replica, effect: Pending): Step {
  const flying = replica.flying as Flying;
  const after = { ...replica, ...confirmed(replica, effect), flying: null };
  const repairs: Record<string, ChangeSet> = {};
  for (const field of new Set([...Object.keys(flying.changes), ...Object.keys(effect.changes)])) {
    const expected = belowBuffer(replica, field);
    const now = confirmedText(after, field);
    // The server committed something else than we mapped: show what it committed.
    if (!expected.eq(now)) repairs[field] = ChangeSet.of(replacement(expected.toString(), now.toString()), expected.length);
  }
  return correct(after, repairs);
}

const shown = (screen: Changes): Changes | null => {
  const visible = Object.fromEntries(Object.entries(screen).filter(([, change]) => !change.empty));
  return Object.keys(visible).length > 0 ? visible : null;
};

/** `repairs` lead from the texts below the buffer to the confirmed ones. */
function correct(replica: Replica, repairs: Changes): Step {
  const screen: Record<string, ChangeSet> = {};
  let { changes } = replica.buffer;
  for (const [field, repair] of Object.entries(repairs)) {
    const buffered = changes[field];
    screen[field] = buffered ? repair.map(buffered, true) : repair;
    if (buffered) changes = withChange(changes, field, buffered.map(repair));
  }
  return { replica: { ...replica, buffer: { ...replica.buffer, changes } }, screen: shown(screen) };
}

function rebase(replica: Replica, effect: Pending): Step {
  const screen: Record<string, ChangeSet> = {};
  let { flying } = replica;
  let { changes } = replica.buffer;
  for (const [field, theirs] of Object.entries(effect.changes)) {
    const ours = flying?.changes[field];
    const overFlying = ours ? theirs.map(ours, true) : theirs;
    const buffered = changes[field];
    screen[field] = buffered ? overFlying.map(buffered, true) : overFlying;
    if (flying && ours) flying = { ...flying, changes: { ...flying.changes, [field]: ours.map(theirs) } };
    if (buffered) changes = withChange(changes, field, buffered.map(overFlying));
  }
  return { replica: { ...replica, ...confirmed(replica, effect), flying, buffer: { ...replica.buffer, changes } }, screen: shown(screen) };
}

/** Jumps to a later state of the draft when its events cannot be replayed one by one. */
export function jump(replica: Replica, to: Snapshot): Step {
  if (to.seq < replica.seq) throw new OutOfOrder(`snapshot ${to.seq} behind ${replica.seq}`);
  return settle(replica, to);
}

/** Takes the server's state as the truth even when it is behind (a database restored from a backup). */
export function settle(replica: Replica, to: Snapshot): Step {
  const changes: Record<string, ChangeSet> = {};
  for (const field of new Set([...Object.keys(replica.texts), ...Object.keys(to.texts)])) {
    const text = confirmedText(replica, field);
    changes[field] = ChangeSet.of(replacement(text.toString(), to.texts[field] ?? ""), text.length);
  }
  return rebase({ ...replica, seq: to.seq, values: to.values }, { changes, values: {} });
}

/** The server was set back behind what it had confirmed: the same screen on what the server has now, under a name it
 *  has never seen; everything the server lacks is to be sent again. */
export function resent(replica: Replica, to: Snapshot, id: string): Replica {
  return { ...openReplica(id, to), buffer: difference(to, replica) };
}

/** What would make the screen of `replica` of the server's state `from`. */
export function difference(from: Snapshot, replica: Replica): Pending {
  const changes: Record<string, ChangeSet> = {};
  for (const field of new Set([...textFields(replica), ...Object.keys(from.texts)])) {
    const [there, here] = [from.texts[field] ?? "", screenText(replica, field).toString()];
    if (there !== here) changes[field] = ChangeSet.of(replacement(there, here), there.length);
  }
  const values = pick(screenValues(replica), (field) => !same(from.values[field], screenValues(replica)[field]));
  return { changes, values };
}

/** The flying command turned out to be part of the confirmed text already (we had jumped over it). */
export const alreadyIn = (replica: Replica): Step => confirm(replica, NOTHING);

/** The number of the flying command is free again if it was ours to give. */
const numberBack = ({ flying, id, nextN }: Replica): number => (flying?.command.replica === id ? flying.command.n : nextN);

/** Two changes one after the other. */
export function joined(first: Pending, then: Pending): Pending {
  let { changes } = then;
  for (const [field, change] of Object.entries(first.changes)) {
    const next = then.changes[field];
    changes = withChange(changes, field, next ? change.compose(next) : change);
  }
  return { changes, values: { ...first.values, ...then.values } };
}

/** The server refused the command for good and never recorded it: back to the buffer, its number free again. */
export function thaw(replica: Replica): Replica {
  const { flying, buffer } = replica;
  return flying === null ? replica : { ...replica, nextN: numberBack(replica), flying: null, buffer: joined(flying, buffer) };
}

/** The server lost our earlier commands: go on under a name it has never seen. */
export function renamed(replica: Replica, id: string): Replica {
  return { ...thaw(replica), id, nextN: 1 };
}

/** Takes the refused command out of the fields, keeping everything changed after it. */
export function withdraw(replica: Replica): Step {
  const { flying } = replica;
  if (flying === null) return { replica, screen: null };
  const inverted = Object.fromEntries(Object.entries(flying.changes).map(([field, change]) => [field, change.invert(confirmedText(replica, field))]));
  return correct({ ...replica, nextN: numberBack(replica), flying: null }, inverted);
}

/** What the changes would have added, piece by piece: for people who want their words back. */
export function insertedText({ changes, values }: Pending): string {
  const pieces: string[] = [];
  for (const change of Object.values(changes)) {
    change.iterChanges((_fromA, _toA, _fromB, _toB, inserted) => {
      if (inserted.length > 0) pieces.push(inserted.toString());
    });
  }
  for (const value of Object.values(values)) if (value !== null && value !== "") pieces.push(typeof value === "string" ? value : JSON.stringify(value));
  return pieces.join("\n");
}

/** A page that died left `left` behind. Its unsent words become the first command of this page, under the dead
 *  page's name and number: if its last request did arrive, the server recognises it. */
export function adopt(id: string, left: Replica): Replica {
  return { ...freeze(left), id, nextN: 1 };
}
