/**
 * The server's event stream as this browser follows it: one connection however many tabs look on.
 *
 * It resumes where it was cut off (each venue's last number), notices silence (the server is never quiet for longer than
 * its heartbeat), and tells how long ago it last heard anything. It runs in a shared worker, or in the page where there
 * is none.
 */

import { createParser } from "eventsource-parser";
import type { LogEvent } from "~/api/types";

/** The server sends a sign of life every 15 s; what is silent for longer than this is dead. */
const SILENCE_MS = 22_000;
const RETRY_MS = [250, 500, 1_000, 2_000, 3_000];

export type StreamState = "connecting" | "live" | "lost";

export type StreamMessage =
  | { kind: "event"; event: LogEvent }
  /** `numbers`: where each followed venue stands; every event after these will come. `heardAt` is the page's clock. */
  | { kind: "state"; state: StreamState; heardAt: number; numbers: Record<number, number> }
  | { kind: "resync"; venueId: number }
  | { kind: "signed-out" }
  /** The server has other pages than it had when it was first heard. */
  | { kind: "outdated" };

export class EventStream {
  private venues: number[] = [];
  private readonly numbers = new Map<number, number>();
  private state: StreamState = "connecting";
  private heardAt = 0;
  private attempt = 0;
  /** Which build of the pages the server has; null until it says so. */
  private pages: string | null = null;
  private beganAt = 0;
  /** Another person acts: what was heard before is not all they may see, so snapshots are taken anew. */
  private anew = false;
  private running: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tell: (message: StreamMessage) => void) {
    setInterval(() => this.watch(), 2_000);
  }

  /** Follow exactly these venues (0 is the brand's own log). */
  follow(venues: readonly number[]): void {
    const wanted = [...new Set(venues)].sort((a, b) => a - b);
    if (wanted.join() === this.venues.join()) return;
    this.venues = wanted;
    for (const known of [...this.numbers.keys()]) if (!wanted.includes(known)) this.numbers.delete(known);
    this.restart();
  }

  /** Somebody else has signed in: begin anew. */
  reset(): void {
    this.anew = true;
    this.numbers.clear();
    this.restart();
  }

  /** The device woke up, or (`sure`) is online again: connect now if the line is not known to be alive. */
  poke(sure: boolean): void {
    const isSilent = Date.now() - this.heardAt > SILENCE_MS;
    // Who wakes after an hour sees at once how old the picture is, also while the first attempt hangs.
    if (this.state === "live" && isSilent) this.become("lost");
    if (sure || this.state !== "live") this.restart();
    // Whoever asks may have taken the line for lost while it held.
    else this.tell(this.snapshot());
  }

  /** The state as a newcomer needs it. */
  snapshot(): StreamMessage {
    return { kind: "state", state: this.state, heardAt: this.heardAt, numbers: Object.fromEntries(this.numbers) };
  }

  private restart(): void {
    this.attempt = 0;
    clearTimeout(this.timer);
    this.running?.abort();
    this.running = null;
    if (this.venues.length > 0) void this.run();
  }

  private async run(): Promise<void> {
    const control = new AbortController();
    this.running = control;
    this.beganAt = Date.now();
    this.become(this.state === "lost" ? "lost" : "connecting");
    try {
      await this.read(control);
    } catch {
      // Whatever ended the connection: it is tried again below, from where it stood.
    }
    if (this.running !== control) return;
    this.running = null;
    // Nobody is signed in: there is nothing to follow until somebody is.
    if (this.venues.length === 0) {
      this.become("connecting");
      return;
    }
    this.become("lost");
    const wait = RETRY_MS[Math.min(this.attempt, RETRY_MS.length - 1)] ?? 3_000;
    this.attempt += 1;
    // A whole restaurant's tablets must not come back in the same instant.
    this.timer = setTimeout(() => void this.run(), wait * (0.75 + Math.random() / 2));
  }

  private async read(control: AbortController): Promise<void> {
    const query = new URLSearchParams({ venues: this.venues.join() });
    const known = this.venues.filter((venue) => this.numbers.has(venue));
    if (known.length > 0) {
      query.set("after", known.map((venue) => `${venue}:${this.numbers.get(venue) ?? 0}`).join());
    }
    const response = await fetch(`/hub/v1/stream?${query.toString()}`, {
      credentials: "same-origin",
      cache: "no-store",
      headers: { Accept: "text/event-stream" },
      signal: control.signal,
    });
    if (response.status === 401 || response.status === 403) {
      this.venues = [];
      this.tell({ kind: "signed-out" });
      return;
    }
    if (response.status === 404 || response.status === 400) this.lose(this.venues);
    if (!response.ok || response.body === null) throw new Error(`stream answered ${response.status}`);
    const parser = createParser({
      onEvent: (message) => this.take(message.event ?? "message", message.data),
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.heardAt = Date.now();
      parser.feed(value);
      // Also a heartbeat is news: the age of what is shown starts again.
      this.tell(this.snapshot());
    }
  }

  private take(name: string, data: string): void {
    if (name === "hello") {
      const { venues, pages } = JSON.parse(data) as { venues: Record<string, number>; pages?: string };
      if (pages !== undefined) {
        if (this.pages !== null && this.pages !== pages) this.tell({ kind: "outdated" });
        this.pages = pages;
      }
      for (const [venue, number] of Object.entries(venues)) {
        const id = Number(venue);
        if (this.numbers.has(id) && this.numbers.get(id) !== number) this.tell({ kind: "resync", venueId: id });
        this.numbers.set(id, number);
      }
      this.attempt = 0;
      this.become("live");
      if (this.anew) for (const venueId of this.numbers.keys()) this.tell({ kind: "resync", venueId });
      this.anew = false;
    } else if (name === "resync") {
      const { venue_id: venueId } = JSON.parse(data) as { venue_id: number };
      this.lose([venueId]);
    } else if (name !== "draining") {
      const event = JSON.parse(data) as LogEvent;
      this.numbers.set(event.venue_id, event.number);
      this.tell({ kind: "event", event });
    }
  }

  /**
   * Where these venues stand is not known any more: their snapshots are to be taken anew. Who takes one before every
   * event is heard again compares its number with where the stream then begins.
   */
  private lose(venues: readonly number[]): void {
    for (const venue of venues) this.numbers.delete(venue);
    this.become("connecting");
    for (const venueId of venues) this.tell({ kind: "resync", venueId });
  }

  private watch(): void {
    // A line that is not known to be dead yet, and an attempt that hangs on such a line, are silent alike.
    if (this.running !== null && Date.now() - Math.max(this.heardAt, this.beganAt) > SILENCE_MS) {
      this.become("lost");
      this.restart();
    }
  }

  private become(state: StreamState): void {
    this.state = state;
    if (state === "live") this.heardAt = Date.now();
    this.tell(this.snapshot());
  }
}
