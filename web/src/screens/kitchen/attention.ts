/** What asks for the cook's attention: tickets that have just come, just been finished or been cancelled, and their sounds. */

import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { TicketCard } from "~/api/types";
import { ring, warn } from "~/sound";
import { board, boardLoaded } from "~/sync/board";
import { ofStation } from "./queue";

/** A ticket that came stands out, and one that was finished stays in its place, for this long. */
const MOMENT_MS = 3_000;
/** A cancelled ticket is heard again after this long, until somebody has said that they saw it. */
const WARN_AGAIN_MS = 8_000;

export interface Attention {
  /** Came a moment ago. */
  fresh: ReadonlySignal<ReadonlySet<string>>;
  /** Finished a moment ago: still where it was, so that a slip is undone on the spot. */
  lingering: ReadonlySignal<ReadonlySet<string>>;
  stop: () => void;
}

const tickets = computed(() => board.value.tickets);

/** Watch a station's tickets (null: every station's); compares what is shown, so that a resync counts as well. */
export function attend(stationId: number | null): Attention {
  const fresh = moments();
  const lingering = moments();
  let known: ReadonlyMap<string, TicketCard> | null = null;
  let again: ReturnType<typeof setInterval> | undefined;
  const stopWatching = effect(() => {
    const shown = new Map(ofStation(tickets.value.values(), stationId).map((ticket) => [ticket.id, ticket]));
    if (!boardLoaded.value) return;
    const before = known;
    known = shown;
    const cancelled = [...shown.values()].filter((ticket) => ticket.status === "CANCELLED");
    // Whatever else happens meanwhile must not put the next warning off.
    if (cancelled.length === 0) {
      clearInterval(again);
      again = undefined;
    } else again ??= setInterval(warn, WARN_AGAIN_MS);
    if (before === null) {
      if (cancelled.length > 0) warn();
      return;
    }
    const came = [...shown.values()].filter((ticket) => ticket.status === "NEW" && !before.has(ticket.id));
    fresh.add(came.map((ticket) => ticket.id));
    const turned = [...shown.values()].filter((ticket) => before.get(ticket.id)?.status !== ticket.status);
    lingering.add(turned.filter((ticket) => ticket.status === "READY" && before.has(ticket.id)).map((ticket) => ticket.id));
    if (turned.some((ticket) => ticket.status === "CANCELLED")) warn();
    else if (came.length > 0) ring();
  });
  return {
    fresh: fresh.ids,
    lingering: lingering.ids,
    stop: () => {
      stopWatching();
      clearInterval(again);
      fresh.stop();
      lingering.stop();
    },
  };
}

/** A set whose members leave by themselves after a moment. */
function moments(): { ids: ReadonlySignal<ReadonlySet<string>>; add: (added: readonly string[]) => void; stop: () => void } {
  const ids = signal<ReadonlySet<string>>(new Set());
  const timers = new Set<ReturnType<typeof setTimeout>>();
  return {
    ids,
    add: (added) => {
      if (added.length === 0) return;
      ids.value = new Set([...ids.peek(), ...added]);
      const timer = setTimeout(() => {
        timers.delete(timer);
        ids.value = new Set([...ids.peek()].filter((id) => !added.includes(id)));
      }, MOMENT_MS);
      timers.add(timer);
    },
    stop: () => timers.forEach((timer) => clearTimeout(timer)),
  };
}
