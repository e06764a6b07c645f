/**
 * The four columns as signals: what stands where, and how it stays put while a finger is on the way.
 *
 * While a finger or the mouse is down, cards keep their places: what left stands as it was, what is new comes last.
 */

import { computed, effect, signal, untracked } from "@preact/signals";
import { ask, Unreachable } from "~/api/client";
import type { OrderCard, OrderSummary, ReceiptCard } from "~/api/types";
import { hasShifted, pressed } from "~/press";
import { isReached } from "~/sync/actions";
import { board, boardLoading, onBoardEvent, summaries } from "~/sync/board";
import { alarmOf, decisiveStep, isHandedOver, isPaid, isUnsent, progressByOrder, STAGES, stageOf, type Alarm, type Layout, type Row, type Stage } from "./stages";

const DONE_SHOWN = 30;
/** What counts for the order of answering where no deadline is set. */
const USUAL_ANSWER_MS = 10 * 60_000;
const RANKS: Record<Alarm, number> = { escalated: 0, reminded: 1 };
/** A card that has just moved takes no tap: it was meant for the one that stood there. */
const SETTLING_MS = 350;

const finished = signal<readonly OrderSummary[]>([]);
const heard = signal<ReadonlyMap<number, Alarm>>(new Map());
const left = signal<ReadonlyMap<number, ReceiptCard>>(new Map());

/** Orders that were finished, from before this page looked on; they come with everything. */
export const finishedById = computed(() => new Map(finished.value.map((one) => [one.id, one])));

/** The receipt of an order that has left the board, as it was when it left. */
export function receiptOf(orderId: number): ReceiptCard | undefined {
  return board.value.receipts.get(orderId) ?? left.value.get(orderId) ?? finishedById.value.get(orderId)?.receipt ?? undefined;
}

/** How loudly an order asks for an answer: as events told, or as it was found. */
export function alarmFor(order: OrderCard, summary: OrderSummary | undefined): Alarm | null {
  return order.status === "PENDING" ? (heard.value.get(order.id) ?? alarmOf(summary)) : null;
}

const sorted = computed<Layout>(() => {
  const { orders, receipts, tickets, done } = board.value;
  const details = summaries.value;
  const progress = progressByOrder(tickets.values());
  const columns: Record<Stage, Row[]> = { new: [], accepted: [], ready: [], done: [] };
  for (const order of orders.values()) {
    const receipt = receipts.get(order.id);
    const stage = stageOf(order, receipt);
    columns[stage].push({ order, receipt, stage, ...(progress.get(order.id) ?? { ready: 0, lines: 0 }) });
  }
  const gone: readonly OrderCard[] = [...done, ...finished.value.filter((one) => !done.some((other) => other.id === one.id))];
  for (const order of gone.slice(0, DONE_SHOWN)) {
    if (!orders.has(order.id)) columns.done.push({ order, receipt: receiptOf(order.id), stage: "done", ready: 0, lines: 0 });
  }
  columns.new.sort(by((row) => urgency(row.order, details.get(row.order.id))));
  // What the kitchen does not know of stands above what it works on.
  columns.accepted.sort(by((row) => `${row.order.sent_at === null ? 0 : 1}${row.order.promised_at ?? row.order.received_at ?? ""}`));
  columns.ready.sort(by((row) => row.order.ready_at ?? row.order.updated_at));
  return columns;
});

let shown: Layout = { new: [], accepted: [], ready: [], done: [] };
/** When cards came to stand where another one stood, or to offer something else, by order. */
const moves = new Map<number, number>();

/** The columns as they are shown now. */
export const layout = computed<Layout>(() => {
  const next = pressed.value ? keepingPlaces(shown, sorted.value) : sorted.value;
  for (const stage of STAGES) noteMoves(shown[stage], next[stage]);
  shown = next;
  return next;
});

/** Whether the order's card has moved, or its button come to mean something else, so lately that a tap was not meant. */
export function isSettling(orderId: number): boolean {
  return hasShifted() || performance.now() - (moves.get(orderId) ?? -Infinity) < SETTLING_MS;
}

