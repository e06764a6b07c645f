/** The menu of the venue that is worked in, and the names screens need; taken anew when the catalogue changes. */

import { computed, effect, signal } from "@preact/signals";
import { ask, Refused } from "~/api/client";
import type { Menu } from "~/api/types";
import { chooseVenue, me, venueId } from "~/session";
import { follow } from "~/sync/line";

const loaded = signal<Menu | null>(null);
const RETRY_MS = 2_000;

/** The menu; null until it is there. */
export const menu = computed(() => loaded.value);
export const productsById = computed(() => new Map((loaded.value?.products ?? []).map((one) => [one.id, one])));
export const saleTypesById = computed(() => new Map((loaded.value?.sale_types ?? []).map((one) => [one.id, one])));
export const stationsById = computed(() => new Map((loaded.value?.stations ?? []).map((one) => [one.id, one])));

let generation = 0;
let stop: (() => void) | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

async function load(venue: number | null): Promise<void> {
  const mine = (generation += 1);
  for (;;) {
    try {
      const found = await ask<Menu>("GET", "/hub/v1/menu", { query: { venue } });
      if (mine !== generation) return;
      loaded.value = found;
      if (venue === null) chooseVenue(found.venue_id);
      return;
    } catch (error) {
      if (mine !== generation) return;
      // The venue remembered here may be none of theirs: the server then says which one is.
      if (error instanceof Refused && error.status === 404 && venue !== null) return load(null);
      if (error instanceof Refused) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

effect(() => {
  const venue = venueId.value;
  stop?.();
  stop = null;
  if (!me.value) {
    loaded.value = null;
    return;
  }
  void load(venue);
  const again = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void load(venue), 200 + Math.random() * 800);
  };
  stop = follow({ venueId: 0, onEvent: again, onResync: again });
});
