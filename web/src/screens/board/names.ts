/** Names for people: who did something, and which device it was. */

import { messages } from "~/i18n";
import { menu } from "~/menu";

/** Who acted, in words: `staff:anna` is anna, `device:1` the till's name. */
export function actorName(actor: string): string {
  const { actors } = messages().board;
  const [kind, ...rest] = actor.split(":");
  const id = rest.join(":");
  if (kind === "staff") return id;
  if (kind === "device") return menu.value?.terminals.find((one) => String(one.id) === id)?.name ?? actors.device(id);
  if (actor === "automatic" || actor === "deadline" || actor === "administration") return actors[actor];
  return id === "" ? actor : actors.channel;
}
