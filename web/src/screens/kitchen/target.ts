/** When a ticket is due, by what the menu of the venue says. */

import type { TicketCard } from "~/api/types";
import { menu, productsById } from "~/menu";
import { targetOf, type Target } from "./queue";

/** Until the menu is there. */
const USUAL = { pressing_minutes: 10, late_minutes: 15 };

/** The ticket's target at its venue. */
export function targetHere(ticket: TicketCard): Target {
  const products = productsById.value;
  return targetOf(ticket, menu.value?.kitchen ?? USUAL, (product) => products.get(product)?.cooking_time);
}