/** What shouts comes first, then whatever must be answered soonest. */
function urgency(order: OrderCard, summary: OrderSummary | undefined): string {
  const alarm = alarmFor(order, summary);
  const due = decisiveStep(summary)?.due_at ?? new Date(Date.parse(order.created_at) + USUAL_ANSWER_MS).toISOString();
  return `${alarm === null ? 2 : RANKS[alarm]} ${due}`;
}

function by(key: (row: Row) => string): (a: Row, b: Row) => number {
  return (a, b) => {
    const [first, second] = [key(a), key(b)];
    return first === second ? a.order.id - b.order.id : first < second ? -1 : 1;
  };
}

function keepingPlaces(before: Layout, after: Layout): Layout {
  const now = new Map(STAGES.flatMap((stage) => after[stage]).map((row) => [row.order.id, row]));
  const standing = new Set(STAGES.flatMap((stage) => before[stage]).map((row) => row.order.id));
  const column = (stage: Stage): Row[] => [
    ...before[stage].map((row) => now.get(row.order.id) ?? row),
    ...after[stage].filter((row) => !standing.has(row.order.id)),
  ];
  return { new: column("new"), accepted: column("accepted"), ready: column("ready"), done: column("done") };
}

function noteMoves(before: readonly Row[], after: readonly Row[]): void {
  const at = performance.now();
  for (const [id, movedAt] of moves) if (at - movedAt >= SETTLING_MS) moves.delete(id);
  after.forEach((row, index) => {
    const stood = before[index];
    if (stood !== undefined && (stood.order.id !== row.order.id || offerOf(stood) !== offerOf(row))) moves.set(row.order.id, at);
  });
}

/** What the button of a card depends on. */
function offerOf({ order, receipt }: Row): string {
  return [isUnsent(order), isPaid(receipt), isHandedOver(receipt)].join();
}

async function fetchFinished(venueId: number): Promise<void> {
  try {
    const found = await ask<OrderSummary[]>("GET", "/hub/v1/orders", { query: { venue: venueId, done: 1, limit: DONE_SHOWN } });
    if (board.value.venueId === venueId) finished.value = found;
  } catch (error) {
    // Whoever may not read them sees those that finish from now on; what found no server is asked for when it is back.
    if (!(error instanceof Unreachable)) console.warn(error);
  }
}

/** Keep the columns up to date while the board is shown; returns how to stop. */
export function watchBoard(): () => void {
  let receipts: ReadonlyMap<number, ReceiptCard> = new Map();
  let venue = 0;
  const stopFinished = effect(() => {
    const { venueId } = board.value;
    if (venueId !== venue) {
      venue = venueId;
      finished.value = [];
      heard.value = new Map();
      left.value = new Map();
    }
  });
  const ready = computed(() => (isReached() && !boardLoading.value ? board.value.venueId : 0));
  const stopFetching = effect(() => {
    if (ready.value !== 0) void fetchFinished(ready.value);
  });
  const stopReceipts = effect(() => {
    const next = board.value.receipts;
    const known = untracked(() => left.value);
    const gone = board.value.done.filter((order) => !known.has(order.id) && receipts.has(order.id));
    if (gone.length > 0) {
      const kept = new Map(known);
      for (const order of gone) {
        const receipt = receipts.get(order.id);
        if (receipt) kept.set(order.id, receipt);
      }
      left.value = new Map([...kept].slice(-2 * DONE_SHOWN));
    }
    receipts = next;
  });
  const stopEvents = onBoardEvent((event) => {
    const id = event.order_id;
    if (id === null) return;
    if (event.type === "order.reminded" || event.type === "order.escalated") {
      heard.value = new Map([...heard.value, [id, event.type === "order.reminded" ? "reminded" : "escalated"]]);
    } else if (heard.value.has(id) && event.type.startsWith("order.") && event.data.status !== "PENDING") {
      heard.value = new Map([...heard.value].filter(([other]) => other !== id));
    } else if (event.type.startsWith("receipt.") && !board.value.orders.has(id)) {
      left.value = new Map([...left.value, [id, event.data as unknown as ReceiptCard]]);
    }
  });
  return () => {
    for (const stop of [stopFinished, stopFetching, stopReceipts, stopEvents]) stop();
  };
}
