/**
 * What the order costs, as the server says it; nothing is worked out here.
 *
 * Each change asks again, the latest question wins, and until its answer is there the sums shown are known to be old.
 */

import { computed, effect, signal, untracked } from "@preact/signals";
import { ask, Refused, Unreachable } from "~/api/client";
import type { OrderBody, Quote } from "~/api/types";
import { explain } from "~/parts/toasts";
import { isAway } from "~/sync/actions";
import { board } from "~/sync/board";
import { built } from "./body";
import { placed, type Problems } from "./problems";

const PAUSE_MS = 150;
const RETRY_MS = 2_000;

export interface Pricing {
  /** `none`: nothing to price; `asking`: `quote` is of an earlier basket; `unknown`: no connection; `failed`: refused. */
  state: "none" | "asking" | "fresh" | "unknown" | "failed";
  quote: Quote | null;
  /** The basket's lines in the order of the quote's. */
  lineIds: readonly number[];
  error: string | null;
}

const NOTHING: Pricing = { state: "none", quote: null, lineIds: [], error: null };
const current = signal<Pricing>(NOTHING);
const again = signal(0);

/** What the basket costs. */
export const pricing = computed(() => current.value);
/** What the server has against the order, where it belongs; of the basket as it is now. */
export const quotedProblems = computed<Problems>(() => {
  const { state, quote, lineIds } = current.value;
  return state === "fresh" && quote ? placed(quote.problems, lineIds) : new Map();
});

/** What is asked, and what may change the answer: what the stop list leaves of the basket, and another try. */
const question = computed(() => {
  const { body, lineIds } = built.value;
  if (body === null) return null;
  const left = body.products.map((one) => board.value.stopList.get(one.product_id) ?? null);
  return JSON.stringify({ body, lineIds, left, again: again.value });
});

/** Keep the price of the draft known, while the screen is open; returns how to stop. */
export function followPrice(): () => void {
  let asked: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = effect(() => {
    const text = question.value;
    asked?.abort();
    clearTimeout(timer);
    if (text === null) {
      current.value = NOTHING;
      return;
    }
    const { body, lineIds } = JSON.parse(text) as { body: OrderBody; lineIds: number[] };
    const before = untracked(() => current.value);
    if (isAway.value) {
      current.value = { ...before, state: "unknown", error: null };
      return;
    }
    current.value = { ...before, state: "asking", error: null };
    const mine = (asked = new AbortController());
    timer = setTimeout(() => void price(body, lineIds, mine.signal), PAUSE_MS);
  });
  return () => {
    stop();
    asked?.abort();
    clearTimeout(timer);
  };
}

async function price(body: OrderBody, lineIds: readonly number[], signalled: AbortSignal): Promise<void> {
  try {
    const quote = await ask<Quote>("POST", "/hub/v1/quotes", { body, signal: signalled });
    if (!signalled.aborted) current.value = { state: "fresh", quote, lineIds, error: null };
  } catch (error) {
    if (signalled.aborted) return;
    if (!(error instanceof Unreachable) && !(error instanceof Refused)) throw error;
    const lost = error instanceof Unreachable;
    current.value = { ...current.value, state: lost ? "unknown" : "failed", error: explain(error) };
    const wait = lost ? RETRY_MS : error.retryAfterS === null ? null : error.retryAfterS * 1_000;
    if (wait !== null) setTimeout(() => signalled.aborted || (again.value += 1), wait);
  }
}
