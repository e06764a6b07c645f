/** What a kitchen screen shows of a venue's tickets, and in which order. Pure: tickets go in, lists come out. */

import type { TicketCard, TicketLineCard } from "~/api/types";

export type Level = "calm" | "pressing" | "late";

/** When a ticket is due, and from when on it presses; milliseconds since 1970. */
export interface Target {
  pressingAt: number;
  dueAt: number;
}

/** One way an item is asked for: its portion and its modifiers. */
export interface Variant {
  key: string;
  portion: number;
  modifiers: readonly string[];
  count: number;
}

/** The venue's targets: how old a ticket without a promise may become, in minutes. */
export interface Targets {
  pressing_minutes: number;
  late_minutes: number;
}

/** How many of an item are still to be made. */
export interface AllDayRow {
  key: string;
  name: string;
  count: number;
  variants: readonly Variant[];
}

/** The tickets of a station; null for every station. */
export function ofStation(tickets: Iterable<TicketCard>, stationId: number | null): TicketCard[] {
  return [...tickets].filter((ticket) => stationId === null || ticket.station_id === stationId);
}

/** What stands in the grid: cancelled tickets first, then what is to be cooked, in the order in which it is due. */
export function inGrid(tickets: readonly TicketCard[], lingering: ReadonlySet<string>, dueAt: (ticket: TicketCard) => number): TicketCard[] {
  const due = new Map(tickets.map((ticket) => [ticket.id, dueAt(ticket)]));
  return tickets
    .filter((ticket) => ticket.status !== "READY" || lingering.has(ticket.id))
    .sort((a, b) => rank(a) - rank(b) || (due.get(a.id) ?? 0) - (due.get(b.id) ?? 0) || a.order_id - b.order_id || a.station_id - b.station_id);
}

/** What is to be cooked. */
export function unfinished(tickets: readonly TicketCard[]): TicketCard[] {
  return tickets.filter((ticket) => ticket.status === "NEW" || ticket.status === "STARTED");
}

/** What is ready and has not left yet, the last one first. */
export function finished(tickets: readonly TicketCard[]): TicketCard[] {
  return tickets
    .filter((ticket) => ticket.status === "READY")
    .sort((a, b) => text(b.ready_at).localeCompare(text(a.ready_at)) || b.order_id - a.order_id);
}

/**
 * When a ticket is due: as promised, else when it is as old as the venue lets tickets become, or as what is on it takes to
 * cook. It presses for as long before as the venue says.
 */
export function targetOf(ticket: TicketCard, targets: Targets, cookingMinutes: (productId: number) => number | null | undefined): Target {
  const createdAt = Date.parse(ticket.created_at);
  const longest = Math.max(targets.late_minutes, ...ticket.lines.map((line) => cookingMinutes(line.product_id) ?? 0));
  const dueAt = ticket.promised_at === null ? createdAt + longest * 60_000 : Date.parse(ticket.promised_at);
  return { dueAt, pressingAt: Math.max(createdAt, dueAt - (targets.late_minutes - targets.pressing_minutes) * 60_000) };
}

/** How a ticket stands at an instant. */
export function levelAt(target: Target, at: number): Level {
  if (at >= target.dueAt) return "late";
  return at >= target.pressingAt ? "pressing" : "calm";
}

/** What is still to be made over all tickets, per item and per way it is asked for; the most first. */
export function allDay(tickets: readonly TicketCard[]): AllDayRow[] {
  const rows = new Map<string, { name: string; count: number; variants: Map<string, Variant> }>();
  for (const line of unfinished(tickets).flatMap((ticket) => ticket.lines)) {
    if (line.ready_at !== null) continue;
    const key = `${line.product_id} ${line.name}`;
    const row = rows.get(key) ?? { name: line.name, count: 0, variants: new Map<string, Variant>() };
    const variant = variantOf(line);
    const before = row.variants.get(variant.key)?.count ?? 0;
    row.count = rounded(row.count + line.count);
    row.variants.set(variant.key, { ...variant, count: rounded(before + line.count) });
    rows.set(key, row);
  }
  return [...rows]
    .map(([key, row]) => ({ key, name: row.name, count: row.count, variants: [...row.variants.values()].sort(byCount) }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}

/** A modifier as the cook reads it: how many of it are on one piece, where that is not one. */
export function modifierText(modifier: TicketLineCard["modifiers"][number]): string {
  return modifier.count === 1 ? modifier.name : `${modifier.name} ×${modifier.count}`;
}

function variantOf(line: TicketLineCard): Variant {
  const modifiers = line.modifiers.map(modifierText).sort();
  return { key: JSON.stringify([line.portion_size, ...modifiers]), portion: line.portion_size, modifiers, count: 0 };
}

function rank(ticket: TicketCard): number {
  return ticket.status === "CANCELLED" ? 0 : 1;
}

function byCount(a: Variant, b: Variant): number {
  return b.count - a.count || a.key.localeCompare(b.key);
}

/** Weights have three decimals; sums of binary fractions must not show more. */
function rounded(amount: number): number {
  return Math.round(amount * 1_000) / 1_000;
}

function text(instant: string | null): string {
  return instant ?? "";
}
