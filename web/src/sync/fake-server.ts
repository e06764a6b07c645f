/** A server for unit tests: what pages ask for is answered here, and its event streams are written by hand. */

import { vi } from "vitest";
import type { Board, LogEvent } from "~/api/types";

/** One connection of a page to its event stream. */
export class FakeStream {
  private control: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly body: ReadableStream<Uint8Array>;
  open = true;

  constructor(
    readonly query: URLSearchParams,
    signal: AbortSignal | null | undefined,
  ) {
    this.body = new ReadableStream({ start: (control) => void (this.control = control) });
    signal?.addEventListener("abort", () => this.cut());
  }

  hello(venues: Record<number, number>, pages = "build-1"): void {
    this.frame("hello", { venues, pages });
  }

  event(event: LogEvent): void {
    this.frame(event.type, event);
  }

  frame(name: string, data: unknown): void {
    this.send(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  send(text: string): void {
    this.control?.enqueue(new TextEncoder().encode(text));
  }

  /** End the connection as a server that goes down does. */
  end(): void {
    this.open = false;
    this.control?.close();
  }

  /** The cable is pulled. */
  cut(): void {
    if (!this.open) return;
    this.open = false;
    this.control?.error(new TypeError("network error"));
  }
}

export interface Asked {
  method: string;
  path: string;
  key: string | null;
  /** The event up to which whoever asks knows the order. */
  unchangedSince: string | null;
}

/** What a page sees of the world; `install` puts it in the place of the browser's own. */
export class FakeServer {
  readonly streams: FakeStream[] = [];
  readonly asked: Asked[] = [];
  board: Board | null = null;
  /** The status of the next streams; 0 when nothing answers. */
  streamStatus = 200;
  /** How actions are answered: by a status or a 409's code; "lost" when the request arrives and its answer does not. */
  answer: (asked: Asked) => number | "lost" | "order_changed" = () => 200;

  install(): void {
    const page = new EventTarget();
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
    vi.stubGlobal("SharedWorker", undefined);
    vi.stubGlobal("sessionStorage", new Kept());
    vi.stubGlobal("fetch", (address: string, options: RequestInit = {}) => this.take(address, options));
  }

  /** The newest stream. */
  get stream(): FakeStream {
    const last = this.streams.at(-1);
    if (last === undefined) throw new Error("nobody has connected yet");
    return last;
  }

  private take(address: string, options: RequestInit): Promise<Response> {
    const url = new URL(address, "http://localhost");
    const { pathname } = url;
    if (pathname === "/hub/v1/stream") {
      if (this.streamStatus === 0) return Promise.reject(new TypeError("network error"));
      if (this.streamStatus !== 200) return Promise.resolve(new Response("{}", { status: this.streamStatus }));
      const stream = new FakeStream(url.searchParams, options.signal);
      this.streams.push(stream);
      return Promise.resolve(new Response(stream.body, { status: 200 }));
    }
    const headers = new Headers(options.headers);
    const [key, unchangedSince] = [headers.get("Idempotency-Key"), headers.get("If-Unchanged-Since-Event")];
    const asked = { method: options.method ?? "GET", path: pathname, key, unchangedSince };
    this.asked.push(asked);
    if (pathname.endsWith("/board")) return Promise.resolve(Response.json({ data: this.board }));
    if (pathname === "/hub/v1/orders") {
      const ids = (url.searchParams.get("ids") ?? "").split(",");
      return Promise.resolve(Response.json({ data: ids.map((id) => ({ ...order(Number(id)), deadlines: [] })) }));
    }
    if (pathname === "/hub/v1/events" && this.streamStatus === 200) return Promise.resolve(Response.json({ data: [] }));
    const status = this.answer(asked);
    if (status === "lost") return Promise.reject(new TypeError("network error"));
    const error = typeof status === "string" ? status : "refused";
    return Promise.resolve(Response.json({ data: {}, error, message: "No" }, { status: typeof status === "string" ? 409 : status }));
  }
}

class Kept {
  private readonly items = new Map<string, string>();
  getItem(name: string): string | null {
    return this.items.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.items.set(name, value);
  }
}

/** Let time pass. */
export async function passing(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

/** Open the board of a snapshot, and let its stream begin there. */
export async function opened(server: FakeServer, board: typeof import("./board"), snapshot: Board): Promise<void> {
  server.board = snapshot;
  board.openBoard(snapshot.venue_id);
  await passing(10);
  server.stream.hello({ [snapshot.venue_id]: snapshot.number });
  await passing(10);
}

/** An order of a board, as far as the fold looks at it. */
export function order(id: number, changes: object = {}): Board["orders"][number] {
  return { id, open: true, status: "RECEIVED", updated_at: "2026-01-01T00:00:00.000000Z", ...changes } as Board["orders"][number];
}

/** An empty board at a number. */
export function emptyBoard(number: number, changes: Partial<Board> = {}): Board {
  const lists = { orders: [], receipts: [], tickets: [], stop_list: [], devices: [], print_jobs: [] };
  return { venue_id: 1, number, truncated: false, ...lists, ...changes };
}

/** An event of venue 1. */
export function event(number: number, type: string, data: object, changes: Partial<LogEvent> = {}): LogEvent {
  const orderId = "id" in data && typeof data.id === "number" ? data.id : null;
  return {
    ...{ venue_id: 1, number, type, version: 1, time: new Date().toISOString(), order_id: orderId, order_sequence: 1 },
    ...{ actor: "device:1", data: data as Record<string, unknown> },
    ...changes,
  };
}
