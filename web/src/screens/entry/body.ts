/** From the draft to the body of an order (contract 9.1), and what keeps it from being one. */

import { computed } from "@preact/signals";
import type { Menu, OrderBody } from "~/api/types";
import { messages } from "~/i18n";
import { menu, productsById } from "~/menu";
import { venueId } from "~/session";
import { chosenOf, keptOf, lacking, modifierOf, overfull } from "./choices";
import { decimalOf, draft, type Draft, type DraftLine } from "./draft";
import { placeOfLine, type Problems } from "./problems";
import { shortOf } from "./stock";

export type SaleType = Menu["sale_types"][number];

export interface Built {
  /** The body as far as it can be priced; null without anything to price, or with a number that is none. */
  body: OrderBody | null;
  /** The lines that are in it, in its order. */
  lineIds: readonly number[];
  /** What is plainly wrong already. */
  problems: Problems;
  /** What is still missing; no fault until somebody wants to send. */
  missing: Problems;
}

/**
 * The sale type of the draft: the chosen one, null while the venue does not offer it; without a choice delivery, which
 * most calls are for, else the first.
 */
export const saleType = computed<SaleType | null>(() => {
  const types = menu.value?.sale_types ?? [];
  const chosen = draft.value.saleTypeId;
  if (chosen !== null) return types.find((one) => one.id === chosen) ?? null;
  return types.find((one) => one.system_type === "DELIVERY") ?? types[0] ?? null;
});
/** Whether the order goes to an address. */
export const isDelivery = computed(() => saleType.value?.system_type === "DELIVERY");
/** Whether a service charge is taken. */
export const serviceOn = computed(() => draft.value.service ?? (saleType.value?.service_charge_rate ?? 0) > 0);
/** The service charge's percentage, as it is typed. */
export const serviceRate = computed(() => draft.value.serviceRate ?? String(saleType.value?.service_charge_rate ?? 0));

/** The menu of the venue that is chosen; null while it is on its way. */
export const currentMenu = computed<Menu | null>(() => (menu.value?.venue_id === venueId.value ? menu.value : null));

/** The order as it would be sent now. */
export const built = computed<Built>(() => {
  const known = currentMenu.value;
  const now = draft.value;
  // Nothing can be said of the lines, and nothing is priced or sent, by another venue's menu.
  if (known === null) return { body: null, lineIds: [], problems: new Map(), missing: missingOf(now) };
  const problems = new Map<string, string>();
  const numbers = numbersOf(now, problems);
  const lines = now.lines.flatMap((line) => lineOf(line, problems) ?? []);
  const type = saleType.value;
  if (type === null) problems.set("saleType", messages().entry.codes.sale_type_disabled);
  const complete = numbers !== null && lines.length > 0 && type !== null;
  const body: OrderBody | null = complete
    ? {
        sale_type_id: type.id,
        venue_id: known.venue_id,
        // Whom it is for changes no price, so that a basket can be priced before anybody has a name.
        customer: {
          id: now.guest?.id ?? 0,
          phone: now.phone.trim() || "-",
          name: now.name.trim() || "-",
          address: now.address.trim(),
        },
        products: lines.map((one) => one.sent),
        discount: { discount_type: now.discountType, discount_value: numbers.discount },
        service_charge: { enabled: serviceOn.value, value: serviceOn.value ? numbers.service : 0 },
        ...(numbers.fee === null ? {} : { delivery_fee: numbers.fee }),
        ...(now.comment.trim() === "" ? {} : { comment: now.comment.trim() }),
      }
    : null;
  return { body, lineIds: lines.map((one) => one.id), problems, missing: missingOf(now) };
});

interface Numbers {
  fee: number | null;
  discount: number;
  service: number;
}

/** The typed amounts; null while one of them is no number. */
function numbersOf(now: Draft, problems: Map<string, string>): Numbers | null {
  const { codes } = messages().entry;
  const read = (place: string, text: string, most = Infinity): number | null => {
    const found = text.trim() === "" ? 0 : decimalOf(text);
    if (found === null) problems.set(place, codes.no_number);
    else if (found > most) problems.set(place, codes.over_100);
    else return found;
    return null;
  };
  const fee = read("deliveryFee", isDelivery.value ? now.deliveryFee : "");
  const discount = now.discountType === 0 ? 0 : read("discount", now.discountValue, now.discountType === 1 ? 100 : Infinity);
  const service = serviceOn.value ? read("service", serviceRate.value, 100) : 0;
  if (fee === null || discount === null || service === null) return null;
  return { fee: isDelivery.value && now.deliveryFee.trim() !== "" ? fee : null, discount, service };
}

interface SentLine {
  id: number;
  sent: OrderBody["products"][number];
}

/** A line as it is sent, at the menu's price; null for what the menu has not. */
function lineOf(line: DraftLine, problems: Map<string, string>): SentLine | null {
  const { entry } = messages();
  const place = placeOfLine(line.id);
  const product = productsById.value.get(line.productId);
  if (product === undefined || product.price === null) {
    problems.set(place, entry.codes.not_on_menu);
    return null;
  }
  const count = decimalOf(line.count);
  if (count === null || count <= 0 || count > 10_000) {
    problems.set(place, entry.codes.count_wrong);
    return null;
  }
  const chosen = chosenOf(line.modifiers);
  const few = lacking(product, chosen);
  const many = overfull(product, chosen);
  const left = shortOf(line.productId);
  if (left === 0) problems.set(place, entry.codes.stop_listed);
  else if (left !== null) problems.set(place, entry.onlyLeft(left));
  else if (keptOf(product, chosen).length < line.modifiers.length) problems.set(place, entry.codes.unknown_modifier);
  else if (few) problems.set(place, entry.chooseOf(few.name));
  else if (many) problems.set(place, entry.tooManyOf(many.name));
  return {
    id: line.id,
    sent: {
      product_id: product.id,
      product_name: product.name,
      count,
      price: product.price,
      status: "new",
      product_hash: `line-${line.id}`,
      ...(line.portion === 1 ? {} : { portion_size: line.portion }),
      ...(line.note.trim() === "" ? {} : { note: line.note.trim() }),
      modifiers: line.modifiers.flatMap(({ id, count: times }) => {
        const modifier = modifierOf(id);
        return modifier ? [{ modifier_id: id, modifier_name: modifier.name, count: times, price: modifier.price }] : [];
      }),
    },
  };
}

function missingOf(now: Draft): Problems {
  const { codes } = messages().entry;
  const missing = new Map<string, string>();
  if (now.phone.trim() === "") missing.set("phone", codes.phone_needed);
  if (now.name.trim() === "") missing.set("name", codes.name_needed);
  if (isDelivery.value && now.address.trim() === "") missing.set("address", codes.address_needed);
  if (now.lines.length === 0) missing.set("basket", codes.basket_empty);
  return missing;
}
