// Says when typing has paused, or has gone on for long enough.

import { PAUSE } from "./status.js";

interface Timers {
  now(): number;
  later(run: () => void, milliseconds: number): number;
  cancel(timer: number): void;
}

export class TypingPause {
  private first: number | null = null;
  private timer: number | null = null;

  constructor(private readonly timers: Timers, private readonly paused: () => void) {}

  key(): void {
    const now = this.timers.now();
    this.first ??= now;
    if (this.timer !== null) this.timers.cancel(this.timer);
    const wait = Math.max(0, Math.min(PAUSE.quiet, this.first + PAUSE.longest - now));
    this.timer = this.timers.later(this.paused, wait);
  }

  over(): void {
    if (this.timer !== null) this.timers.cancel(this.timer);
    this.timer = null;
    this.first = null;
  }
}
