/** One order with all that hangs on it: from the board while it stands there, else as the server tells it. */

import { useEffect, useState } from "preact/hooks";
import { ask, Refused, Unreachable } from "~/api/client";
import type { OrderCard, OrderSummary, ReceiptCard, TicketCard, Timeline, WholeOrder } from "~/api/types";
import { board, boardLoaded, summaries, wantSummaries } from "~/sync/board";
import { line } from "~/sync/line";
import { finishedById, receiptOf } from "./layout";

export interface OrderInView {
  order: OrderCard;
  receipt: ReceiptCard | undefined;
  tickets: readonly TicketCard[];
  summary: OrderSummary | undefined;
  /** What whoever refused it wrote down for the house. */
  refusalNote: string | null;
}

interface Whole {
  summary: OrderSummary;
  refusalNote: string | null;
  tickets: readonly TicketCard[];
}

/** The order of this id: undefined while nobody knows yet, null when there is none. */
export function useOrder(id: number): OrderInView | null | undefined {
  const { orders, tickets, done } = board.value;
  const order = orders.get(id);
  const left = done.find((one) => one.id === id);
  const whole = useWhole(id, order === undefined && boardLoaded.value, left?.updated_at ?? "");
  useEffect(() => {
    if (order !== undefined) wantSummaries([id]);
  }, [id, order === undefined]);
  if (order !== undefined) {
    const mine = [...tickets.values()].filter((ticket) => ticket.order_id === id).sort((a, b) => a.station_id - b.station_id);
    return { order, receipt: board.value.receipts.get(id), tickets: mine, summary: summaries.value.get(id), refusalNote: null };
  }
  const summary = whole?.summary ?? finishedById.value.get(id) ?? summaries.value.get(id);
  const card = left ?? summary;
  if (card === undefined) return whole === null ? null : undefined;
  return {
    order: card,
    receipt: receiptOf(id) ?? whole?.summary.receipt ?? undefined,
    tickets: whole?.tickets ?? [],
    summary,
    refusalNote: whole?.refusalNote ?? null,
  };
}

/** What happened to an order when; taken anew when it changes, and empty while nobody knows. */
export function useTimeline(id: number, version: string): Timeline["steps"] {
  const [known, setKnown] = useState<{ id: number; steps: Timeline["steps"] }>({ id, steps: [] });
  const alive = line.value.state === "live";
  useEffect(() => {
    const stop = new AbortController();
    ask<Timeline>("GET", `/hub/v1/orders/${id}/timeline`, { signal: stop.signal })
      .then(({ steps }) => setKnown({ id, steps }))
      .catch(unlessExpected(stop.signal));
    return () => stop.abort();
  }, [id, version, alive]);
  return known.id === id ? known.steps : [];
}

function useWhole(id: number, wanted: boolean, version: string): Whole | null | undefined {
  const [found, setFound] = useState<{ id: number; whole: Whole | null } | null>(null);
  const venueId = board.value.venueId;
  const alive = line.value.state === "live";
  useEffect(() => {
    if (!wanted) return;
    const stop = new AbortController();
    fetchWhole(id, venueId, stop.signal)
      .then((whole) => setFound({ id, whole }))
      .catch(unlessExpected(stop.signal));
    return () => stop.abort();
  }, [id, venueId, wanted, version, alive]);
  return found?.id === id ? found.whole : undefined;
}

async function fetchWhole(id: number, venue: number, signal: AbortSignal): Promise<Whole | null> {
  const [summary] = await ask<OrderSummary[]>("GET", "/hub/v1/orders", { query: { venue, ids: id }, signal });
  if (summary === undefined) return null;
  const { chain, refusal } = await ask<WholeOrder>("GET", `/hub/v1/orders/${id}`, { signal });
  return { summary, tickets: chain.tickets, refusalNote: refusal?.note ?? null };
}

/** Silence is tried again when the line is back, and a refusal leaves the place empty. */
function unlessExpected(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted && !(error instanceof Refused || error instanceof Unreachable)) throw error;
  };
}
