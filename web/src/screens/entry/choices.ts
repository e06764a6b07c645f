/** Modifier groups of a product, and what choosing among them allows. */

import { computed } from "@preact/signals";
import type { MenuModifier, MenuModifierGroup, MenuProduct } from "~/api/types";
import { menu } from "~/menu";
import type { DraftModifier } from "./draft";

/** How often each modifier is chosen, by its id. */
export type Chosen = ReadonlyMap<number, number>;

const groupsById = computed(() => new Map((menu.value?.modifier_groups ?? []).map((group) => [group.id, group])));
const modifiersById = computed(
  () => new Map((menu.value?.modifier_groups ?? []).flatMap((group) => group.modifiers.map((one) => [one.id, one] as const))),
);

/** The groups a product offers. */
export function groupsOf(product: MenuProduct): readonly MenuModifierGroup[] {
  return product.modifier_groups.flatMap((id) => groupsById.value.get(id) ?? []);
}

/** A modifier of the menu. */
export function modifierOf(id: number): MenuModifier | undefined {
  return modifiersById.value.get(id);
}

/** How many are chosen in a group. */
export function takenOf(group: MenuModifierGroup, chosen: Chosen): number {
  return group.modifiers.reduce((sum, modifier) => sum + (chosen.get(modifier.id) ?? 0), 0);
}

/** Whether a group takes no more. */
export function isFull(group: MenuModifierGroup, chosen: Chosen): boolean {
  return group.max_select !== null && takenOf(group, chosen) >= group.max_select;
}

/** The first group that too few were chosen of. */
export function lacking(product: MenuProduct, chosen: Chosen): MenuModifierGroup | undefined {
  return groupsOf(product).find((group) => takenOf(group, chosen) < group.min_select);
}

/** The first group that too many were chosen of; a menu that changes may leave such lines behind. */
export function overfull(product: MenuProduct, chosen: Chosen): MenuModifierGroup | undefined {
  return groupsOf(product).find((group) => group.max_select !== null && takenOf(group, chosen) > group.max_select);
}

/** Chosen so often; a group that takes one lets the other go, any other keeps within its maximum. */
export function choosing(group: MenuModifierGroup, chosen: Chosen, modifierId: number, wanted: number): Chosen {
  const next = new Map(chosen);
  if (group.max_select === 1 && wanted > 0) for (const other of group.modifiers) next.delete(other.id);
  next.delete(modifierId);
  const room = group.max_select === null ? wanted : Math.min(wanted, group.max_select - takenOf(group, next));
  if (room > 0) next.set(modifierId, room);
  return next;
}

/** What is chosen, as a line keeps it: only what the product offers, in the order of the menu. */
export function keptOf(product: MenuProduct, chosen: Chosen): DraftModifier[] {
  const kept: DraftModifier[] = [];
  for (const modifier of groupsOf(product).flatMap((group) => group.modifiers)) {
    const count = chosen.get(modifier.id) ?? 0;
    if (count > 0 && !kept.some((one) => one.id === modifier.id)) kept.push({ id: modifier.id, count });
  }
  return kept;
}

/** What modifiers say together; a channel may name one more than once. */
export function chosenOf(modifiers: readonly DraftModifier[]): Chosen {
  const chosen = new Map<number, number>();
  for (const { id, count } of modifiers) chosen.set(id, (chosen.get(id) ?? 0) + count);
  return chosen;
}
