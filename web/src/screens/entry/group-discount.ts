/** What a guest's group usually gets off an order. */

import type { Guest } from "~/api/types";
import type { DiscountType, Draft } from "./draft";

type Discount = Pick<Draft, "discountType" | "discountValue">;

const TYPES: Readonly<Record<string, DiscountType>> = {
  "1": 1, "%": 1, percent: 1, percentage: 1, percentage_discount: 1,
  "2": 2, amount: 2, fixed: 2, fixed_amount: 2,
};

export const NO_DISCOUNT: Discount = { discountType: 0, discountValue: "" };

/**
 * A group's discount; null for none.
 *
 * Its type is free text on the wire: of a name nobody knows no discount is offered rather than a wrong one.
 */
export function groupDiscount(group: Guest["group"]): Discount | null {
  const discountType = TYPES[group?.discount_type?.trim().toLowerCase() ?? ""] ?? 0;
  if (!group || discountType === 0 || group.discount_value <= 0) return null;
  return { discountType, discountValue: String(group.discount_value) };
}

/** What a draft's discount becomes when its guest is somebody else: what their group gets is not the next one's. */
export function discountWithout(guest: Guest | null, { discountType, discountValue }: Discount): Partial<Discount> {
  const usual = groupDiscount(guest?.group ?? null);
  return usual?.discountType === discountType && usual.discountValue === discountValue ? NO_DISCOUNT : {};
}
