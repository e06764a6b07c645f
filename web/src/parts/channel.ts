import { messages } from "~/i18n";

/** What a channel is called: as its client is, but what the house takes itself is said in the language in use. */
export function channelName({ id, name }: { id: string; name: string }): string {
  return id === "house" ? messages().common.house : name;
}

/** The channel an order came by; while its summary is on the way, by the client's id. */
export function channelOf(order: { client_id: string }, summary: { channel: { id: string; name: string } } | undefined): string {
  return channelName(summary?.channel ?? { id: order.client_id, name: order.client_id });
}
