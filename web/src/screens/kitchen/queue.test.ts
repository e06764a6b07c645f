import { expect, test } from "vitest";
import type { TicketCard } from "~/api/types";
import { inGrid, levelAt, targetOf } from "./queue";

const AT = Date.parse("2026-01-01T12:00:00Z");
const TARGETS = { pressing_minutes: 8, late_minutes: 12 };
const minutes = (count: number): number => count * 60_000;
const instant = (afterMinutes: number): string => new Date(AT + minutes(afterMinutes)).toISOString();

function ticket(id: string, changes: object = {}): TicketCard {
  const card = { id, order_id: 1, station_id: 1, status: "NEW", created_at: instant(0), promised_at: null, lines: [{ product_id: 1 }] };
  return { ...card, ...changes } as unknown as TicketCard;
}

const fast = (): number => 0;

test("a ticket without a promise presses and is late by the venue's targets", () => {
  const target = targetOf(ticket("a"), TARGETS, fast);
  expect([7.9, 8, 11.9, 12].map((after) => levelAt(target, AT + minutes(after)))).toEqual(["calm", "pressing", "pressing", "late"]);
});

test("what takes longer to cook than the venue lets tickets wait is late only then", () => {
  const target = targetOf(ticket("a"), TARGETS, () => 25);
  expect([20.9, 21, 25].map((after) => levelAt(target, AT + minutes(after)))).toEqual(["calm", "pressing", "late"]);
});

test("a promise counts before the targets, and presses for as long before it as the venue says", () => {
  const target = targetOf(ticket("a", { promised_at: instant(40) }), TARGETS, fast);
  expect([35.9, 36, 40].map((after) => levelAt(target, AT + minutes(after)))).toEqual(["calm", "pressing", "late"]);
});

test("tickets stand in the order in which they are due, promised or not, and cancelled ones before all", () => {
  const tickets = [
    ticket("promised late", { promised_at: instant(60) }),
    ticket("old, no promise", { created_at: instant(-10) }),
    ticket("promised soon", { promised_at: instant(1) }),
    ticket("new, no promise"),
    ticket("ready", { status: "READY" }),
    ticket("cancelled", { status: "CANCELLED", promised_at: instant(99) }),
  ];
  const due = (one: TicketCard): number => targetOf(one, TARGETS, fast).dueAt;
  const shown = inGrid(tickets, new Set(), due).map((one) => one.id);
  expect(shown).toEqual(["cancelled", "promised soon", "old, no promise", "new, no promise", "promised late"]);
});
