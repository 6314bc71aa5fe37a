// When to try again after the server could not be reached or would not answer.

import { backoff } from "./backoff.js";

interface Timers {
  now(): number;
  random(): number;
  later(run: () => void, milliseconds: number): number;
  cancel(timer: number): void;
}

export class Patience {
  private failures = 0;
  private notBefore = 0;
  private timer: number | null = null;

  constructor(private readonly timers: Timers, private readonly again: () => void) {}

  get ready(): boolean {
    return this.timers.now() >= this.notBefore;
  }

  /** Waits `pause` milliseconds, or longer with every failure when null. */
  failed(pause: number | null): void {
    this.failures += 1;
    const wait = pause ?? backoff(this.failures, this.timers.random);
    this.notBefore = this.timers.now() + wait;
    this.stop();
    this.timer = this.timers.later(this.again, wait);
  }

  worked(): void {
    this.failures = 0;
    this.now();
    this.stop();
  }

  /** Do not wait any longer. */
  now(): void {
    this.notBefore = 0;
  }

  stop(): void {
    if (this.timer !== null) this.timers.cancel(this.timer);
    this.timer = null;
  }
}
