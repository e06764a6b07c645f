/** What people do to orders from the board: sent once, told of when it was refused or done by somebody else before. */

import { ask, freshKey, Refused, Unreachable } from "~/api/client";
import type { ChainAfter, OrderCard, PrintJobCard, TicketCard } from "~/api/types";
import { messages } from "~/i18n";
import { stationsById } from "~/menu";
import { withPassword } from "~/parts/password";
import { toast, toastError } from "~/parts/toasts";
import { act, isPending, type Wish } from "~/sync/actions";
import { actorName } from "./names";

export interface RefusalWish {
  reason: string;
  note: string;
  lines: readonly { line: number; reason: "out_of_stock" }[];
  stop: boolean;
}

/** The address of an action on an order. */
export function pathOf(orderId: number, action: "accept" | "refuse" | "send-to-station" | "hand-over"): string {
  return `/hub/v1/orders/${orderId}/${action}`;
}

/** Whether anything asked for about the order is under way. */
export function isBusy(orderId: number): boolean {
  const actions = ["accept", "refuse", "send-to-station", "hand-over"] as const;
  return actions.some((action) => isPending(pathOf(orderId, action))) || isPending(paymentPath(orderId));
}

/** Where a receipt is closed; it has the id of its order. */
export function paymentPath(orderId: number): string {
  return `/hub/v1/receipts/${orderId}/close`;
}

/** Accept an order, promising it in so many minutes; null promises nothing. */
export async function accept(order: OrderCard, number: string, minutes: number | null, send: boolean): Promise<void> {
  const body = { ...(minutes === null ? {} : { minutes }), send_to_station: send };
  await tell({ label: messages().board.did.accept(number), method: "POST", path: pathOf(order.id, "accept"), body, orderId: order.id }, (after) => {
    const { faster } = messages().board;
    const by = after.order.accepted_by;
    toast(by === null ? faster.other : faster.accept(actorName(by)), true);
  });
}

/** Refuse an order; says whether it was done or waits to be. */
export async function refuse(order: OrderCard, number: string, wish: RefusalWish): Promise<boolean> {
  const body = { reason: wish.reason, note: wish.note.trim() || null, lines: wish.lines, update_stop_list: wish.stop };
  return tell({ label: messages().board.did.refuse(number), method: "POST", path: pathOf(order.id, "refuse"), body, orderId: order.id }, (after) => {
    const { faster } = messages().board;
    toast(after.order.refusal ? faster.refuse(actorName(after.order.refusal.by)) : faster.other, true);
  });
}

/** Give an accepted order to the kitchen. */
export async function sendToKitchen(order: OrderCard, number: string): Promise<void> {
  await tell({ label: messages().board.did.send(number), method: "POST", path: pathOf(order.id, "send-to-station"), orderId: order.id });
}

/** Give the food to the guest or the courier. */
export async function handOver(order: OrderCard, number: string): Promise<void> {
  await tell({ label: messages().board.did.handOver(number), method: "POST", path: pathOf(order.id, "hand-over"), orderId: order.id });
}

/** Print a ticket's paper again. */
export async function reprint(ticket: TicketCard): Promise<void> {
  const station = stationsById.value.get(ticket.station_id)?.name ?? String(ticket.station_id);
  const label = messages().board.did.reprint(station, ticket.order_number);
  await tell({ label, method: "POST", path: `/hub/v1/tickets/${ticket.id}/reprint`, orderId: ticket.order_id }, () => toast(label));
}

/** Say what became of a paper nobody knows about: print it once more, or it came out. */
export async function settlePaper(job: PrintJobCard, number: string, way: "reprint" | "dismiss"): Promise<void> {
  const path = `/hub/v1/print-jobs/${job.id}/${way}`;
  const { did } = messages().board;
  await tell({ label: way === "reprint" ? did.printAgain(number) : did.cameOut(number), method: "POST", path }, () => undefined);
}

/** Say which product of the menu an unknown item is; says whether it was done or waits to be. */
export async function mapItem(orderId: number, line: number, item: string, product: { id: number; name: string }): Promise<boolean> {
  const path = `/hub/v1/orders/${orderId}/lines/${line}/product`;
  return tell({ label: messages().board.did.map(item, product.name), method: "POST", path, body: { product_id: product.id }, orderId });
}

/** Tell the server that a terminal shows the order. Nobody waits for the answer; silence is tried again with the next order. */
export async function noteSeen(orderId: number): Promise<boolean> {
  try {
    await ask("POST", `/hub/v1/orders/${orderId}/seen`, { key: freshKey() });
    return true;
  } catch (error) {
    if (error instanceof Unreachable) return false;
    if (error instanceof Refused) return true;
    throw error;
  }
}

async function tell(wish: Wish, unchanged?: (after: ChainAfter) => void): Promise<boolean> {
  try {
    const outcome = await withPassword(() => act<ChainAfter>(wish));
    if (outcome.state === "done" && !outcome.data.changed) (unchanged ?? (() => toast(messages().board.faster.other)))(outcome.data);
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}
