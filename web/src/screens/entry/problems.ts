/** What is wrong with an order, by the place where it is said: a field's name, or a line of the basket. */

import type { Detail } from "~/api/client";
import { messages } from "~/i18n";
import { worded } from "~/parts/toasts";

/** Texts by place: `phone`, `saleType`, `form`, … and `line:<id>`. */
export type Problems = ReadonlyMap<string, string>;

const FIELDS: Readonly<Record<string, string>> = {
  "customer.phone": "phone",
  "customer.id": "phone",
  "customer.name": "name",
  "customer.address": "address",
  sale_type_id: "saleType",
  venue_id: "venue",
  delivery_fee: "deliveryFee",
  comment: "comment",
};

/** The place of a line. */
export function placeOfLine(id: number): string {
  return `line:${id}`;
}

/** What the server says is wrong, each where it belongs; `lineIds` are the basket's lines in the order they were sent. */
export function placed(details: readonly Detail[], lineIds: readonly number[]): Problems {
  const found = new Map<string, string>();
  for (const detail of details) {
    const place = placeOf(detail.field, lineIds);
    const text = sentence(detail);
    found.set(place, found.has(place) ? `${found.get(place) ?? ""} ${text}` : text);
  }
  return found;
}

function placeOf(field: string, lineIds: readonly number[]): string {
  const line = /^products\[(\d+)\]/.exec(field)?.[1];
  if (line !== undefined) {
    const id = lineIds[Number(line)];
    return id === undefined ? "form" : placeOfLine(id);
  }
  if (field.startsWith("discount")) return "discount";
  if (field.startsWith("service_charge")) return "service";
  return FIELDS[field] ?? "form";
}

function sentence(detail: Detail): string {
  const known: Readonly<Record<string, string>> = messages().entry.codes;
  return known[detail.code] ?? worded(detail);
}
