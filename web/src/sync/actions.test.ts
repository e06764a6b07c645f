import { beforeEach, expect, test, vi } from "vitest";
import { emptyBoard, event, FakeServer, order, passing } from "./fake-server";

const START = { label: "Start 5", method: "POST", path: "/hub/v1/tickets/5-1-1/start", orderId: 5 } as const;

let server: FakeServer;
let actions: typeof import("./actions");
let board: typeof import("./board");

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  server = new FakeServer();
  server.install();
  server.board = emptyBoard(10, { orders: [order(5)] });
  actions = await import("./actions");
  board = await import("./board");
  actions.actAs("staff:1");
  board.openBoard(1);
  await passing(10);
  server.stream.hello({ 1: 10 });
  await passing(10);
  return () => vi.useRealTimers();
});

function sent(): (string | null)[] {
  return server.asked.filter((one) => one.method === "POST").map((one) => one.key);
}

/** The line is cut, the action is asked for, and finds nobody. */
async function askedOffline(): Promise<void> {
  server.streamStatus = 0;
  server.stream.cut();
  server.answer = () => "lost";
  await passing(10);
  expect(await actions.act(START)).toEqual({ state: "waiting" });
  expect(actions.isPending(START.path)).toBe(true);
}

/** The line is back; what was missed comes first. */
async function back(...missed: ReturnType<typeof event>[]): Promise<void> {
  server.streamStatus = 200;
  server.answer = () => 200;
  await passing(5_000);
  server.stream.hello({ 1: 10 });
  for (const one of missed) server.stream.event(one);
  await passing(1_000);
}

test("what is asked for while the server is there is done at once, and a second tap changes nothing", async () => {
  const both = [actions.act(START), actions.act(START)];
  expect((await Promise.all(both)).map((one) => one.state)).toEqual(["done", "waiting"]);
  expect(sent()).toHaveLength(1);
  expect(actions.isPending(START.path)).toBe(false);
});

test("what waited for a moment is sent once, under its first key", async () => {
  await askedOffline();
  await back();
  expect(sent()).toHaveLength(2);
  expect(new Set(sent()).size).toBe(1);
  expect(actions.waiting.value).toEqual([]);
  await passing(120_000);
  expect(sent()).toHaveLength(2);
});

test("what waited for longer than a minute is asked about, and sent when people say so", async () => {
  await askedOffline();
  await passing(61_000);
  await back();
  expect(sent()).toHaveLength(1);
  expect(actions.doubtful.value.map((one) => one.doubt)).toEqual(["old"]);
  actions.confirmWaiting(actions.doubtful.value[0]?.key ?? "");
  await passing(100);
  expect(sent()).toHaveLength(2);
  expect(new Set(sent()).size).toBe(1);
});

test("what somebody else was faster with is asked about, and dropped when people say so", async () => {
  await askedOffline();
  const changed = order(5, { updated_at: "2026-01-01T00:00:09.000000Z" });
  await back(event(11, "order.changed", changed, { actor: "device:2" }));
  expect(actions.doubtful.value.map((one) => one.doubt)).toEqual(["overtaken"]);
  actions.dropWaiting(actions.doubtful.value[0]?.key ?? "");
  await passing(1_000);
  expect(sent()).toHaveLength(1);
  expect(actions.waiting.value).toEqual([]);
});

test("what was done although its answer was lost is sent again without a question: its key makes that harmless", async () => {
  await askedOffline();
  const changed = order(5, { updated_at: "2026-01-01T00:00:09.000000Z" });
  await back(event(11, "order.changed", changed, { actor: "staff:1" }));
  expect(actions.doubtful.value).toEqual([]);
  expect(new Set(sent()).size).toBe(1);
  expect(actions.waiting.value).toEqual([]);
});

test("what was done from another screen of the same person is asked about: the server finds no such key, and leaves the order", async () => {
  await askedOffline();
  server.streamStatus = 200;
  server.answer = () => "order_changed";
  await passing(5_000);
  server.stream.hello({ 1: 10 });
  server.stream.event(event(11, "order.changed", order(5, { updated_at: "2026-01-01T00:00:09.000000Z" }), { actor: "staff:1" }));
  await passing(1_000);
  expect(actions.doubtful.value.map((one) => one.doubt)).toEqual(["overtaken"]);
  expect(server.asked.filter((one) => one.method === "POST").at(-1)?.unchangedSince).toBe("10");
  server.answer = () => 200;
  actions.confirmWaiting(actions.doubtful.value[0]?.key ?? "");
  await passing(100);
  expect(server.asked.filter((one) => one.method === "POST").at(-1)?.unchangedSince).toBe("11");
  expect(actions.waiting.value).toEqual([]);
});

