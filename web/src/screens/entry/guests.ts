/** Who calls: guests found by what is typed of a phone number, and what they had before. */

import { computed, signal } from "@preact/signals";
import { ask, Refused, Unreachable } from "~/api/client";
import type { Guest, OrderSummary } from "~/api/types";
import { menu, productsById } from "~/menu";
import { chosenOf, keptOf, modifierOf } from "./choices";
import { addLine, change, draft, owner } from "./draft";
import { discountWithout } from "./group-discount";
import { leftOf } from "./stock";

const PAUSE_MS = 200;
const MIN_DIGITS = 4;
const PAST_ORDERS = 5;

export interface Lookup {
  state: "idle" | "asking" | "found" | "unknown";
  guests: readonly Guest[];
}

const NOBODY: Lookup = { state: "idle", guests: [] };
const found = signal<Lookup>(NOBODY);
const past = signal<{ guestId: number; state: "asking" | "found" | "unknown"; orders: readonly OrderSummary[] } | null>(null);
const report = signal<readonly string[]>([]);

/** Whom the number typed so far may belong to. */
export const lookup = computed(() => found.value);
/** The guest's last orders. */
export const history = computed(() => (past.value?.guestId === draft.value.guest?.id ? past.value : null));
/** What could not be repeated of a past order, by name. */
export const leftOut = computed(() => report.value);

let asked: AbortController | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let whenFound: ((guests: readonly Guest[]) => void) | null = null;

/** Another number is typed: whoever was chosen for the one before is not it. */
export function typePhone(phone: string): void {
  const { guest, name, address } = draft.value;
  change({
    phone,
    guest: null,
    ...(guest && name === guest.name ? { name: "" } : {}),
    ...(guest && address === (guest.address ?? "") ? { address: "" } : {}),
    ...discountWithout(guest, draft.value),
  });
  // Whom the number before may have belonged to stays in sight until the answer for this one is there.
  const { guests } = found.value;
  stopLookup();
  if (phone.replace(/\D/g, "").length < MIN_DIGITS) return;
  found.value = { state: "asking", guests };
  const mine = (asked = new AbortController());
  timer = setTimeout(() => void find(phone, mine.signal), PAUSE_MS);
}

/** Forget what was found and ask for nothing. */
export function stopLookup(): void {
  asked?.abort();
  clearTimeout(timer);
  whenFound = null;
  if (found.value.state !== "idle") found.value = NOBODY;
}

/** Once the answer under way is there, do this with it; for whoever presses Enter before it comes. */
export function onceFound(act: (guests: readonly Guest[]) => void): void {
  whenFound = act;
}

async function find(phone: string, signalled: AbortSignal): Promise<void> {
  try {
    const guests = await ask<Guest[]>("GET", "/hub/v1/customers", { query: { phone, limit: 6 }, signal: signalled });
    if (signalled.aborted) return;
    found.value = { state: "found", guests };
  } catch (error) {
    if (signalled.aborted) return;
    if (!(error instanceof Unreachable) && !(error instanceof Refused)) throw error;
    found.value = { state: "unknown", guests: [] };
  }
  const act = whenFound;
  whenFound = null;
  act?.(found.value.guests);
}

/** The order is for this guest. */
export function takeGuest(guest: Guest): void {
  stopLookup();
  const before = draft.value.guest;
  change({
    guest,
    phone: guest.phone ?? draft.value.phone,
    name: guest.name,
    address: guest.address ?? "",
    ...(before?.id === guest.id ? {} : discountWithout(before, draft.value)),
  });
  void loadHistory(guest.id);
}

/** Fetch what the guest had before, unless it is known. */
export async function loadHistory(guestId: number): Promise<void> {
  if (past.value?.guestId === guestId && past.value.state !== "unknown") return;
  past.value = { guestId, state: "asking", orders: [] };
  try {
    const orders = await ask<OrderSummary[]>("GET", `/hub/v1/customers/${guestId}/orders`, { query: { limit: PAST_ORDERS } });
    if (past.peek()?.guestId === guestId) past.value = { guestId, state: "found", orders };
  } catch (error) {
    if (!(error instanceof Unreachable) && !(error instanceof Refused)) throw error;
    if (past.peek()?.guestId === guestId) past.value = { guestId, state: "unknown", orders: [] };
  }
}

/** Forget the guest's orders: the next one may be somebody else, and these may have one more by then. */
export function forgetHistory(): void {
  past.value = null;
  report.value = [];
}

owner.subscribe(() => {
  stopLookup();
  forgetHistory();
});

/** Put what was ordered before into the basket; what is not sold any more, or is gone, is left out and named. */
export function repeat(order: OrderSummary): void {
  if (menu.value === null) return;
  const missing: string[] = [];
  const sold = order.lines.flatMap((line) => {
    const product = productsById.value.get(line.product_id);
    if (product === undefined || product.price === null || leftOf(product.id) === 0) {
      missing.push(line.name);
      return [];
    }
    const wanted = line.modifiers.map(({ modifier_id: id, count }) => ({ id, count }));
    const modifiers = keptOf(product, chosenOf(wanted));
    missing.push(...line.modifiers.filter((one) => !modifiers.some((kept) => kept.id === one.modifier_id)).map((one) => one.name));
    const count = String(line.count);
    return [{ productId: product.id, name: product.name, count, portion: line.portion_size, note: ownNote(line), modifiers }];
  });
  for (const line of sold) addLine(line);
  report.value = missing;
}

/**
 * What was said of a past line itself: modifiers that the menu did not know stand at the end of its note (contract 14.1.6),
 * where the kitchen would make them though nobody pays for them now.
 */
function ownNote(line: OrderSummary["lines"][number]): string {
  let note = line.note ?? "";
  for (const one of line.modifiers.filter((modifier) => modifier.unknown).reverse()) {
    const words = `${one.count} x ${one.name || one.modifier_id}`;
    if (note === words) note = "";
    else if (note.endsWith(`; ${words}`)) note = note.slice(0, -`; ${words}`.length);
  }
  return note;
}

/** The report on what was left out has been read. */
export function dismissLeftOut(): void {
  report.value = [];
}

/** A line of a past order in a few words. */
export function wordsOf(line: OrderSummary["lines"][number]): string {
  const modifiers = line.modifiers.map((one) => modifierOf(one.modifier_id)?.name ?? one.name);
  return modifiers.length === 0 ? line.name : `${line.name} (${modifiers.join(", ")})`;
}
