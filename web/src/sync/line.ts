/** A tab's end of the browser's event stream: whether it is alive, how old what we know is, and who hears of events. */

import { signal } from "@preact/signals";
import type { LogEvent } from "~/api/types";
import { EventStream, type StreamMessage, type StreamState } from "./stream";

export type TabMessage =
  | { kind: "follow"; venues: readonly number[] }
  | { kind: "reset" }
  | { kind: "poke"; sure: boolean }
  | { kind: "here" }
  | { kind: "bye" };

export interface LineState {
  state: StreamState;
  /** When the server was last heard of, in milliseconds of this device's clock; 0 for never. */
  heardAt: number;
}

/** How the line to the server is. */
export const line = signal<LineState>({ state: "connecting", heardAt: 0 });

/** Whether the server has been upgraded under this page. */
export const outdated = signal(false);

export interface Follower {
  venueId: number;
  onEvent: (event: LogEvent) => void;
  /** Something was missed: take a fresh snapshot. */
  onResync: () => void;
}

interface End {
  post: (message: TabMessage) => void;
}

/** How often the page looks whether its worker still speaks; it does at every heartbeat and every attempt. */
const LOOK_MS = 5_000;
/** Looks without a word after which the line counts as lost, and after which the worker itself does. */
const SILENT_LOOKS = 5;
const DEAD_LOOKS = 12;

const followers = new Set<Follower>();
const signedOut = new Set<() => void>();
let numbers: Record<number, number> = {};
let waiting: { venueId: number; resolve: (number: number) => void }[] = [];
let end: End | null = null;
let silentLooks = 0;

/** Hear of every event of a venue from now on; returns how to stop. */
export function follow(follower: Follower): () => void {
  followers.add(follower);
  tellVenues();
  return () => {
    followers.delete(follower);
    tellVenues();
  };
}

/** Whether every event of the venue is heard. */
export function isFollowing(venueId: number): boolean {
  return line.peek().state === "live" && venueId in numbers;
}

/** Resolves once every event of the venue from now on will be heard, with the number of the last one before. */
export function whenFollowing(venueId: number): Promise<number> {
  if (isFollowing(venueId)) return Promise.resolve(numbers[venueId] ?? 0);
  return new Promise((resolve) => waiting.push({ venueId, resolve }));
}

/** Connect at once if the line is not known to be alive. */
export function pokeLine(): void {
  end?.post({ kind: "poke", sure: false });
}

/** Connect anew: the network was away, and what stood through that may be dead without knowing. */
function reconnect(): void {
  end?.post({ kind: "poke", sure: true });
}

/** Another person acts now: the stream is opened anew in its name. */
export function resetLine(): void {
  numbers = {};
  end?.post({ kind: "reset" });
}

/** Call `listener` when the stream finds that nobody is signed in. */
export function onStreamSignedOut(listener: () => void): void {
  signedOut.add(listener);
}

function tellVenues(): void {
  end ??= open();
  end.post({ kind: "follow", venues: [...new Set([...followers].map((follower) => follower.venueId))] });
}

function open(): End {
  setInterval(() => end?.post({ kind: "here" }), 30_000);
  addEventListener("online", reconnect);
  addEventListener("offline", () => (line.value = { ...line.value, state: "lost" }));
  addEventListener("pageshow", pokeLine);
  addEventListener("pagehide", () => end?.post({ kind: "bye" }));
  addEventListener("pageshow", (event) => {
    if (event.persisted) tellVenues();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") pokeLine();
  });
  if (typeof SharedWorker === "undefined") return inThisTab();
  const worker = new SharedWorker(new URL("./shared-worker.ts", import.meta.url), { type: "module", name: "comanda" });
  worker.port.onmessage = (message: MessageEvent<StreamMessage>) => take(message.data);
  worker.port.start();
  setInterval(look, LOOK_MS);
  return { post: (message) => worker.port.postMessage(message) };
}

/** A worker that died says nothing: the page must not go on calling the line alive. */
function look(): void {
  if (followers.size === 0) return;
  silentLooks += 1;
  if (silentLooks < SILENT_LOOKS) return;
  line.value = { ...line.value, state: "lost" };
  if (silentLooks !== DEAD_LOOKS) {
    pokeLine();
    return;
  }
  end = inThisTab();
  tellVenues();
  for (const follower of followers) follower.onResync();
}

function inThisTab(): End {
  const stream = new EventStream(take);
  return {
    post: (message) => {
      if (message.kind === "follow") stream.follow(message.venues);
      else if (message.kind === "reset") stream.reset();
      else if (message.kind === "poke") stream.poke(message.sure);
    },
  };
}

function take(message: StreamMessage): void {
  silentLooks = 0;
  if (message.kind === "event") {
    for (const follower of followers) if (follower.venueId === message.event.venue_id) follower.onEvent(message.event);
    numbers[message.event.venue_id] = message.event.number;
  } else if (message.kind === "state") {
    numbers = message.numbers;
    if (line.value.state !== message.state || message.heardAt - line.value.heardAt > 900) {
      line.value = { state: message.state, heardAt: message.heardAt };
    }
    if (message.state === "live") settleWaiting();
  } else if (message.kind === "outdated") {
    outdated.value = true;
  } else if (message.kind === "resync") {
    for (const follower of followers) if (follower.venueId === message.venueId) follower.onResync();
  } else {
    for (const listener of signedOut) listener();
  }
}

function settleWaiting(): void {
  const ready = waiting.filter((one) => one.venueId in numbers);
  waiting = waiting.filter((one) => !(one.venueId in numbers));
  for (const one of ready) one.resolve(numbers[one.venueId] ?? 0);
}
