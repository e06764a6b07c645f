import { beforeEach, expect, test, vi } from "vitest";
import { emptyBoard, event, FakeServer, opened, order, passing } from "./fake-server";

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

test("a board that cannot be had is asked for until it comes; what was heard meanwhile is not lost", async () => {
  await opened(server, board, emptyBoard(10, { orders: [order(5)] }));
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

test("an event that is not the next one means a fresh board, and none is applied twice", async () => {
  await opened(server, board, emptyBoard(10));
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
  await opened(server, board, emptyBoard(10, { orders: [order(1)] }));
  server.board = emptyBoard(89, { orders: [order(6)] });
  server.stream.frame("resync", { venue_id: 1, last: 90 });
  await passing(10);
  expect([...board.board.value.orders.keys()]).toEqual([6]);
  // What happened between that board and where the stream begins again, no event will tell.
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

test("a board is shown before the stream is there, and taken again only where the stream begins after it", async () => {
  for (const [began, boards] of [[20, 1], [21, 2]] as const) {
    board.closeBoard();
    server.asked.length = 0;
    server.board = emptyBoard(20, { orders: [order(1)] });
    board.openBoard(1);
    await passing(10);
    expect([...board.board.value.orders.keys()]).toEqual([1]);
    server.board = emptyBoard(21, { orders: [order(1), order(2)] });
    server.stream.hello({ 1: began });
    await passing(10);
    expect(server.asked.filter((one) => one.path.endsWith("/board"))).toHaveLength(boards);
    expect(board.board.value.number).toBe(began);
  }
});

test("where no stream comes through, the board is taken anew from time to time and says how old it is", async () => {
  board.closeBoard();
  server.streamStatus = 0;
  server.board = emptyBoard(20, { orders: [order(1)] });
  board.openBoard(1);
  await passing(10);
  expect(board.board.value.number).toBe(20);
  expect(board.boardStaleSince.value).not.toBeNull();
  server.board = emptyBoard(25, { orders: [order(1), order(2)] });
  await passing(5_000);
  expect(board.board.value.number).toBe(25);
  expect(Date.now() - (board.boardStaleSince.value ?? 0)).toBeLessThan(5_000);
  server.streamStatus = 200;
  await passing(5_000);
  server.stream.hello({ 1: 25 });
  await passing(10);
  expect(board.boardStaleSince.value).toBeNull();
});

test("a board that misses something and cannot be had says since when", async () => {
  await opened(server, board, emptyBoard(10));
  expect(board.boardStaleSince.value).toBeNull();
  server.board = null;
  server.stream.event(event(12, "order.created", order(2)));
  await passing(4_000);
  expect(Date.now() - (board.boardStaleSince.value ?? Date.now())).toBeGreaterThan(3_900);
  server.board = emptyBoard(12, { orders: [order(2)] });
  await passing(6_000);
  expect(board.boardStaleSince.value).toBeNull();
});

test("an order that leaves is kept as done, forty of them at most, and its cancelled tickets stay", async () => {
  await opened(server, board, emptyBoard(10));
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

test("a step of the deadline that was taken makes what is known of the order old", async () => {
  await opened(server, board, emptyBoard(10, { orders: [order(5)] }));
  const fetched = (): number => server.asked.filter(({ path }) => path === "/hub/v1/orders").length;
  board.wantSummaries([5]);
  await passing(10);
  expect(fetched()).toBe(1);
  server.stream.event(event(11, "order.seen", order(5)));
  await passing(10);
  expect(fetched()).toBe(1);
  server.stream.event(event(12, "order.reminded", order(5)));
  await passing(10);
  expect(fetched()).toBe(2);
});
