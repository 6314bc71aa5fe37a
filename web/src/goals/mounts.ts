// Where files are shown: below a message, and in a composer. What shows them sets these; without it messages name their
// files in words.

import type { Message } from "./wire.js";

export interface ComposerPlace {
  /** Where the files of the message being written are shown. */
  files: HTMLElement;
  /** The row of buttons below the text. */
  tools: HTMLElement;
  /** What files may be dropped on. */
  drop: HTMLElement;
  /** The draft they belong to; another one once this is sent. Rejects when it cannot be had now. */
  draft(): Promise<string>;
  /** Files came or went: whether the message may be sent may have changed. */
  changed(): void;
}

export interface ComposerFiles {
  /** Whether there is anything to send but words. */
  readonly any: boolean;
  /** Whether everything has arrived. */
  readonly ready: boolean;
  /** The message has a draft now: shows the files that hang on it already. */
  opened(message: string): Promise<void>;
  /** Goes on with what another form of the same message had begun. */
  takeOver(other: ComposerFiles): void;
}

export interface Mounts {
  message?: (message: Message, place: HTMLElement) => void;
  composer?: (place: ComposerPlace) => ComposerFiles;
}

export const mounts: Mounts = {};
