/** Printers that do not answer: nobody cooks from a paper that is still in line. */

import { useEffect, useState } from "preact/hooks";
import { ask, Refused, serverNow, Unreachable } from "~/api/client";
import type { PrintJobEntry } from "~/api/types";
import { isReached } from "./actions";
import { board as venueBoard } from "./board";

const EVERY_MS = 15_000;
/** A paper that was tried this often in vain is late; before, its printer may only have been busy. */
const TRIED = 2;
/** So is one that is in line for so long: perhaps nothing prints at its station any more. */
const LONG_MS = 120_000;

export interface Late {
  stationId: number;
  papers: number;
}

/** The stations whose printer does not answer, with how many papers wait for it; asked for every now and then. */
export function useLatePapers(): readonly Late[] {
  const { venueId } = venueBoard.value;
  const alive = isReached();
  const [found, setFound] = useState<{ venueId: number; late: readonly Late[] }>({ venueId, late: [] });
  useEffect(() => {
    if (venueId === 0 || !alive) return;
    const stop = new AbortController();
    const look = (): void => {
      if (document.visibilityState !== "visible") return;
      const asked = (["queued", "sending"] as const).map((status) =>
        ask<PrintJobEntry[]>("GET", "/hub/v1/print-jobs", { query: { venue: venueId, status }, signal: stop.signal }),
      );
      Promise.all(asked).then(
        (jobs) => setFound({ venueId, late: lateOf(jobs.flat()) }),
        (error: unknown) => {
          // What cannot be asked now is asked again soon.
          if (!stop.signal.aborted && !(error instanceof Refused || error instanceof Unreachable)) throw error;
        },
      );
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [venueId, alive]);
  return found.venueId === venueId ? found.late : [];
}

function lateOf(jobs: readonly PrintJobEntry[]): readonly Late[] {
  const silent = new Set(jobs.filter((job) => triesInVain(job) >= TRIED).map((job) => job.printer_id));
  const isLate = (job: PrintJobEntry): boolean => silent.has(job.printer_id) || serverNow() - Date.parse(job.created_at) > LONG_MS;
  // One that is taken between the two answers stands in both.
  const waiting = new Map(jobs.filter(isLate).map((job) => [job.id, job]));
  const papers = new Map<number, number>();
  for (const job of waiting.values()) {
    const stationId = Number(job.ticket_id.split("-")[1]);
    papers.set(stationId, (papers.get(stationId) ?? 0) + 1);
  }
  return [...papers].map(([stationId, count]) => ({ stationId, papers: count }));
}

/** The try that is under way may still succeed. */
function triesInVain({ attempts, status }: PrintJobEntry): number {
  return attempts - (status === "sending" ? 1 : 0);
}
