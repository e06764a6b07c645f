/** The fold of boards on what a real run wrote; tests/unit/test_web.py makes the recording and says where it is. */

import { beforeEach, expect, test, vi } from "vitest";
import type { Board, LogEvent } from "~/api/types";
import type { BoardState } from "./board";
import { FakeServer, opened } from "./fake-server";

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

const RECORDED = (import.meta.env as Record<string, string>).VITE_COMANDA_RECORDING ?? "";
const { runs, events, fresh } = ((await import(/* @vite-ignore */ RECORDED)) as { default: Recording }).default;

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

test.each(runs)("makes of the board at $snapshot.number what Python makes of it", async ({ snapshot, checkpoints }) => {
  await opened(server, board, snapshot);
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
  if (first === undefined) throw new Error("the recording is empty");
  await opened(server, board, first.snapshot);
  for (const one of events) if (one.number > first.snapshot.number) server.stream.event(one);
  await vi.waitFor(() => expect(board.board.value.number).toBe(fresh.number));
  const folded = keptOf(board.board.value);
  board.closeBoard();
  await opened(server, board, fresh);
  expect(folded).toEqual(keptOf(board.board.value));
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
