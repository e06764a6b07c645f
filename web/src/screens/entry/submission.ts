/**
 * Sending the order, so that there is one of it whatever happens.
 *
 * Key and body are kept before they go out. A double click finds the first still under way. Without an answer nobody
 * knows whether the order is there: then the draft is held as it was sent, and only the very same request is sent again,
 * which the server answers with the same order. A change, and with it a new key, is possible only once the server has
 * answered: it keeps committed work only, so a refusal says that there is no order under this key.
 */

import { batch, computed, effect, signal } from "@preact/signals";
import { ask, freshKey, leavesOpen, Refused, Unreachable } from "~/api/client";
import type { Totals } from "~/api/types";
import { explain } from "~/parts/toasts";
import { isAway, isReached } from "~/sync/actions";
import { built } from "./body";
import { clearDraft, draft, keepPending, owner, pending, settle, type Pending } from "./draft";
import { quotedProblems } from "./pricing";
import { placed, type Problems } from "./problems";

/** What waited longer than this is sent again by people only. */
const FRESH_MS = 60_000;

/** An order that was taken. */
export interface Taken {
  id: number;
  number: string;
  accepted: boolean;
  totals: Totals;
  name: string;
}

interface Created {
  id: number;
  payload: { id: number; status: string; totals: Totals; order_number?: string | null };
}

/** The keys of what is on its way; what another has sent from this device may still be, too. */
const flying = signal<ReadonlySet<string>>(new Set());
const result = signal<Taken | null>(null);
const said = signal<string | null>(null);
const refused = signal<{ problems: Problems; of: string } | null>(null);
const tried = signal(false);

/** Whether the order is on its way just now. */
export const sending = computed(() => pending.value !== null && flying.value.has(pending.value.key));
/** Whether it was sent and nobody knows what became of it. */
export const inDoubt = computed(() => pending.value !== null && !sending.value);
/** Whether the draft can be changed. */
export const isHeld = computed(() => pending.value !== null);
/** The order just taken; null until there is one. */
export const taken = computed(() => result.value);
/** Why sending did not work, in words. */
export const failure = computed(() => said.value);

const content = computed(() => JSON.stringify(built.value.body));

/** Everything that is wrong, where it belongs; what is only missing yet shows once somebody wanted to send. */
export const problems = computed<Problems>(() => {
  const { problems: own, missing } = built.value;
  const told = refused.value?.of === content.value ? refused.value.problems : new Map<string, string>();
  return new Map([...told, ...quotedProblems.value, ...(tried.value ? missing : []), ...own]);
});

/** Send the order, or send it again. Returns the place of the first thing that is wrong with it, if anything is. */
export async function submit(): Promise<string | null> {
  if (sending.value || result.value !== null) return null;
  if (pending.value === null) {
    const wrong = begin();
    if (wrong !== null) return wrong;
  }
  const sent = pending.value;
  if (sent === null) return null;
  const of = owner.value;
  flying.value = new Set([...flying.value, sent.key]);
  said.value = null;
  try {
    const created = await ask<Created>("POST", "/hub/v1/orders", { key: sent.key, body: sent.body });
    batch(() => succeed(of, sent, created));
  } catch (error) {
    batch(() => fail(of, sent, error));
  } finally {
    flying.value = new Set([...flying.value].filter((key) => key !== sent.key));
  }
  return null;
}

/** Make the request that is sent, once and for all; returns what is wrong instead. */
function begin(): string | null {
  tried.value = true;
  const { body, problems: own, missing } = built.value;
  const wrong = [...missing.keys(), ...own.keys()][0];
  if (wrong !== undefined) return wrong;
  // The quote is not asked here: it may be out of date, and the order's own answer decides.
  if (body === null) return "form";
  if (isAway.value) return null;
  keepPending({ key: freshKey(), body, at: Date.now() });
  return null;
}

function succeed(of: string | null, sent: Pending, created: Created): void {
  // Somebody else may act here by now, whom this order does not concern.
  if (!settle(of, sent.key, "taken")) return;
  result.value = {
    id: created.id,
    number: created.payload.order_number ?? String(created.id),
    accepted: created.payload.status !== "PENDING",
    totals: created.payload.totals,
    name: sent.body.customer.name,
  };
  tried.value = false;
}

function fail(of: string | null, sent: Pending, error: unknown): void {
  if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
  // Of silence there is nothing to say: whether anything changed is just what nobody knows.
  if (error instanceof Unreachable) return;
  const open = leavesOpen(error);
  const isSame = open ? of === owner.value : settle(of, sent.key, "refused");
  if (!isSame) return;
  said.value = explain(error);
  if (!open) refused.value = { problems: placed(error.details, built.value.lineIds), of: JSON.stringify(sent.body) };
}

/** Let go of an order of unknown fate; people say that they have looked. */
export function giveUp(): void {
  if (!sending.value) beginAnew();
}

/** Begin the next order. */
export function beginAnew(): void {
  forget();
  clearDraft();
}

function forget(): void {
  batch(() => {
    result.value = null;
    said.value = null;
    refused.value = null;
    tried.value = false;
  });
}

// What was said to one person is not for the next.
owner.subscribe(forget);

/** What stands in the way of sending, before it is tried: no connection. */
export const waitsForLine = computed(() => isAway.value && pending.value === null);
/** Whether there is anything to send. */
export const hasLines = computed(() => draft.value.lines.length > 0);

/** While the screen is open, what a lost connection left open is sent again when it is back, if it is still fresh. */
export function followLine(): () => void {
  let wasLost = false;
  return effect(() => {
    const reached = isReached();
    const sent = pending.peek();
    if (reached && wasLost && sent !== null && !sending.peek() && Date.now() - sent.at < FRESH_MS) void submit();
    wasLost = isAway.value || (wasLost && !reached);
  });
}
