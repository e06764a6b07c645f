/**
 * Actions that take effect once, also across a lost connection.
 *
 * Each has an idempotency key from its first try on. What finds no server waits, in the order it was asked for, and is
 * sent when the line is back: silently while it is fresh and nobody else touched the order, else after asking again.
 * Money is never queued: a payment without an answer is told as such at once.
 */

import { computed, effect, signal } from "@preact/signals";
import { ask, freshKey, leavesOpen, Refused, Unreachable } from "~/api/client";
import type { LogEvent } from "~/api/types";
import { board, boardLoaded, boardStaleSince, changedOnlyBy } from "./board";
import { line } from "./line";

/** What waited longer than this is asked about again. */
const FRESH_MS = 60_000;
/** How soon it is looked again whether every missed event has come, or whether the server now has a verdict. */
const CATCHING_UP_MS = 150;
const NO_VERDICT_MS = 3_000;
/** A board that was taken so lately shows that requests arrive, whatever becomes of streams. */
const UNFOLLOWED_MS = 10_000;
const KEPT_IN = "comanda.waiting";

export interface Wish {
  /** What it is, in words, for the people who are asked again. */
  label: string;
  method: "POST" | "PUT";
  path: string;
  body?: unknown;
  /** The order it is about, if any: another's change of it makes us ask again. */
  orderId?: number;
  /** The product whose quantity it sets, if any: another's change of that makes us ask again. */
  productId?: number;
}

export interface Waiting extends Wish {
  key: string;
  /** This device's clock, in milliseconds. */
  at: number;
  actor: string;
  /** What it is about was like this as it was shown to whoever asked for it; null for nothing that others change. */
  basis: string | null;
  /** The venue that was worked in, and the event that its board stood at then. */
  venueId: number;
  seen: number;
  /** Why people must say whether it still holds; null while it may be sent. */
  doubt: "old" | "overtaken" | null;
}

export type Outcome<T> = { state: "done"; data: T } | { state: "waiting" };

const queue = signal<readonly Waiting[]>(restored());
const flying = signal<ReadonlySet<string>>(new Set());
/** This device's clock as signals know it: boards that do not come any more change nothing else. */
const clock = signal(Date.now());
setInterval(() => (clock.value = Date.now()), 1_000);
let actor = "";
let sending = false;

/** What waits for the line, the oldest first. */
export const waiting = computed(() => queue.value);
/** What people must be asked about now. */
export const doubtful = computed(() => queue.value.filter((one) => one.doubt !== null));

/** In whose name actions are sent; what another asked for on this device is told of as not done. */
export function actAs(name: string): void {
  actor = name;
  const dropped = queue.value.filter((one) => one.actor !== name);
  if (dropped.length === 0) return;
  keep(queue.value.filter((one) => one.actor === name));
  for (const one of dropped) tellRefused(one, new Unreachable());
}

/** Whether an action on this path is under way or waits. */
export function isPending(path: string): boolean {
  return flying.value.has(path) || queue.value.some((one) => one.path === path);
}

/**
 * Do it now, or as soon as the server is there.
 *
 * Throws Refused when the server says no. A second tap on what is already under way changes nothing.
 */
export async function act<T>(wish: Wish): Promise<Outcome<T>> {
  if (isPending(wish.path)) return { state: "waiting" };
  const one = begun(wish, freshKey());
  if (!isReached() && line.value.state === "lost" && queue.value.length > 0) {
    keep([...queue.value, one]);
    return { state: "waiting" };
  }
  try {
    return { state: "done", data: await fly<T>(one) };
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    // Somebody else acts here meanwhile: it is never sent in another's name, so nobody may think that it still will be.
    if (one.actor !== actor) tellRefused(one, error);
    else keep([...queue.value, one]);
    return { state: "waiting" };
  }
}

/** Do it now or not at all: for money. Throws Refused, or Unreachable when nobody knows; `key` makes a repeat safe. */
export async function actNow<T>(wish: Wish, key: string): Promise<T> {
  return fly<T>(begun(wish, key));
}

function begun(wish: Wish, key: string): Waiting {
  const { venueId, number } = board.value;
  return { ...wish, key, at: Date.now(), actor, basis: basisOf(wish), venueId, seen: number, doubt: null };
}

/** When the order, its receipt and its tickets last changed, or what is left of the product, in one text. */
function basisOf(wish: Wish): string | null {
  if (wish.productId !== undefined) return String(board.value.stopList.get(wish.productId) ?? null);
  if (wish.orderId === undefined) return null;
  const { orders, receipts, tickets } = board.value;
  const own = [...tickets.values()].filter((ticket) => ticket.order_id === wish.orderId);
  const parts = [orders.get(wish.orderId), receipts.get(wish.orderId), ...own];
  return parts.map((part) => part?.updated_at ?? "").join("|");
}

/** People say that a doubtful action still holds; of another venue's order nobody here knows how it stands. */
export function confirmWaiting(key: string): void {
  keep(queue.value.map((one) => (one.key === key ? { ...asSeenNow(one), doubt: null, at: Date.now() } : one)));
  void sendWaiting();
}

function asSeenNow(one: Waiting): Waiting {
  if (one.venueId !== board.value.venueId) return { ...one, basis: null, seen: 0 };
  return { ...one, basis: basisOf(one), seen: board.value.number };
}

/** Whether the server is there for what waits: the line is live, or boards come although no stream does. */
export function isReached(): boolean {
  return isReachedAt(Date.now());
}

