// What a person is told about their words: three truths (on this device, saved, needs you) in five words.

import type { ParkedRecord } from "./device_store.js";

export type Trouble = "offline" | "server" | "sign-in" | "too-large" | "invalid" | "gone" | "closed";
export type ParkedWords = ParkedRecord;

/** Milliseconds. */
export const PAUSE = {
  /** of quiet after which typing is sent */
  quiet: 400,
  /** after which it is sent even when typing goes on */
  longest: 2_000,
  /** between looks whether the person has signed in elsewhere */
  signIn: 30_000,
} as const;

export interface SyncStatus {
  state: "saved" | "saving" | "device" | "offline" | "attention";
  trouble: Trouble | null;
  parked: number;
  /** false: the browser keeps storage from us, unsent words live in this page only */
  stored: boolean;
  synced: boolean;
  savedAt: number | null;
}

/** Nothing more can be sent to this draft. */
export const isClosed = (trouble: Trouble): boolean => trouble === "gone" || trouble === "closed";

interface Facts {
  synced: boolean;
  trouble: Trouble | null;
  parked: number;
  stored: boolean;
  savedAt: number | null;
}

export function describe(facts: Facts): SyncStatus {
  const { synced, trouble, parked, stored, savedAt } = facts;
  return { state: stateOf(facts), trouble, parked, stored, synced, savedAt };
}

function stateOf({ synced, trouble, parked, stored }: Facts): SyncStatus["state"] {
  const personMustAct = trouble === "sign-in" || trouble === "too-large" || trouble === "invalid" || (trouble !== null && isClosed(trouble));
  if (personMustAct) return "attention";
  if (trouble !== null && !synced) return stored ? "device" : "attention";
  if (parked > 0) return "attention";
  if (trouble === null) return synced ? "saved" : "saving";
  return trouble === "offline" ? "offline" : "saved";
}
