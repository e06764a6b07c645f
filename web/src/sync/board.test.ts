import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Board, LogEvent } from "~/api/types";
import type { BoardState } from "./board";
import { emptyBoard, event, FakeServer, order } from "./fake-server";

/** A board as tests/events/folding.py keeps it: by kind and id. */
type Kept = { number: number } & Record<
  "orders" | "receipts" | "tickets" | "stop_list" | "devices" | "print_jobs",
  Record<string, unknown>
>;

/** What a real run wrote: boards taken on the way, every event, and what Python's fold made of them. */
interface Recording {
  events: LogEvent[];
  runs: { snapshot: Board; checkpoints: Kept[] }[];
  fresh: Board;
}

/** tests/unit/test_web.py says where a recording is; without it only what is written by hand below is tried. */
const RECORDED = (import.meta.env as Record<string, string | undefined>).VITE_COMANDA_RECORDING;

let server: FakeServer;
let board: typeof import("./board");

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  server = new FakeServer();
  server.install();
  board = await import("./board");
  return () => vi.useRealTimers();
});

async function passing(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

async function opened(snapshot: Board): Promise<void> {
  server.board = snapshot;
  board.openBoard(snapshot.venue_id);
  await passing(10);
  server.stream.hello({ [snapshot.venue_id]: snapshot.number });
  await passing(10);
}

test("a board that cannot be had is asked for until it comes; what was heard meanwhile is not lost", async () => {
  await opened(emptyBoard(10, { orders: [order(5)] }));
  server.board = null;
  server.stream.event(event(12, "order.changed", order(5)));
  await passing(10);
  server.stream.event(event(13, "order.created", order(6)));
  await passing(10);
  server.board = emptyBoard(12, { orders: [order(5)] });
  await passing(5_000);
  expect(board.board.value.number).toBe(13);
  expect([...board.board.value.orders.keys()]).toEqual([5, 6]);
});

describe.skipIf(RECORDED === undefined)("a real run", async () => {
  const recording = RECORDED === undefined ? null : ((await import(/* @vite-ignore */ RECORDED)) as { default: Recording }).default;
  const runs = recording?.runs ?? [];
  const events = recording?.events ?? [];

  test.each(runs)("makes of the board at $snapshot.number what Python makes of it", async ({ snapshot, checkpoints }) => {
    await opened(snapshot);
    let at = snapshot.number;
    for (const checkpoint of checkpoints) {
      for (const one of events) if (one.number > at && one.number <= checkpoint.number) server.stream.event(one);
      at = checkpoint.number;
      await vi.waitFor(() => expect(board.board.value.number).toBe(at));
      expect(keptOf(board.board.value)).toEqual(checkpoint);
    }
    expect(server.asked.filter((one) => one.path.endsWith("/board"))).toHaveLength(1);
  });

  test("ends at the board that the server then has", async () => {
    const first = runs[0];
    const fresh = recording?.fresh;
    if (first === undefined || fresh === undefined) throw new Error("the recording is empty");
    await opened(first.snapshot);
    for (const one of events) if (one.number > first.snapshot.number) server.stream.event(one);
    await vi.waitFor(() => expect(board.board.value.number).toBe(fresh.number));
    const folded = keptOf(board.board.value);
    board.closeBoard();
    await opened(fresh);
    expect(folded).toEqual(keptOf(board.board.value));
  });
});

test("an event that is not the next one means a fresh board, and none is applied twice", async () => {
  await opened(emptyBoard(10));
  server.stream.event(event(11, "order.created", order(1)));
  await passing(10);
  expect([...board.board.value.orders.keys()]).toEqual([1]);
  server.board = emptyBoard(14, { orders: [order(1), order(2), order(3)] });
  server.stream.event(event(13, "order.created", order(2)));
  server.stream.event(event(14, "order.created", order(3)));
  server.stream.event(event(15, "order.created", order(4)));
  await passing(10);
  expect([...board.board.value.orders.keys()]).toEqual([1, 2, 3, 4]);
  expect(board.board.value.number).toBe(15);
  expect(server.asked.filter((one) => one.path.endsWith("/board"))).toHaveLength(2);
});

test("what cannot be followed any more is taken anew, from where the stream begins again", async () => {
  await opened(emptyBoard(10, { orders: [order(1)] }));
  server.stream.frame("resync", { venue_id: 1, last: 90 });
  await passing(10);
  // Before the stream is back, a board would be too early.
  expect(server.asked.filter((one) => one.path.endsWith("/board"))).toHaveLength(1);
  server.board = emptyBoard(91, { orders: [order(7)] });
  server.stream.end();
  await passing(1_000);
  server.stream.hello({ 1: 90 });
  server.stream.event(event(91, "order.created", order(7)));
  server.stream.event(event(92, "order.created", order(8)));
  await passing(10);
  expect([...board.board.value.orders.keys()]).toEqual([7, 8]);
  expect(board.board.value.number).toBe(92);
});

test("an order that leaves is kept as done, forty of them at most, and its cancelled tickets stay", async () => {
  await opened(emptyBoard(10));
  let number = 10;
  const next = (type: string, data: object): void => server.stream.event(event((number += 1), type, data));
  for (let id = 1; id <= 50; id += 1) {
    next("order.created", order(id));
    next("ticket.created", { id: `${id}-1-1`, order_id: id, open: true, status: id === 50 ? "CANCELLED" : "READY" });
    next("order.delivered", order(id, { open: false, status: "DELIVERED" }));
  }
  await passing(10);
  expect(board.board.value.orders.size).toBe(0);
  expect(board.board.value.done.map((one) => one.id)).toEqual(Array.from({ length: 40 }, (_, index) => 50 - index));
  expect([...board.board.value.tickets.keys()]).toEqual(["50-1-1"]);
});

/** The board as Python keeps it. */
function keptOf(state: BoardState): Kept {
  const { venueId: venue_id } = state;
  const stopList = [...state.stopList].map(([product_id, quantity]) => [product_id, { venue_id, product_id, quantity }] as const);
  const devices = [...state.devices].map(([id, present]) => [id, { id, present }] as const);
  return {
    number: state.number,
    orders: Object.fromEntries(state.orders),
    receipts: Object.fromEntries(state.receipts),
    tickets: Object.fromEntries(state.tickets),
    stop_list: Object.fromEntries(stopList),
    devices: Object.fromEntries(devices),
    print_jobs: Object.fromEntries(state.printJobs),
  };
}