function isReachedAt(time: number): boolean {
  return line.value.state === "live" || (boardStaleSince.value !== null && time - boardStaleSince.value < UNFOLLOWED_MS);
}

/** Whether the server is not there: the line is lost, and no boards come without it either. */
export const isAway = computed(() => line.value.state === "lost" && !isReachedAt(clock.value));

/** People say that an action does not hold any more. */
export function dropWaiting(key: string): void {
  keep(queue.value.filter((one) => one.key !== key));
}

const refusals = new Set<(one: Waiting, error: unknown) => void>();

/** Hear of actions that waited and were then refused. */
export function onWaitingRefused(listener: (one: Waiting, error: unknown) => void): void {
  refusals.add(listener);
}

function tellRefused(one: Waiting, error: unknown): void {
  for (const listener of refusals) listener(one, error);
}

/** `unchanged`: the server leaves an order alone that something happened to since it was asked for. */
async function fly<T>(one: Waiting, unchanged = false): Promise<T> {
  flying.value = new Set([...flying.value, one.path]);
  try {
    return await ask<T>(one.method, one.path, {
      key: one.key,
      ...(unchanged ? { headers: { "If-Unchanged-Since-Event": String(one.seen) } } : {}),
      ...(one.body === undefined ? {} : { body: one.body }),
    });
  } finally {
    const left = new Set(flying.value);
    left.delete(one.path);
    flying.value = left;
  }
}

async function sendWaiting(): Promise<void> {
  if (sending) return;
  sending = true;
  /** The order that something was just done to. */
  let changed: number | undefined;
  try {
    for (;;) {
      if (nextToSend() === undefined || !isReached()) return;
      if (!(await hasCaughtUp())) return;
      renew(changed);
      changed = undefined;
      const one = nextToSend();
      if (one === undefined) return;
      const doubt = doubtOf(one);
      if (doubt !== null) {
        doubtAbout(one, doubt);
        continue;
      }
      try {
        await fly(one, one.orderId !== undefined && one.seen > 0);
        changed = one.orderId;
      } catch (error) {
        if (error instanceof Unreachable) return;
        if (error instanceof Refused && error.code === "order_changed") {
          doubtAbout(one, "overtaken");
          continue;
        }
        if (error instanceof Refused && leavesOpen(error) && error.status !== 401 && error.status !== 403) {
          setTimeout(() => void sendWaiting(), (error.retryAfterS ?? 0) * 1_000 || NO_VERDICT_MS);
          return;
        }
        tellRefused(one, error);
      }
      dropWaiting(one.key);
    }
  } finally {
    sending = false;
  }
}

/** The oldest that nobody must be asked about. */
function nextToSend(): Waiting | undefined {
  return queue.value.find((candidate) => candidate.doubt === null && candidate.actor === actor);
}

/** Wait until the log has nothing that the board has not; false when the line is lost again meanwhile. */
async function hasCaughtUp(): Promise<boolean> {
  const { venueId } = board.value;
  if (venueId === 0) return true;
  for (;;) {
    if (!isReached() || board.value.venueId !== venueId) return false;
    try {
      const query = { venue: venueId, after: board.value.number, limit: 1 };
      if (boardLoaded.value && (await ask<LogEvent[]>("GET", "/hub/v1/events", { query })).length === 0) return true;
    } catch (error) {
      // The log before the board's number is gone: the board is about to be taken anew.
      if (!(error instanceof Refused) || error.status !== 410) return false;
    }
    await new Promise((resolve) => setTimeout(resolve, CATCHING_UP_MS));
  }
}

/** What else waits for an order that we have just changed ourselves is not overtaken by that. */
function renew(orderId: number | undefined): void {
  if (orderId === undefined) return;
  const isOurs = (one: Waiting): boolean => one.orderId === orderId && one.doubt === null && changedOnlyBy(one.actor, orderId, one.seen);
  if (queue.value.some(isOurs)) keep(queue.value.map((one) => (isOurs(one) ? asSeenNow(one) : one)));
}

function doubtAbout(one: Waiting, doubt: NonNullable<Waiting["doubt"]>): void {
  keep(queue.value.map((other) => (other.key === one.key ? { ...one, doubt } : other)));
}

function doubtOf(one: Waiting): Waiting["doubt"] {
  if (Date.now() - one.at > FRESH_MS) return "old";
  // How an order of another venue stands now only the server knows.
  if (one.venueId !== board.value.venueId || basisOf(one) === one.basis) return null;
  // Set to what was wanted: this very action, whose answer was lost, or somebody who wanted the same.
  if (one.productId !== undefined) return basisOf(one) === String((one.body as { quantity: number | null }).quantity) ? null : "overtaken";
  if (one.orderId === undefined) return null;
  // What we changed ourselves may be this very action, whose answer was lost: the key then makes the repeat harmless, and
  // the server leaves the order alone if it was another action of ours, from another screen.
  return changedOnlyBy(one.actor, one.orderId, one.seen) ? null : "overtaken";
}

function keep(next: readonly Waiting[]): void {
  queue.value = next;
  try {
    sessionStorage.setItem(KEPT_IN, JSON.stringify(next));
  } catch {
    // A browser that keeps nothing still sends what waits while the page is open.
  }
}

function restored(): readonly Waiting[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT_IN) ?? "[]") as Waiting[];
  } catch {
    return [];
  }
}

// What waits is sent by this page alone: whoever closes it is told that it is not done.
addEventListener("beforeunload", (event) => {
  if (queue.peek().length > 0) event.preventDefault();
});

effect(() => {
  if (isReached()) setTimeout(() => void sendWaiting());
});
