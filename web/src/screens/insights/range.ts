/** Which days are looked at; kept in the address, so that it survives a reload and can be sent on. */

export const RANGES = ["today", "yesterday", "week", "month", "own"] as const;
export type RangeName = (typeof RANGES)[number];

/** The first and last day, both in it, as `2026-11-23`. */
export interface Days {
  from: string;
  to: string;
}

const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** The range that an address names; today where it names none. */
export function rangeOf(query: Record<string, string>): RangeName {
  return RANGES.find((one) => one === query.range) ?? "today";
}

/** The days of a range, given the venue's day today; null for an own one that is not complete. */
export function daysOf(range: RangeName, today: string, query: Record<string, string>): Days | null {
  if (range === "today") return { from: today, to: today };
  if (range === "yesterday") return { from: dayBefore(today, 1), to: dayBefore(today, 1) };
  if (range === "week") return { from: dayBefore(today, 6), to: today };
  if (range === "month") return { from: dayBefore(today, 29), to: today };
  const { from = "", to = "" } = query;
  return DAY.test(from) && DAY.test(to) ? { from, to } : null;
}

/** The day so many days before. */
export function dayBefore(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * DAY_MS).toISOString().slice(0, 10);
}
