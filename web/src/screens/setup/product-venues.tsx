import type { JSX } from "preact";
import { messages } from "~/i18n";
import { Toggle } from "./form-fields";
import { PriceField } from "./price-field";
import type { ProductResource, Resource } from "./resources";

type Offer = ProductResource["venues"][number];

interface Props {
  venues: readonly Resource[];
  value: readonly Offer[];
  onChange: (value: Offer[]) => void;
  errors: ReadonlyMap<string, string>;
}

/** Where a product is sold, and where it costs something else; a venue that is like the menu is not in the list. */
export function ProductVenues({ venues, value, onChange, errors }: Props): JSX.Element {
  const { menu } = messages().setup;
  function change(venueId: number, part: Partial<Offer>): void {
    const before = value.find((one) => one.venue_id === venueId) ?? { venue_id: venueId };
    const after = { ...before, ...part };
    const asTheMenu = after.available !== false && (after.price ?? null) === null;
    const others = value.filter((one) => one.venue_id !== venueId);
    onChange(asTheMenu ? others : [...others, after].sort((a, b) => a.venue_id - b.venue_id));
  }
  return (
    <fieldset class="setup-several">
      <legend class="field-label">{menu.atVenues}</legend>
      <ul class="setup-modifiers">
        {venues.map((venue) => {
          const index = value.findIndex((one) => one.venue_id === venue.id);
          const offer = value[index];
          return (
            <li key={venue.id} class="setup-modifier" data-testid={`offer-${venue.id}`}>
              <Toggle label={venue.name} on={offer?.available !== false} onChange={(available) => change(venue.id, { available })} />
              <PriceField label={menu.ownPrice} optional value={offer?.price ?? null} onInput={(price) => change(venue.id, { price })} error={errors.get(`venues[${index}].price`) ?? null} />
            </li>
          );
        })}
      </ul>
    </fieldset>
  );
}
