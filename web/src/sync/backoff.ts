// How long to wait before asking again.

const FIRST = 1_000;
const LONGEST = 30_000;

/** Milliseconds before attempt number `failures` + 1; doubles, with a quarter of jitter so that pages spread out. */
export function backoff(failures: number, random: () => number): number {
  const whole = Math.min(LONGEST, FIRST * 2 ** Math.max(0, failures - 1));
  return Math.round(whole * (0.75 + 0.25 * random()));
}
