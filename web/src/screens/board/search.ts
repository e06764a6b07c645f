/** The search of the board: what is on it at once, what is older from the server a moment later. */

import { computed, effect, signal } from "@preact/signals";
import { ask, Refused, Unreachable } from "~/api/client";
import type { OrderSummary } from "~/api/types";
import { board, summaries } from "~/sync/board";
import { finishedById, layout } from "./layout";
import { matches, STAGES, type Layout, type Row, type Stage } from "./stages";

const TYPING_MS = 250;

/** What is searched for. */
export const searched = signal("");
const venue = computed(() => board.value.venueId);
const found = signal<readonly OrderSummary[] | null>(null);
const failure = signal<unknown>(null);

/** The columns with only what the search finds. */
export const visible = computed<Layout>(() => {
  const text = searched.value.trim();
  if (text === "") return layout.value;
  const details = summaries.value;
  const pick = (stage: Stage): Row[] => layout.value[stage].filter((row) => matches(row, details.get(row.order.id) ?? finishedById.value.get(row.order.id), text));
  return { new: pick("new"), accepted: pick("accepted"), ready: pick("ready"), done: pick("done") };
});

/** What the server found beside the board; null while nothing was asked for or the answer is still to come. */
export const older = computed(() => {
  const shown = new Set(STAGES.flatMap((stage) => visible.value[stage]).map((row) => row.order.id));
  return found.value?.filter((one) => !shown.has(one.id)) ?? null;
});

/** Why the server did not say what there is; null while it did. */
export const searchFailure = computed(() => failure.value);

/** Ask the server whenever the typing pauses; returns how to stop. */
export function watchSearch(): () => void {
  let asking: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = effect(() => {
    const search = searched.value.trim();
    const venueId = venue.value;
    clearTimeout(timer);
    asking?.abort();
    found.value = null;
    failure.value = null;
    if (search === "" || venueId === 0) return;
    timer = setTimeout(() => {
      asking = new AbortController();
      void fetchOlder(venueId, search, asking.signal);
    }, TYPING_MS);
  });
  return () => {
    clearTimeout(timer);
    asking?.abort();
    stop();
    searched.value = "";
    found.value = null;
  };
}

async function fetchOlder(venueId: number, search: string, signal: AbortSignal): Promise<void> {
  try {
    found.value = await ask<OrderSummary[]>("GET", "/hub/v1/orders", { query: { venue: venueId, search, limit: 20 }, signal });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    failure.value = error;
  }
}