test("of several things asked for about one order none is overtaken by the others", async () => {
  server.streamStatus = 0;
  server.stream.cut();
  server.answer = () => "lost";
  await passing(10);
  const lines = [0, 1, 2].map((line) => ({ label: `Line ${line}`, method: "POST", path: `/hub/v1/tickets/5-1-1/lines/${line}/ready`, orderId: 5 }) as const);
  for (const one of lines) await actions.act(one);
  expect(actions.waiting.value).toHaveLength(3);
  let number = 10;
  server.streamStatus = 200;
  // As the server does it: what happened after the event that was seen means a refusal, and what is done is an event.
  server.answer = (asked) => {
    if (Number(asked.unchangedSince) < number) return "order_changed";
    number += 1;
    server.stream.event(event(number, "ticket.line_ready", { id: "5-1-1", order_id: 5, open: true, updated_at: `T${number}` }, { actor: "staff:1", order_id: 5 }));
    return 200;
  };
  await passing(5_000);
  server.stream.hello({ 1: 10 });
  await passing(2_000);
  expect(number).toBe(13);
  expect(actions.doubtful.value).toEqual([]);
  expect(actions.waiting.value).toEqual([]);
});

const stop = (quantity: number | null) =>
  ({ label: "Pizza", method: "PUT", path: "/hub/v1/venues/1/stop-list/7", body: { quantity }, productId: 7 }) as const;

test.each([
  ["what somebody else set to another number is asked about", 20, ["overtaken"]],
  ["what stands as it was wanted is no question", 0, []],
] as const)("a product taken off sale while the line was lost: %s", async (_what, left, doubts) => {
  server.streamStatus = 0;
  server.stream.cut();
  server.answer = () => "lost";
  await passing(10);
  await actions.act(stop(0));
  await back(event(11, "stop_list.changed", { venue_id: 1, product_id: 7, quantity: left }, { actor: "device:2" }));
  expect(actions.doubtful.value.map((one) => one.doubt)).toEqual(doubts);
});

test("what waited and is then refused is told", async () => {
  const told: string[] = [];
  actions.onWaitingRefused((one) => told.push(one.label));
  await askedOffline();
  server.streamStatus = 200;
  server.answer = () => 409;
  await passing(5_000);
  server.stream.hello({ 1: 10 });
  await passing(1_000);
  expect(told).toEqual(["Start 5"]);
  expect(actions.waiting.value).toEqual([]);
});

test("money is never queued", async () => {
  server.answer = () => "lost";
  const payment = { label: "Pay", method: "POST", path: "/hub/v1/receipts/5/close", orderId: 5 } as const;
  await expect(actions.actNow(payment, "key-1")).rejects.toMatchObject({ name: "Unreachable" });
  expect(actions.waiting.value).toEqual([]);
});

test("what another asked for on this device is not sent in one's own name", async () => {
  await askedOffline();
  actions.actAs("staff:2");
  expect(actions.waiting.value).toEqual([]);
});

test("what gets no answer after somebody else took over is told of, and never sent in their name", async () => {
  const told: string[] = [];
  actions.onWaitingRefused((one) => told.push(one.label));
  server.answer = () => {
    actions.actAs("staff:2");
    return "lost";
  };
  await actions.act(START);
  expect(told).toEqual(["Start 5"]);
  expect(actions.waiting.value).toEqual([]);
  await passing(60_000);
  expect(sent()).toHaveLength(1);
});

test("a payment that came in between makes a refusal be asked about, though the order itself did not change", async () => {
  await askedOffline();
  const receipt = { id: 5, service_notification_id: 5, updated_at: "2026-01-01T00:00:09.000000Z" };
  await back(event(11, "receipt.closed", receipt, { actor: "device:2", order_id: 5 }));
  expect(actions.doubtful.value.map((one) => one.doubt)).toEqual(["overtaken"]);
});
