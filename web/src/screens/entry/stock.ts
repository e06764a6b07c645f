/** What the stop list leaves of products, as events tell it. */

import { computed } from "@preact/signals";
import type { MenuProduct } from "~/api/types";
import { board } from "~/sync/board";
import { decimalOf, draft } from "./draft";
import { variantsOf } from "./matching";

/** Fewer than this are told beside the product. */
const FEW = 20;

const inBasket = computed(() => {
  const counts = new Map<number, number>();
  for (const line of draft.value.lines) {
    counts.set(line.productId, (counts.get(line.productId) ?? 0) + (decimalOf(line.count) ?? 0));
  }
  return counts;
});

/** How many are left; null for no limit. */
export function leftOf(productId: number): number | null {
  const left = board.value.stopList.get(productId);
  return left === undefined ? null : Math.max(0, left);
}

/** How many are left where that is worth telling; null else. */
export function fewLeftOf(productId: number): number | null {
  const left = leftOf(productId);
  return left !== null && left > 0 && left <= FEW ? left : null;
}

/** Whether nothing of it can be sold: it is on the stop list, or every variant is. */
export function isGone(product: MenuProduct): boolean {
  if (product.price !== null) return leftOf(product.id) === 0;
  const variants = variantsOf.value.get(product.id) ?? [];
  return variants.every((variant) => leftOf(variant.id) === 0);
}

/** How many there are if the basket wants more than that; null where there are enough. */
export function shortOf(productId: number): number | null {
  const left = leftOf(productId);
  return left !== null && (inBasket.value.get(productId) ?? 0) > left ? left : null;
}
