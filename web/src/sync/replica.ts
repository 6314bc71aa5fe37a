// One open page's copy of a draft, as a pure value: what the server confirmed, the one command under way (flying),
// and what was typed since (buffer). No I/O, no clock, no DOM: `session.ts` moves it, tests play with it.
//
//   confirmed text --flying.changes--> … --buffer.changes--> the text on the screen
//
// A change of somebody else is put before ours: theirs.map(ours, true) for the screen, ours.map(theirs) for what we
// still have to send. The server does the same with before=false, so both ends arrive at the same text.

import { ChangeSet, Text } from "@codemirror/state";
import { replacement, wholeCharacters } from "./codepoints.js";
import type { Command, DraftEvent, Op, Snapshot } from "./wire.js";

export interface Pending {
  readonly changes: ChangeSet;
  readonly title?: string;
}

export interface Flying extends Pending {
  readonly command: Command;
}

export interface Replica {
  readonly id: string;
  readonly nextN: number;
  readonly seq: number;
  readonly text: Text;
  readonly title: string;
  readonly flying: Flying | null;
  readonly buffer: Pending;
}

/** A new state, and what the screen must do to show it (null: nothing). */
export interface Step {
  readonly replica: Replica;
  readonly screen: ChangeSet | null;
}

export class OutOfOrder extends Error {}

/** The event cannot be replayed (erased or unknown); the caller takes a snapshot instead. */
export class Unreadable extends Error {}

/** The event is not one of the log this page knows: the server was set back to an older state and went on from there. */
export class Misfit extends Unreadable {}

export const toText = (text: string): Text => Text.of(text.split("\n"));

export function openReplica(id: string, at: Snapshot): Replica {
  const text = toText(at.text);
  return {
    id,
    nextN: 1,
    seq: at.seq,
    text,
    title: at.title,
    flying: null,
    buffer: { changes: ChangeSet.empty(text.length) },
  };
}

const withTitle = (changes: ChangeSet, title: string | undefined): Pending => (title === undefined ? { changes } : { changes, title });

export const isEmpty = (pending: Pending): boolean => pending.changes.empty && pending.title === undefined;
export const isSynced = (replica: Replica): boolean => replica.flying === null && isEmpty(replica.buffer);

/** The text on the screen. */
export function screenText(replica: Replica): Text {
  const base = replica.flying ? replica.flying.changes.apply(replica.text) : replica.text;
  return replica.buffer.changes.apply(base);
}

export function screenTitle(replica: Replica): string {
  return replica.buffer.title ?? replica.flying?.title ?? replica.title;
}

/** A range of the confirmed text as it lies on the screen. */
export function rangeOnScreen({ flying, buffer }: Replica, from: number, to: number): [number, number] {
  const place = (position: number, side: -1 | 1): number => buffer.changes.mapPos(flying ? flying.changes.mapPos(position, side) : position, side);
  const start = place(from, 1);
  return [start, Math.max(start, place(to, -1))];
}

/** `changes` is relative to the text on the screen; `before` is that text. */
export function typed(replica: Replica, changes: ChangeSet, before: Text): Replica {
  const buffer = replica.buffer.changes.compose(wholeCharacters(changes, before));
  return { ...replica, buffer: withTitle(buffer, replica.buffer.title) };
}

export function titled(replica: Replica, title: string): Replica {
  return { ...replica, buffer: withTitle(replica.buffer.changes, title) };
}

/** Numbers what was typed. From here on the command never changes. */
export function freeze(replica: Replica): Replica {
  if (replica.flying !== null || isEmpty(replica.buffer)) return replica;
  return launch(replica, replica.id, replica.nextN);
}

function launch(replica: Replica, id: string, n: number): Replica {
  const { changes, title } = replica.buffer;
  const ops: Op[] = [];
  if (!changes.empty) ops.push({ field: "text", changes: changes.toJSON() });
  if (title !== undefined) ops.push({ field: "title", set: title });
  const command: Command = { replica: id, n, base_seq: replica.seq, ops };
  return {
    ...replica,
    nextN: id === replica.id ? n + 1 : replica.nextN,
    flying: { ...withTitle(changes, title), command },
    buffer: { changes: ChangeSet.empty(changes.newLength) },
  };
}

interface Effect {
  readonly changes: ChangeSet;
  readonly title: string | undefined;
}

/** What the event does to the confirmed fields, or null when it edits nothing. */
function effectOf(event: DraftEvent, length: number): Effect | null {
  if (event.payload === null) throw new Unreadable(`event ${event.seq} has no content`);
  const ops = event.payload["ops"];
  if (!Array.isArray(ops)) return null;
  let changes = ChangeSet.empty(length);
  let title: string | undefined;
  for (const op of ops as Record<string, unknown>[]) {
    if (op["field"] === "text" && "changes" in op) {
      const next = readChanges(op["changes"]);
      if (next.length !== changes.newLength) throw new Misfit(`event ${event.seq} does not fit the text`);
      changes = changes.compose(next);
    } else if (op["field"] === "title" && "set" in op) {
      title = String(op["set"] ?? "");
    }
  }
  return { changes, title };
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
  const effect = effectOf(event, replica.text.length);
  const advanced = { ...replica, seq: event.seq };
  if (effect === null) return { replica: advanced, screen: null };
  if (isOwn(replica, event)) return confirm(advanced, effect);
  return rebase(advanced, effect.changes, effect.title);
}

/** Takes many events of others in at once: joined pair by pair and put under what is unsent in one go, since a day's
 *  worth of both, one by one, took seconds. Where this places an insertion otherwise than the server does, the
 *  server's answer to our command corrects it, as it does any difference. */
