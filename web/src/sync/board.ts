/**
 * A venue's board in this tab: a snapshot and every event after it, by number (docs/events.md).
 *
 * It never guesses: an event that is not the next one means that something was missed, and a fresh snapshot is taken.
 * What an action changed is shown when its event arrives, not before.
 */

import { batch, computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import { ask, Refused, serverNow } from "~/api/client";
import type { Board, LogEvent, OrderCard, OrderSummary, PrintJobCard, ReceiptCard, TicketCard } from "~/api/types";
import { follow, isFollowing, line, whenFollowing } from "./line";

/** Orders that left the board are shown as done; no more of them than this are kept. */
const MAX_DONE = 40;
const SUMMARIES_AT_ONCE = 100;
const RETRY_MS = 2_000;
/** A refusal is no matter of moments: somebody must sign in, or choose another venue. */
const REFUSED_RETRY_MS = 5_000;
/** Where no stream comes through, the board is taken anew this often. */
const UNFOLLOWED_MS = 5_000;

export interface BoardState {
  venueId: number;
  /** The event the board stands at; 0 before the first snapshot. */
  number: number;
  orders: ReadonlyMap<number, OrderCard>;
  receipts: ReadonlyMap<number, ReceiptCard>;
  tickets: ReadonlyMap<string, TicketCard>;
  /** What is left, by product; a product without an entry has no limit. */
  stopList: ReadonlyMap<number, number>;
  devices: ReadonlyMap<number, boolean>;
  printJobs: ReadonlyMap<string, PrintJobCard>;
  /** Orders that left the board since it was opened, the newest first. */
  done: readonly OrderCard[];
  truncated: boolean;
}

const EMPTY: BoardState = {
  venueId: 0,
  number: 0,
  orders: new Map(),
  receipts: new Map(),
  tickets: new Map(),
  stopList: new Map(),
  devices: new Map(),
  printJobs: new Map(),
  done: [],
  truncated: false,
};

const state = signal<BoardState>(EMPTY);
const details = signal<ReadonlyMap<number, OrderSummary>>(new Map());
const listeners = new Set<(event: LogEvent) => void>();
/** Who changed an order since the snapshot, and with which event last; for what waited while we were away. */
const changes = new Map<number, Map<string, number>>();
const snapshotAt = signal<number | null>(null);
const notTrueSince = signal<number | null>(null);

/** The board of the venue that is followed. */
export const board: ReadonlySignal<BoardState> = state;
/** Orders with their customers and lines, as far as they have been fetched. */
export const summaries: ReadonlySignal<ReadonlyMap<number, OrderSummary>> = details;
/** Whether the board is there: its first snapshot has come. */
export const boardLoaded = computed(() => snapshotAt.value !== null);
/** Whether the first snapshot is still to come. */
export const boardLoading = computed(() => snapshotAt.value === null && state.value.venueId !== 0);

/** Since when what is shown may have been overtaken, by this device's clock in ms; null while every event is applied. */
export const boardStaleSince: ReadonlySignal<number | null> = notTrueSince;

/** When the server was last heard of before the line was lost; null while nothing was lost since the last whole board. */
let lostAt: number | null = null;
effect(() => {
  const { state: how, heardAt } = line.value;
  if (how === "lost" && heardAt > 0) lostAt ??= heardAt;
});

let stop: (() => void) | null = null;
let generation = 0;
let buffered: LogEvent[] | null = null;
const wanted = new Set<number>();
const inFlight = new Set<number>();
let fetching = false;

/** Show this venue's board from now on; the one before is let go. */
export function openBoard(venueId: number): void {
  if (state.value.venueId === venueId && stop !== null) return;
  closeBoard();
  state.value = { ...EMPTY, venueId };
  stop = follow({ venueId, onEvent: take, onResync: () => void refresh() });
  void refresh();
}

/** Follow nothing any more. */
export function closeBoard(): void {
  generation += 1;
  stop?.();
  stop = null;
  buffered = null;
  changes.clear();
  wanted.clear();
  batch(() => {
    state.value = EMPTY;
    details.value = new Map();
    snapshotAt.value = null;
    notTrueSince.value = null;
  });
}

/** Hear of each event as it is applied; returns how to stop. */
export function onBoardEvent(listener: (event: LogEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether only `actor` changed an order after event `number`; not known, so false, where a snapshot lies between. */
export function changedOnlyBy(actor: string, orderId: number, number: number): boolean {
  if (snapshotAt.value === null || snapshotAt.value > number) return false;
  const others = [...(changes.get(orderId) ?? [])].filter(([who, at]) => who !== actor && at > number);
  return others.length === 0;
}

/** Fetch customers and lines of these orders where they are not known yet. */
export function wantSummaries(ids: Iterable<number>): void {
  for (const id of ids) if (!details.value.has(id) && !inFlight.has(id)) wanted.add(id);
  if (wanted.size > 0) queueMicrotask(() => void fetchSummaries());
}

async function refresh(): Promise<void> {
  const mine = (generation += 1);
  const venueId = state.value.venueId;
  let following: Promise<number> | null = null;
  if (snapshotAt.value !== null) notTrueSince.value ??= lostAt ?? Date.now();
  while (mine === generation) {
    const asked = Date.now();
    const missesNothing = isFollowing(venueId);
    buffered ??= [];
    try {
      const snapshot = await ask<Board>("GET", `/hub/v1/venues/${venueId}/board`);
      if (mine !== generation) return;
      install(snapshot);
      // What was buffered had a gap of its own: that is another refresh's matter.
      if (mine !== generation) return;
      notTrueSince.value = missesNothing ? null : asked;
      if (missesNothing) {
        lostAt = null;
        return;
      }
      following ??= whenFollowing(venueId);
      const begun = await Promise.race([following, pause(UNFOLLOWED_MS)]);
      if (mine !== generation) return;
      // One that is older than where the stream begins lacks what happened between the two.
      if (begun !== undefined && begun <= state.value.number) {
        notTrueSince.value = null;
        lostAt = null;
        return;
      }
    } catch (error) {
      // Whatever it was, a board that is not true any more must not stay: it is asked for until it comes.
      await pause(error instanceof Refused ? REFUSED_RETRY_MS : RETRY_MS);
    }
  }
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds));
}

function install(snapshot: Board): void {
  batch(() => replace(snapshot));
  const later = buffered ?? [];
  buffered = null;
  for (const event of later) take(event);
}

function replace(snapshot: Board): void {
  const orders = byId(snapshot.orders);
  const left = [...state.value.orders.values()].filter((order) => !orders.has(order.id));
  state.value = {
    venueId: snapshot.venue_id,
    number: snapshot.number,
    orders,
    receipts: byId(snapshot.receipts),
    tickets: byId(snapshot.tickets),
    stopList: new Map(snapshot.stop_list.map((entry) => [entry.product_id, entry.quantity])),
    devices: new Map(snapshot.devices.map((device) => [device.id, device.present])),
    printJobs: byId(snapshot.print_jobs),
    done: state.value.done,
    truncated: snapshot.truncated,
  };
  // What left while we were away is forgotten rather than shown with a state we did not see.
  forget(left.map((order) => order.id));
  for (const summary of details.value.values()) {
    const order = orders.get(summary.id);
    // A step of a deadline changes nothing of the order itself.
    const isOld = order?.updated_at !== summary.updated_at || Date.parse(summary.deadlines[0]?.due_at ?? "") <= serverNow();
    if (order !== undefined && isOld) renew(summary.id);
  }
  changes.clear();
  snapshotAt.value = snapshot.number;
}

function take(event: LogEvent): void {
  if (buffered !== null) {
    buffered.push(event);
    return;
  }
  const { number } = state.value;
  if (event.number <= number) return;
  if (event.number !== number + 1) {
    // The event itself is in the snapshot, which is taken later than it was heard.
    void refresh();
    return;
  }
  batch(() => apply(event));
  // It is the next one after what is shown: nothing was missed, however long the line was away.
  lostAt = null;
  for (const listener of listeners) listener(event);
}

function apply(event: LogEvent): void {
  const before = state.value;
  const after: BoardState = { ...before, number: event.number };
  const subject = event.type.split(".", 1)[0];
  if (event.order_id !== null) noteChange(event.order_id, event.actor, event.number);
  if (subject === "order") applyOrder(after, event.data as unknown as OrderCard, event.type);
  else if (subject === "receipt") applyReceipt(after, event.data as unknown as ReceiptCard);
  else if (subject === "ticket") applyTicket(after, event.data as unknown as TicketCard);
  else if (subject === "stop_list") applyStopList(after, event.data as { product_id: number; quantity: number | null });
  else if (subject === "terminal") applyDevice(after, event.data as { id: number; present: boolean | null });
  else if (subject === "print") applyPrintJob(after, event.data as unknown as PrintJobCard);
  state.value = after;
}

function noteChange(orderId: number, actor: string, number: number): void {
  const known = changes.get(orderId);
  if (known) known.set(actor, number);
  else changes.set(orderId, new Map([[actor, number]]));
}

const OUTDATING = new Set(["order.changed", "order.reminded", "order.escalated"]);

function applyOrder(after: BoardState, order: OrderCard, type: string): void {
  const orders = new Map(after.orders);
  if (order.open) {
    orders.set(order.id, order);
    // A line was mapped, a text erased, a step of the deadline taken: what was fetched is old.
    if (OUTDATING.has(type) && details.value.has(order.id)) renew(order.id);
  } else {
    const wasShown = orders.delete(order.id);
    const receipts = new Map(after.receipts);
    receipts.delete(order.id);
    const tickets = new Map(after.tickets);
    for (const [id, ticket] of tickets) {
      if (ticket.order_id === order.id && ticket.status !== "CANCELLED") tickets.delete(id);
    }
    after.receipts = receipts;
    after.tickets = tickets;
    if (wasShown) {
      after.done = [order, ...after.done.filter((one) => one.id !== order.id)];
      forget(after.done.slice(MAX_DONE).map((one) => one.id));
      after.done = after.done.slice(0, MAX_DONE);
    }
  }
  after.orders = orders;
}

function applyReceipt(after: BoardState, receipt: ReceiptCard): void {
  const receipts = new Map(after.receipts);
  if (after.orders.has(receipt.service_notification_id)) receipts.set(receipt.id, receipt);
  else receipts.delete(receipt.id);
  after.receipts = receipts;
}

function applyTicket(after: BoardState, ticket: TicketCard): void {
  const tickets = new Map(after.tickets);
  if (ticket.open) tickets.set(ticket.id, ticket);
  else tickets.delete(ticket.id);
  after.tickets = tickets;
}

function applyStopList(after: BoardState, left: { product_id: number; quantity: number | null }): void {
  const stopList = new Map(after.stopList);
  if (left.quantity === null) stopList.delete(left.product_id);
  else stopList.set(left.product_id, left.quantity);
  after.stopList = stopList;
}

function applyDevice(after: BoardState, device: { id: number; present: boolean | null }): void {
  const devices = new Map(after.devices);
  if (device.present === null) devices.delete(device.id);
  else devices.set(device.id, device.present);
  after.devices = devices;
}

function applyPrintJob(after: BoardState, job: PrintJobCard): void {
  const printJobs = new Map(after.printJobs);
  if (job.status === "uncertain") printJobs.set(job.id, job);
  else printJobs.delete(job.id);
  after.printJobs = printJobs;
}

function renew(orderId: number): void {
  wanted.add(orderId);
  queueMicrotask(() => void fetchSummaries());
}

function forget(ids: readonly number[]): void {
  if (ids.length === 0) return;
  const kept = new Map(details.value);
  for (const id of ids) {
    kept.delete(id);
    changes.delete(id);
    wanted.delete(id);
  }
  details.value = kept;
}

function isShown(orderId: number): boolean {
  const { orders, done, tickets } = state.value;
  return orders.has(orderId) || done.some((order) => order.id === orderId) || [...tickets.values()].some((ticket) => ticket.order_id === orderId);
}

async function fetchSummaries(): Promise<void> {
  if (fetching) return;
  fetching = true;
  try {
    while (wanted.size > 0) {
      const ids = [...wanted].slice(0, SUMMARIES_AT_ONCE);
      for (const id of ids) {
        wanted.delete(id);
        inFlight.add(id);
      }
      try {
        const found = await ask<OrderSummary[]>("GET", "/hub/v1/orders", {
          query: { venue: state.value.venueId, ids: ids.join() },
        });
        if (state.value.venueId === 0) return;
        const next = new Map(details.value);
        for (const summary of found) next.set(summary.id, summary);
        details.value = next;
      } catch (error) {
        // Who may not read them is told so elsewhere; the cards go without.
        if (error instanceof Refused && (error.status === 401 || error.status === 403)) return;
        // What still stands here is asked for until it is known: a guest's word to the kitchen must not be lost.
        for (const id of ids) if (isShown(id)) wanted.add(id);
        await pause(error instanceof Refused ? REFUSED_RETRY_MS : RETRY_MS);
      } finally {
        for (const id of ids) inFlight.delete(id);
      }
    }
  } finally {
    fetching = false;
  }
}

function byId<T extends { id: number | string }>(items: readonly T[]): Map<T["id"], T> {
  return new Map(items.map((item) => [item.id, item]));
}
