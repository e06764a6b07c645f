/** Where the keyboard goes. The flow of an order: phone, name, address, products, their quantities, sending. */

import { signal } from "@preact/signals";

export type Step = "guest" | "menu" | "basket";

/** Which part is in sight where not all of them are. */
export const step = signal<Step>("guest");

export const PHONE = "entry-phone";
export const NAME = "entry-name";
export const ADDRESS = "entry-address";
export const SEARCH = "entry-search";
export const SEND = "entry-send";

const STEP_OF: Readonly<Record<string, Step>> = { [PHONE]: "guest", [NAME]: "guest", [ADDRESS]: "guest", [SEARCH]: "menu", [SEND]: "basket" };
const PLACES: Readonly<Record<string, string>> = { phone: PHONE, name: NAME, address: ADDRESS, basket: SEARCH };

/** Put the focus on a field, bringing its part into sight first. */
export function focusOn(id: string): void {
  const wanted = STEP_OF[id];
  if (wanted) step.value = wanted;
  // At once where it is in sight, so that the very next key lands there; else when it has appeared.
  if (!focusNow(id)) requestAnimationFrame(() => focusNow(id));
}

/** Put the focus where something is wrong. */
export function focusProblem(place: string): void {
  const id = PLACES[place];
  if (id) focusOn(id);
  else {
    step.value = place.startsWith("line:") ? "basket" : "guest";
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-place="${CSS.escape(place)}"] :is(input, button, select)`)?.focus());
  }
}

function focusNow(id: string): boolean {
  const element = document.getElementById(id);
  if (!(element instanceof HTMLElement) || element.offsetParent === null) return false;
  element.focus();
  if (element instanceof HTMLInputElement) element.select();
  return document.activeElement === element;
}
