/** The menu of the venue that is worked in, and the names screens need; taken anew when the catalogue changes. */

import { computed, effect, signal } from "@preact/signals";
import { ask, Refused } from "~/api/client";
import type { Menu } from "~/api/types";
import { chooseVenue, me, venueId } from "~/session";
import { follow, whenFollowing } from "~/sync/line";

const loaded = signal<Menu | null>(null);
const RETRY_MS = 2_000;
/** A line that takes longer than this to come is not waited for. */
const FOLLOWING_MS = 3_000;

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
  // One venue's menu must not be taken for another's while that one is on its way.
  if (venue !== null && loaded.peek()?.venue_id !== venue) loaded.value = null;
  // Not before: what changes between the menu and the first event that is heard would be missed.
  await Promise.race([whenFollowing(0), new Promise((resolve) => setTimeout(resolve, FOLLOWING_MS))]);
  for (;;) {
    if (mine !== generation) return;
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
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) return;
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
  const again = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void load(venue), 200 + Math.random() * 800);
  };
  stop = follow({ venueId: 0, onEvent: again, onResync: again });
  void load(venue);
});
