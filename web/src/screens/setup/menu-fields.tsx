/** What the menu's forms ask. */

import { messages } from "~/i18n";
import type { FieldGroup, Option } from "./form-model";
import { Modifiers } from "./modifiers";
import { ProductVenues } from "./product-venues";
import type { CategoryResource, Modifier, ModifierGroupResource, ProductResource, Resource, StationResource } from "./resources";

/** Active resources to choose from, after a text for choosing none. */
export function optionsOf(resources: readonly Resource[], none?: string): Option[] {
  const found: Option[] = resources.filter((one) => one.active).map((one) => ({ value: one.id, text: one.name }));
  return none === undefined ? found : [{ value: null, text: none }, ...found];
}

/** The fields of a product. */
export function productFields(known: {
  categories: readonly CategoryResource[];
  stations: readonly StationResource[];
  groups: readonly ModifierGroupResource[];
  /** What this product may be a variant of. */
  parents: readonly Resource[];
  units: readonly Resource[];
  venues: readonly Resource[];
}): readonly FieldGroup[] {
  const { menu } = messages().setup;
  return [
    {
      fields: [
        { kind: "text", name: "name", label: menu.name, required: true },
        { kind: "number", name: "price", label: menu.price },
        { kind: "choice", name: "category_id", label: menu.category, options: optionsOf(known.categories, menu.noCategory) },
        { kind: "choice", name: "station_id", label: menu.station, options: optionsOf(known.stations, menu.stationOfCategory) },
        { kind: "choice", name: "parent_id", label: menu.variantOf, options: optionsOf(known.parents, menu.noVariant) },
        { kind: "number", name: "position", label: menu.position, whole: true, optional: true },
        { kind: "number", name: "cooking_time", label: menu.cookingTime, whole: true, optional: true },
        { kind: "text", name: "barcode", label: menu.barcode },
        { kind: "long", name: "description", label: menu.description, wide: true },
        { kind: "toggle", name: "active", label: menu.active, hint: menu.activeHint },
        { kind: "toggle", name: "hidden", label: menu.hidden, hint: menu.hiddenHint },
        { kind: "toggle", name: "sold_by_weight", label: menu.byWeight, hint: menu.byWeightHint },
        { kind: "toggle", name: "sold_by_portion", label: menu.byPortion, hint: menu.byPortionHint },
        ...(known.units.length > 0 ? [{ kind: "choice", name: "unit_id", label: menu.unit, options: optionsOf(known.units, menu.noUnit) } as const] : []),
        { kind: "several", name: "modifier_groups", label: menu.groups, options: optionsOf(known.groups), none: menu.noGroups, wide: true },
        {
          kind: "custom",
          name: "venues",
          label: menu.atVenues,
          wide: true,
          render: ({ value, onChange, errors }) => <ProductVenues venues={known.venues} value={(value ?? []) as ProductResource["venues"]} onChange={onChange} errors={errors} />,
        },
        { kind: "pictures", name: "pictures", label: menu.pictures, wide: true },
      ],
    },
  ];
}

/** The fields of a category. */
export function categoryFields(known: { categories: readonly CategoryResource[]; stations: readonly StationResource[] }): readonly FieldGroup[] {
  const { menu } = messages().setup;
  return [
    {
      fields: [
        { kind: "text", name: "name", label: menu.name, required: true },
        { kind: "choice", name: "parent_id", label: menu.parent, options: optionsOf(known.categories, menu.noParent) },
        { kind: "choice", name: "station_id", label: menu.station, options: optionsOf(known.stations, menu.stationOfVenue) },
        { kind: "number", name: "position", label: menu.position, whole: true, optional: true },
        { kind: "text", name: "color", label: menu.color, hint: menu.colorHint },
        { kind: "toggle", name: "active", label: menu.active, hint: menu.activeHint },
        { kind: "pictures", name: "pictures", label: menu.pictures, wide: true },
      ],
    },
  ];
}

/** The fields of a modifier group. */
export function groupFields(): readonly FieldGroup[] {
  const { menu } = messages().setup;
  return [
    {
      fields: [
        { kind: "text", name: "name", label: menu.name, required: true, wide: true },
        { kind: "number", name: "min_select", label: menu.minSelect, whole: true },
        { kind: "number", name: "max_select", label: menu.maxSelect, hint: menu.maxSelectHint, whole: true },
        { kind: "toggle", name: "single_choice", label: menu.singleChoice, hint: menu.singleChoiceHint },
        { kind: "toggle", name: "active", label: menu.active, hint: menu.activeHint },
        {
          kind: "custom",
          name: "modifiers",
          label: menu.modifiers,
          wide: true,
          render: ({ value, onChange, errors }) => <Modifiers value={(value ?? []) as Modifier[]} onChange={onChange} errors={errors} />,
        },
      ],
    },
  ];
}
