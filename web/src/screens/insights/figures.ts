/** A venue's figures over days, taken anew while orders come in. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Unreachable } from "~/api/client";
import type { Insights } from "~/api/types";
import { board } from "~/sync/board";
import type { Days } from "./range";

/** Events come by the dozen; figures of them are asked for no more often than this. */
const LIVE_MS = 15_000;
const RETRY_MS = 3_000;

export interface Figures {
  data: Insights | null;
  error: unknown;
  /** What is shown is of another venue or of other days than what is asked for. */
  stale: boolean;
}

/** The figures of these days; with `live` they follow what happens at the venue. */
export function useFigures(venue: number | null, days: Days | null, live: boolean): Figures {
  const [data, setData] = useState<Insights | null>(null);
  const [error, setError] = useState<unknown>(null);
  const asked = useRef(0);
  const from = days?.from ?? null;
  const to = days?.to ?? null;

  async function load(signal: AbortSignal): Promise<void> {
    asked.current = Date.now();
    try {
      const found = await ask<Insights>("GET", "/hub/v1/insights", { query: { venue, from, to }, signal });
      if (signal.aborted) return;
      setData(found);
      setError(null);
    } catch (problem) {
      if (signal.aborted) return;
      setError(problem);
      if (problem instanceof Unreachable) setTimeout(() => signal.aborted || void load(signal), RETRY_MS);
    }
  }

  useEffect(() => {
    if (venue === null || days === null) return;
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    void load(over.signal);
    const soon = (): void => {
      if (!live || timer !== undefined) return;
      timer = setTimeout(
        () => {
          timer = undefined;
          void load(over.signal);
        },
        Math.max(1_000, asked.current + LIVE_MS - Date.now()),
      );
    };
    // A board that was taken anew has what happened meanwhile, and no event told of it.
    let number = board.peek().number;
    const stopBoard = board.subscribe((next) => {
      if (next.number > number) soon();
      number = next.number;
    });
    return () => {
      over.abort();
      clearTimeout(timer);
      stopBoard();
    };
  }, [venue, from, to, live]);

  const stale = data !== null && (data.venue_id !== venue || data.from !== from || data.to !== to);
  return { data, error, stale };
}

/** The day that it is at the venue now, as the server counts days; null until it is known, or `error` says why it is not. */
export function useToday(venue: number | null): { today: string | null; error: unknown } {
  const [today, setToday] = useState<string | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  useEffect(() => {
    if (venue === null) return;
    const over = new AbortController();
    const learn = (): void => {
      ask<Insights>("GET", "/hub/v1/insights", { query: { venue }, signal: over.signal }).then(
        (found) => {
          setToday(found.to);
          setFailure(null);
        },
        (error: unknown) => {
          if (over.signal.aborted) return;
          setFailure(error);
          if (error instanceof Unreachable) setTimeout(learn, RETRY_MS);
        },
      );
    };
    learn();
    // Pages stay open for weeks; the day turns meanwhile.
    const timer = setInterval(learn, 5 * 60_000);
    return () => {
      over.abort();
      clearInterval(timer);
    };
  }, [venue]);
  return { today, error: failure };
}
