/** The one event stream of a browser, shared between its tabs. */

import { EventStream, type StreamMessage } from "./stream";
import type { TabMessage } from "./line";

/** A tab that was closed without a word is forgotten after this long; tabs in the background speak once a minute. */
const FORGOTTEN_MS = 5 * 60_000;

interface Tab {
  port: MessagePort;
  venues: readonly number[];
  heardAt: number;
}

const tabs = new Set<Tab>();
const stream = new EventStream((message) => {
  for (const tab of tabs) if (concerns(tab, message)) tab.port.postMessage(message);
});

function concerns(tab: Tab, message: StreamMessage): boolean {
  return message.kind !== "event" || tab.venues.includes(message.event.venue_id);
}

function followAll(): void {
  stream.follow([...tabs].flatMap((tab) => tab.venues));
}

function take(tab: Tab, message: TabMessage): void {
  tab.heardAt = Date.now();
  if (!tabs.has(tab) && message.kind !== "bye") {
    // It slept for so long that it was forgotten, or came back from the browser's memory of pages.
    tabs.add(tab);
    followAll();
    for (const venueId of tab.venues) tab.port.postMessage({ kind: "resync", venueId } satisfies StreamMessage);
  }
  if (message.kind === "follow") {
    tab.venues = message.venues;
    followAll();
    tab.port.postMessage(stream.snapshot());
  } else if (message.kind === "reset") {
    stream.reset();
  } else if (message.kind === "poke") {
    stream.poke(message.sure);
  } else if (message.kind === "bye") {
    tabs.delete(tab);
    followAll();
  }
}

setInterval(() => {
  const old = [...tabs].filter((tab) => Date.now() - tab.heardAt > FORGOTTEN_MS);
  for (const tab of old) tabs.delete(tab);
  if (old.length > 0) followAll();
}, 60_000);

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0];
  if (port === undefined) return;
  const tab: Tab = { port, venues: [], heardAt: Date.now() };
  tabs.add(tab);
  port.onmessage = (message: MessageEvent<TabMessage>) => take(tab, message.data);
  port.start();
});
