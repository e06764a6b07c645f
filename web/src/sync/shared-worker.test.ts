import { expect, test, vi } from "vitest";
import { FakeServer } from "./fake-server";
import type { StreamMessage } from "./stream";

interface Port {
  onmessage: ((message: { data: object }) => void) | null;
  heard: StreamMessage[];
  postMessage: (message: StreamMessage) => void;
  start: () => void;
}

test("a tab that slept for so long that it was forgotten is taken back, and told to begin anew", async () => {
  vi.useFakeTimers();
  const server = new FakeServer();
  server.install();
  let connect: ((event: object) => void) | undefined;
  vi.stubGlobal("addEventListener", (name: string, listener: (event: object) => void) => {
    if (name === "connect") connect = listener;
  });
  await import("./shared-worker");
  const heard: StreamMessage[] = [];
  const port: Port = { onmessage: null, heard, postMessage: (message) => void heard.push(message), start: () => undefined };
  connect?.({ ports: [port] });
  port.onmessage?.({ data: { kind: "follow", venues: [1] } });
  await vi.advanceTimersByTimeAsync(10);
  server.stream.hello({ 1: 10 });
  await vi.advanceTimersByTimeAsync(3_600_000);
  heard.length = 0;
  port.onmessage?.({ data: { kind: "here" } });
  expect(heard.map((message) => message.kind)).toContain("resync");
  await vi.advanceTimersByTimeAsync(10);
  server.stream.hello({ 1: 12 });
  await vi.advanceTimersByTimeAsync(10);
  expect(heard.at(-1)).toMatchObject({ kind: "state", state: "live" });
  vi.useRealTimers();
});
