/** Where an order stands on the board, and how it is called there. Pure. */

import type { OrderCard, OrderSummary, ReceiptCard, TicketCard } from "~/api/types";
import { folded } from "~/i18n/folded";

export const STAGES = ["new", "accepted", "ready", "done"] as const;
export type Stage = (typeof STAGES)[number];
export type Alarm = "reminded" | "escalated";

/** An order as a card shows it. */
export interface Row {
  order: OrderCard;
  receipt: ReceiptCard | undefined;
  stage: Stage;
  /** How many of the lines that stand on tickets are ready, and how many there are. */
  ready: number;
  lines: number;
}

export type Layout = Readonly<Record<Stage, readonly Row[]>>;

/** Where an order belongs. */
export function stageOf(order: OrderCard, receipt: ReceiptCard | undefined): Stage {
  if (!order.open) return "done";
  if (order.status === "PENDING") return "new";
  // What was paid says READY also when the kitchen has taken it back: a closed receipt goes no step back.
  const takenBack = receipt?.status === 2 && order.started_at !== null && order.ready_at === null;
  const cooked = (receipt?.order_status === "READY" && !takenBack) || isHandedOver(receipt) || order.ready_at !== null;
  return cooked ? "ready" : "accepted";
}

/** Accepted, and the kitchen does not know of it. */
export function isUnsent(order: OrderCard): boolean {
  return order.status === "RECEIVED" && order.sent_at === null;
}

/** Whether anything is still to be done with it; also what nobody touched for days may be, when somebody finds it. */
export function canGoOn(order: OrderCard, receipt: ReceiptCard | null | undefined): boolean {
  return order.status !== "IGNORE" && !(isHandedOver(receipt) && isPaid(receipt));
}

/** Whether the guest or the courier has it. */
export function isHandedOver(receipt: ReceiptCard | null | undefined): boolean {
  return receipt?.order_status === "PICKED_UP" || receipt?.order_status === "COMPLETED";
}

/** Whether money was taken for it. */
export function isPaid(receipt: ReceiptCard | null | undefined): boolean {
  return receipt?.status === 2 && receipt.order_status !== "CANCELLED";
}

/** The number people call it by; its id while it has none. */
export function numberOf(order: OrderCard, receipt?: ReceiptCard | null): string {
  return receipt?.order_number || order.order_number || `#${order.id}`;
}

/** How loudly an order asks for an answer, from the steps of its deadline that are still to come. */
export function alarmOf(summary: OrderSummary | undefined): Alarm | null {
  const next = summary?.deadlines[0]?.step ?? 0;
  if (next === 0) return null;
  return next === 1 ? "reminded" : "escalated";
}

/** The step that decides over the order; else the next one. */
export function decisiveStep(summary: OrderSummary | undefined): OrderSummary["deadlines"][number] | undefined {
  const steps = summary?.deadlines ?? [];
  return steps.find((step) => step.action === "ignore" || step.action === "accept") ?? steps[0];
}

/** How far the kitchen is with each order. */
export function progressByOrder(tickets: Iterable<TicketCard>): Map<number, { ready: number; lines: number }> {
  const found = new Map<number, { ready: number; lines: number }>();
  for (const ticket of tickets) {
    if (ticket.status === "CANCELLED") continue;
    const { ready, lines } = found.get(ticket.order_id) ?? { ready: 0, lines: 0 };
    const done = ticket.lines.filter((line) => line.ready_at !== null).length;
    found.set(ticket.order_id, { ready: ready + done, lines: lines + ticket.lines.length });
  }
  return found;
}

/** Whether a search finds an order. */
export function matches(row: Row, summary: OrderSummary | undefined, text: string): boolean {
  const wanted = folded(text.trim());
  if (wanted === "") return true;
  const digits = wanted.replace(/\D/g, "");
  const names = [numberOf(row.order, row.receipt), String(row.order.id), row.order.integration_id ?? "", summary?.customer?.name ?? ""];
  if (names.some((name) => folded(name).includes(wanted))) return true;
  const phone = (summary?.customer?.phone ?? "").replace(/\D/g, "");
  return digits.length >= 3 && /^[\d\s()+./-]+$/.test(wanted) && phone.includes(digits.replace(/^0+/, ""));
}