export function applyForeign(replica: Replica, events: readonly DraftEvent[]): Step {
  const changes: ChangeSet[] = [];
  let [length, title, { seq }] = [replica.text.length, undefined as string | undefined, replica];
  for (const event of events) {
    if (event.seq !== seq + 1) throw new OutOfOrder(`event ${event.seq} after ${seq}`);
    seq = event.seq;
    const effect = effectOf(event, length);
    if (effect === null) continue;
    if (!effect.changes.empty) changes.push(effect.changes);
    length = effect.changes.newLength;
    title = effect.title ?? title;
  }
  return rebase({ ...replica, seq }, joined(changes) ?? ChangeSet.empty(length), title);
}

/** One change set with the effect of all, in order; null for none. */
function joined(changes: readonly ChangeSet[]): ChangeSet | null {
  if (changes.length < 2) return changes[0] ?? null;
  const middle = changes.length >> 1;
  const [first, then] = [joined(changes.slice(0, middle)), joined(changes.slice(middle))];
  return first && then ? first.compose(then) : (first ?? then);
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

function confirm(replica: Replica, effect: Effect): Step {
  const flying = replica.flying as Flying;
  const confirmed = {
    ...replica,
    text: effect.changes.apply(replica.text),
    title: effect.title ?? replica.title,
    flying: null,
  };
  const expected = flying.changes.apply(replica.text);
  if (expected.eq(confirmed.text)) return { replica: confirmed, screen: null };
  // The server committed something else than we mapped: show what it committed.
  const repair = ChangeSet.of(replacement(expected.toString(), confirmed.text.toString()), expected.length);
  return correct(confirmed, replica.buffer, repair);
}

/** `repair` leads from the text below the buffer to the confirmed one. */
function correct(replica: Replica, buffer: Pending, repair: ChangeSet): Step {
  const screen = repair.map(buffer.changes, true);
  return {
    replica: { ...replica, buffer: withTitle(buffer.changes.map(repair), buffer.title) },
    screen: screen.empty ? null : screen,
  };
}

function rebase(replica: Replica, theirs: ChangeSet, title: string | undefined): Step {
  const { flying, buffer } = replica;
  const overFlying = flying ? theirs.map(flying.changes, true) : theirs;
  const screen = overFlying.map(buffer.changes, true);
  return {
    replica: {
      ...replica,
      text: theirs.apply(replica.text),
      title: title ?? replica.title,
      flying: flying && { ...flying, changes: flying.changes.map(theirs) },
      buffer: withTitle(buffer.changes.map(overFlying), buffer.title),
    },
    screen: screen.empty ? null : screen,
  };
}

/** Jumps to a later state of the draft when its events cannot be replayed one by one. */
export function jump(replica: Replica, to: Snapshot): Step {
  if (to.seq < replica.seq) throw new OutOfOrder(`snapshot ${to.seq} behind ${replica.seq}`);
  return settle(replica, to);
}

/** Takes the server's state as the truth even when it is behind (a database restored from a backup). */
export function settle(replica: Replica, to: Snapshot): Step {
  const change = replacement(replica.text.toString(), to.text);
  return rebase({ ...replica, seq: to.seq }, ChangeSet.of(change, replica.text.length), to.title);
}

/** The server was set back behind what it had confirmed: the same screen on what the server has now, under a name it
 *  has never seen; everything the server lacks is to be sent again. */
export function resent(replica: Replica, to: Snapshot, id: string): Replica {
  const [text, title] = [screenText(replica).toString(), screenTitle(replica)];
  const opened = openReplica(id, to);
  const changes = ChangeSet.of(replacement(to.text, text), opened.text.length);
  return { ...opened, buffer: withTitle(changes, title === to.title ? undefined : title) };
}

/** The flying command turned out to be part of the confirmed text already (we had jumped over it). */
export function alreadyIn(replica: Replica): Step {
  return confirm(replica, { changes: ChangeSet.empty(replica.text.length), title: undefined });
}

/** The server refused the command for good and never recorded it: back to the buffer, its number free again. */
export function thaw(replica: Replica): Replica {
  const { flying, buffer } = replica;
  if (flying === null) return replica;
  const own = flying.command.replica === replica.id;
  return {
    ...replica,
    nextN: own ? flying.command.n : replica.nextN,
    flying: null,
    buffer: withTitle(flying.changes.compose(buffer.changes), buffer.title ?? flying.title),
  };
}

/** The server lost our earlier commands: go on under a name it has never seen. */
export function renamed(replica: Replica, id: string): Replica {
  return { ...thaw(replica), id, nextN: 1 };
}

/** Takes the refused command out of the text, keeping everything typed after it. */
export function withdraw(replica: Replica): Step {
  const { flying, buffer } = replica;
  if (flying === null) return { replica, screen: null };
  const own = flying.command.replica === replica.id;
  const without = { ...replica, nextN: own ? flying.command.n : replica.nextN, flying: null };
  return correct(without, buffer, flying.changes.invert(replica.text));
}

/** What the change set would have added, piece by piece: for people who want their words back. */
export function insertedText(changes: ChangeSet): string {
  const pieces: string[] = [];
  changes.iterChanges((_fromA, _toA, _fromB, _toB, inserted) => {
    if (inserted.length > 0) pieces.push(inserted.toString());
  });
  return pieces.join("\n");
}

/** A page that died left `left` behind. Its unsent words become the first command of this page, under the dead
 *  page's name and number: if its last request did arrive, the server recognises it. */
export function adopt(id: string, left: Replica): Replica {
  const frozen = freeze(left);
  return { ...frozen, id, nextN: 1 };
}
