// Numbers, money and times as people read them. An unknown price is said to be unknown, never shown as 0.

export function tokens(count: number): string {
  if (count < 1_000) return String(count);
  if (count < 9_950) return `${(count / 1_000).toFixed(1).replace(/\.0$/, "")}k`;
  return count < 999_500 ? `${Math.round(count / 1_000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

/** A decimal string of US dollars, rounded for reading but never down to nothing. */
export function dollars(amount: string): string {
  const value = Number(amount);
  if (!Number.isFinite(value)) return "price unknown";
  if (value === 0) return "$0.00";
  if (Math.abs(value) < 0.0001) return "< $0.0001";
  if (Math.abs(value) < 0.01) return `$${value.toFixed(4)}`;
  return `$${value.toFixed(2)}`;
}

export type PriceStatus = { cost: string | null; free?: boolean | undefined };

export function price({ cost, free }: PriceStatus): string {
  if (free) return "free";
  if (cost === null) return "price unknown";
  return Number(cost) === 0 ? "free" : dollars(cost);
}

export const count = (value: number, one: string, many = `${one}s`): string => `${value.toLocaleString("en")} ${value === 1 ? one : many}`;

const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const shortDay = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const fullDay = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const weekday = new Intl.DateTimeFormat("en", { weekday: "long" });

export const time = (iso: string): string => clock.format(new Date(iso));

/** Days between two moments by the calendar of this device. */
function daysBefore(then: Date, now: Date): number {
  const start = (date: Date): number => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((start(now) - start(then)) / 86_400_000);
}

export function day(iso: string, now = new Date()): string {
  const then = new Date(iso);
  const days = daysBefore(then, now);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days > 1 && days < 7) return weekday.format(then);
  return then.getFullYear() === now.getFullYear() ? shortDay.format(then) : fullDay.format(then);
}

export function ago(iso: string, now = new Date()): string {
  const seconds = (now.getTime() - new Date(iso).getTime()) / 1_000;
  if (seconds < 60) return "just now";
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (daysBefore(new Date(iso), now) === 0) return `today ${time(iso)}`;
  const date = day(iso, now);
  return date === "Yesterday" ? `yesterday ${time(iso)}` : date;
}

/** A day and the time in it, also one to come. */
export const moment = (iso: string): string => `${fullDay.format(new Date(iso))}, ${time(iso)}`;

/** Whole days until the moment; negative when it has passed. */
export const daysUntil = (iso: string, now = new Date()): number => Math.ceil((new Date(iso).getTime() - now.getTime()) / 86_400_000);

export const signed = (value: number): string => (value > 0 ? `+${value.toLocaleString("en")}` : value < 0 ? `−${Math.abs(value).toLocaleString("en")}` : "±0");
