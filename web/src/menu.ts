/** The menu of the venue that is worked in, and the names screens need; taken anew when the catalogue changes. */

import { computed, effect, signal } from "@preact/signals";
import { askAgain, Refused } from "~/api/client";
import type { Menu } from "~/api/types";
import { chooseVenue, me, venueId } from "~/session";
import { follow, isFollowing, whenFollowing } from "~/sync/line";

const loaded = signal<Menu | null>(null);
const RETRY_MS = 2_000;
const UNFOLLOWED_MS = 60_000;

/** The menu; null until it is there. */
export const menu = computed(() => loaded.value);
/** The venues one may work in; they stay while the menu of the one just chosen is on its way. */
export const venues = signal<Menu["venues"]>([]);
export const productsById = computed(() => new Map((loaded.value?.products ?? []).map((one) => [one.id, one])));
export const saleTypesById = computed(() => new Map((loaded.value?.sale_types ?? []).map((one) => [one.id, one])));
export const stationsById = computed(() => new Map((loaded.value?.stations ?? []).map((one) => [one.id, one])));

let generation = 0;
let tag: string | null = null;
let stop: (() => void) | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

async function load(venue: number | null): Promise<void> {
  const mine = (generation += 1);
  // One venue's menu must not be taken for another's while that one is on its way.
  if (venue !== null && loaded.peek()?.venue_id !== venue) loaded.value = null;
  for (;;) {
    const missesNothing = isFollowing(0);
    try {
      const found = await askAgain<Menu>("/hub/v1/menu", loaded.peek() && tag, { venue });
      if (mine !== generation) return;
      if (found !== null) {
        tag = found.tag;
        loaded.value = found.data;
        venues.value = found.data.venues;
      }
      const served = loaded.peek()?.venue_id;
      if (venue === null && served !== undefined) chooseVenue(served);
      // What changed between this answer and the first event that is heard would be missed: it is asked for once more.
      if (missesNothing) return;
      // Where no stream comes through, it is asked for now and then instead.
      await Promise.race([whenFollowing(0), new Promise((resolve) => setTimeout(resolve, UNFOLLOWED_MS))]);
      if (mine !== generation) return;
    } catch (error) {
      if (mine !== generation) return;
      // The venue remembered here may be none of theirs: the server then says which one is.
      if (error instanceof Refused && error.status === 404 && venue !== null) return load(null);
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function loadSoon(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void load(venueId.peek()), 200 + Math.random() * 800);
}

effect(() => {
  const venue = venueId.value;
  if (!me.value) {
    generation += 1;
    clearTimeout(timer);
    stop?.();
    stop = null;
    loaded.value = null;
    venues.value = [];
    return;
  }
  stop ??= follow({ venueId: 0, onEvent: loadSoon, onResync: loadSoon });
  void load(venue);
});
