import { messages } from "~/i18n";

/** What a channel is called: as its client is, but what the house takes itself is said in the language in use. */
export function channelName({ id, name }: { id: string; name: string }): string {
  return id === "house" ? messages().common.house : name;
}
