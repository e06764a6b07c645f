/** What a cook does with a ticket. Nothing is shown as done before its event has come. */

import { computed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { TicketCard } from "~/api/types";
import { messages } from "~/i18n";
import { toast, toastError } from "~/parts/toasts";
import { hasShifted } from "~/press";
import { act, isPending } from "~/sync/actions";

export type Move = "start" | "ready" | "recall" | "dismiss" | "reprint";

/** A gloved hand hits twice: what comes sooner after the last hit, or after a card has moved, is not meant. */
const GUARD_MS = 400;
const hits = new Map<string, number>();

/** What the large button of a ticket does. */
export function nextMove(ticket: TicketCard): Move {
  return ({ NEW: "start", STARTED: "ready", READY: "recall", CANCELLED: "dismiss" } as const)[ticket.status];
}

/** Where a move is asked for. */
export function pathOf(ticket: TicketCard, move: Move): string {
  return `/hub/v1/tickets/${ticket.id}/${move}`;
}

/** Where a line is said to be ready. */
export function linePath(ticket: TicketCard, line: number): string {
  return `/hub/v1/tickets/${ticket.id}/lines/${line}/ready`;
}

/** Take a ticket one step on. One that has just been finished is not taken back in passing: that has its own button. */
export function bump(ticket: TicketCard): void {
  if (ticket.status !== "READY") move(ticket, nextMove(ticket));
}

/** Do something with a ticket, unless it is the second hit of the same hand. */
export function move(ticket: TicketCard, what: Move): void {
  if (!meant(ticket.id, `${ticket.id} moved`, `${ticket.id} turned`)) return;
  const { kitchen } = messages();
  const done = ask(ticket, pathOf(ticket, what), kitchen.asked[what](ticket.order_number));
  if (what === "reprint") void done.then((state) => state === "done" && toast(kitchen.reprinted(ticket.order_number)));
}

/** Say that a line is ready. */
export function finishLine(ticket: TicketCard, line: number): void {
  const found = ticket.lines.find((one) => one.line === line);
  if (found === undefined || found.ready_at !== null || ticket.status === "CANCELLED" || ticket.status === "READY") return;
  if (!meant(`${ticket.id}/${line}`, `${ticket.id} moved`)) return;
  // The card must not offer to take the whole ticket under the second hit.
  hits.set(ticket.id, performance.now());
  void ask(ticket, linePath(ticket, line), messages().kitchen.asked.line(ticket.order_number, found.name));
}

/** A ticket stands elsewhere now: what hits it in this moment was meant for another. */
export function noteMoved(ticketId: string): void {
  hits.set(`${ticketId} moved`, performance.now());
}

/** A ticket's button means something else now: what hits that in this moment was meant for what it meant before. */
export function noteTurned(ticketId: string): void {
  hits.set(`${ticketId} turned`, performance.now());
}

/** What a tap does, unless the whole page has only just moved; keys mean what they name, wherever that lies. */
export function tapped(does: () => void): (event: MouseEvent) => void {
  return (event) => {
    if (event.detail === 0 || !hasShifted()) does();
  };
}

/** Whether an action is under way; a component that reads it is drawn again only when this very answer changes. */
export function usePending(path: string): boolean {
  return useMemo(() => computed(() => isPending(path)), [path]).value;
}

async function ask(ticket: TicketCard, path: string, label: string): Promise<"done" | "waiting" | "refused"> {
  try {
    return (await act({ label, method: "POST", path, orderId: ticket.order_id })).state;
  } catch (error) {
    toastError(error);
    return "refused";
  }
}

/** Whether a hit is not the second one, nor comes just after any of `unless`. */
function meant(what: string, ...unless: string[]): boolean {
  const at = performance.now();
  for (const [known, hitAt] of hits) if (at - hitAt > GUARD_MS) hits.delete(known);
  if ([what, ...unless].some((one) => hits.has(one))) return false;
  hits.set(what, at);
  return true;
}
