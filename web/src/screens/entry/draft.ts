/**
 * The order that is being taken in this tab: what was typed, what lies in the basket, and what was sent without an answer.
 *
 * It survives a reload, and belongs to the person who takes it: an idempotency key counts for one actor only, so another
 * who signs in at the same screen begins with an empty one.
 */

import { computed, effect, signal } from "@preact/signals";
import type { Guest, OrderBody } from "~/api/types";
import { me, onSignOut } from "~/session";

export interface DraftModifier {
  id: number;
  count: number;
}

/** A line of the basket; numbers are kept as they are typed. */
export interface DraftLine {
  id: number;
  productId: number;
  /** What it was called when it was taken, should the menu lose it. */
  name: string;
  count: string;
  portion: number;
  note: string;
  modifiers: readonly DraftModifier[];
}

export type DiscountType = 0 | 1 | 2;

export interface Draft {
  phone: string;
  name: string;
  address: string;
  /** The known guest these fields were filled from; null for a new one. */
  guest: Guest | null;
  /** Null for the usual one. */
  saleTypeId: number | null;
  deliveryFee: string;
  discountType: DiscountType;
  discountValue: string;
  /** Whether a service charge is taken; null for what is usual for the sale type. */
  service: boolean | null;
  /** Its percentage; null for what is usual for the sale type. */
  serviceRate: string | null;
  comment: string;
  lines: readonly DraftLine[];
  nextLine: number;
}

/** What was sent; kept, with its key, until its fate is known. */
export interface Pending {
  key: string;
  body: OrderBody;
  /** This device's clock, in milliseconds. */
  at: number;
}

interface Kept {
  form: 1;
  draft: Draft;
  pending: Pending | null;
}

const NOTHING: Draft = {
  phone: "",
  name: "",
  address: "",
  guest: null,
  saleTypeId: null,
  deliveryFee: "",
  discountType: 0,
  discountValue: "",
  service: null,
  serviceRate: null,
  comment: "",
  lines: [],
  nextLine: 1,
};
const NOTHING_KEPT: Kept = { form: 1, draft: NOTHING, pending: null };

const kept = signal<Kept>(NOTHING_KEPT);
const acting = signal<string | null>(null);

/** Whose draft it is; null for nobody's. */
export const owner = computed(() => acting.value);
/** The draft. */
export const draft = computed(() => kept.value.draft);
/** What was sent without an answer so far; null for nothing. While there is something, the draft stays as it was sent. */
export const pending = computed(() => kept.value.pending);
/** Whether nothing has been entered yet. */
export const isBlank = computed(() => {
  const { draft: now } = kept.value;
  const entered = (Object.keys(NOTHING) as (keyof Draft)[]).filter((key) => key !== "lines" && key !== "nextLine");
  return now.lines.length === 0 && entered.every((key) => now[key] === NOTHING[key]);
});

/** The line that the keyboard just put into the basket: its quantity takes the focus. */
export const justAdded = signal<number | null>(null);

/** Change the draft; not while something sent is without an answer. */
export function change(part: Partial<Draft>): void {
  if (kept.value.pending === null) keep({ ...kept.value, draft: { ...kept.value.draft, ...part } });
}

/** Put a line into the basket, or raise the one that is the same; returns its id. */
export function addLine(line: Omit<DraftLine, "id">): number {
  const { lines, nextLine } = draft.value;
  const same = lines.find((other) => contentOf(other) === contentOf(line));
  if (same) {
    const sum = (decimalOf(same.count) ?? 0) + (decimalOf(line.count) ?? 0);
    changeLine(same.id, { count: String(Math.round(sum * 1_000) / 1_000) });
    return same.id;
  }
  change({ lines: [...lines, { ...line, id: nextLine }], nextLine: nextLine + 1 });
  return nextLine;
}

/** Change a line of the basket. */
export function changeLine(id: number, part: Partial<DraftLine>): void {
  change({ lines: draft.value.lines.map((line) => (line.id === id ? { ...line, ...part } : line)) });
}

/** Take a line out of the basket. */
export function removeLine(id: number): void {
  change({ lines: draft.value.lines.filter((line) => line.id !== id) });
}

/** Begin anew. */
export function clearDraft(): void {
  keep(NOTHING_KEPT);
}

/** Remember what is being sent, before it is. */
export function keepPending(sent: Pending): void {
  keep({ ...kept.value, pending: sent });
}

/**
 * The fate of what `of` sent is known: taken, the draft is done with; refused, it can be changed again.
 *
 * Whoever acts by now, nobody else's draft is touched; says whether it is still the same one.
 */
export function settle(of: string | null, key: string, fate: "taken" | "refused"): boolean {
  const isSame = of === acting.value;
  const before = isSame ? kept.value : of === null ? NOTHING_KEPT : restored(of);
  if (before.pending?.key === key) {
    const after = fate === "taken" ? NOTHING_KEPT : { ...before, pending: null };
    if (isSame) keep(after);
    else if (of !== null) store(of, after);
  }
  return isSame;
}

/** A number as people type it, with a comma or a point; null for what is none. */
export function decimalOf(text: string): number | null {
  const plain = text.trim().replace(",", ".");
  return /^\d{1,10}(\.\d{1,4})?$/.test(plain) ? Number(plain) : null;
}

function contentOf({ productId, portion, note, modifiers }: Omit<DraftLine, "id">): string {
  const chosen = [...modifiers].sort((one, other) => one.id - other.id).map((one) => [one.id, one.count]);
  return JSON.stringify([productId, portion, note, chosen]);
}

function keep(next: Kept): void {
  kept.value = next;
  if (acting.value !== null) store(acting.value, next);
}

function store(actor: string, next: Kept): void {
  try {
    sessionStorage.setItem(placeOf(actor), JSON.stringify(next));
  } catch {
    // A browser that keeps nothing still takes the order while the page is open.
  }
}

function restored(actor: string): Kept {
  try {
    const found = JSON.parse(sessionStorage.getItem(placeOf(actor)) ?? "null") as Kept | null;
    return found?.form === 1 ? found : NOTHING_KEPT;
  } catch {
    return NOTHING_KEPT;
  }
}

function placeOf(actor: string): string {
  return `comanda.entry.${actor}`;
}

effect(() => {
  const actor = me.value?.actor ?? null;
  if (actor === acting.peek()) return;
  acting.value = actor;
  kept.value = actor === null ? NOTHING_KEPT : restored(actor);
});

// Whoever signs out leaves no guest's name and address behind; an order whose fate is open is kept.
onSignOut((actor) => {
  if (actor !== acting.peek() || kept.peek().pending !== null) return;
  keep(NOTHING_KEPT);
});
