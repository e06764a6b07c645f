import { beforeEach, expect, test, vi } from "vitest";
import { event, FakeServer, passing } from "./fake-server";
import { EventStream, type StreamMessage } from "./stream";

let server: FakeServer;
let heard: StreamMessage[];

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  server.install();
  heard = [];
  return () => vi.useRealTimers();
});

async function following(venues: Record<number, number>): Promise<EventStream> {
  const stream = new EventStream((message) => heard.push(message));
  stream.follow(Object.keys(venues).map(Number));
  await passing(10);
  server.stream.hello(venues);
  await passing(10);
  return stream;
}

function kinds(): string[] {
  return heard.map((message) => (message.kind === "state" ? message.state : message.kind));
}

test("what was missed is asked for by number", async () => {
  await following({ 0: 3, 1: 7 });
  expect(server.stream.query.get("venues")).toBe("0,1");
  expect(server.stream.query.has("after")).toBe(false);
  server.stream.event(event(8, "order.created", { id: 1 }));
  await passing(10);
  server.stream.cut();
  await passing(10);
  expect(kinds().at(-1)).toBe("lost");
  await passing(1_000);
  expect(server.streams).toHaveLength(2);
  expect(server.stream.query.get("after")).toBe("0:3,1:8");
  server.stream.hello({ 0: 3, 1: 8 });
  server.stream.event(event(9, "order.created", { id: 2 }));
  await passing(10);
  const numbers = heard.flatMap((message) => (message.kind === "event" ? [message.event.number] : []));
  expect(numbers).toEqual([8, 9]);
  expect(kinds()).not.toContain("resync");
});

test("a server that says nothing for longer than its heartbeat is lost, and tried again", async () => {
  await following({ 1: 7 });
  for (let beats = 0; beats < 4; beats += 1) {
    await passing(15_000);
    server.stream.send(": heartbeat\n\n");
    await passing(10);
  }
  expect(server.streams).toHaveLength(1);
  expect(kinds()).not.toContain("lost");
  await passing(26_000);
  expect(kinds()).toContain("lost");
  expect(server.streams.length).toBeGreaterThan(1);
  expect(server.stream.query.get("after")).toBe("1:7");
});

test("a device that wakes up connects at once when it has heard nothing for too long", async () => {
  const stream = await following({ 1: 7 });
  stream.poke(false);
  await passing(10);
  expect(server.streams).toHaveLength(1);
  vi.setSystemTime(Date.now() + 60_000);
  stream.poke(false);
  await passing(10);
  expect(server.streams).toHaveLength(2);
});

test("a device that is online again does not trust the connection it had", async () => {
  const stream = await following({ 1: 7 });
  stream.poke(true);
  await passing(10);
  expect(server.streams).toHaveLength(2);
  expect(server.stream.query.get("after")).toBe("1:7");
});

test("a place that cannot be followed from is told at once, and where the stream begins again when it does", async () => {
  await following({ 0: 3, 1: 7 });
  heard.length = 0;
  server.stream.frame("resync", { venue_id: 1, last: 90 });
  await passing(10);
  expect(kinds().slice(0, 2)).toEqual(["connecting", "resync"]);
  const told = heard.find((message) => message.kind === "state");
  expect(told).toMatchObject({ numbers: { 0: 3 } });
  server.stream.end();
  await passing(1_000);
  // The other venue goes on where it stood.
  expect(server.stream.query.get("after")).toBe("0:3");
  server.stream.hello({ 0: 3, 1: 90 });
  await passing(10);
  expect(heard.at(-1)).toMatchObject({ kind: "state", state: "live", numbers: { 0: 3, 1: 90 } });
});

test("a log that stands elsewhere than asked for, as after a backup was put back, is told", async () => {
  await following({ 1: 7 });
  server.stream.end();
  await passing(1_000);
  server.stream.hello({ 1: 2 });
  await passing(10);
  expect(heard).toContainEqual({ kind: "resync", venueId: 1 });
});

test("whoever is not signed in is told, and not tried again", async () => {
  const stream = await following({ 1: 7 });
  server.streamStatus = 401;
  server.stream.end();
  await passing(60_000);
  expect(kinds().filter((kind) => kind === "signed-out")).toHaveLength(1);
  server.streamStatus = 200;
  stream.follow([1]);
  await passing(10);
  expect(server.streams).toHaveLength(2);
});

test("pages of another build are told of once", async () => {
  await following({ 1: 7 });
  for (const pages of ["build-1", "build-2", "build-2"]) {
    server.stream.cut();
    await passing(5_000);
    server.stream.hello({ 1: 7 }, pages);
    await passing(10);
    expect(kinds().filter((kind) => kind === "outdated")).toHaveLength(pages === "build-1" ? 0 : 1);
  }
});

test("who wakes after a long sleep sees at once that the line was lost", async () => {
  const stream = await following({ 1: 7 });
  vi.setSystemTime(Date.now() + 3_600_000);
  stream.poke(false);
  await passing(10);
  expect(kinds().slice(-2)).toEqual(["lost", "lost"]);
  server.stream.hello({ 1: 7 });
  await passing(10);
  expect(kinds().at(-1)).toBe("live");
});
