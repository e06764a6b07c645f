import type { JSX } from "preact";
import { messages } from "~/i18n";
import { menu, venues } from "~/menu";
import { Choice, Field } from "~/parts/field";
import { Segments } from "~/parts/segments";
import { chooseVenue, venueId } from "~/session";
import { isDelivery, saleType, serviceOn, serviceRate } from "./body";
import { change, draft, type DiscountType } from "./draft";
import { isHeld, problems } from "./submission";

/** How the order is served, and what comes on top of it or off it. */
export function Terms(): JSX.Element {
  const { entry } = messages();
  const known = menu.value;
  const { deliveryFee, comment } = draft.value;
  const wrong = problems.value;
  const venueProblem = wrong.get("venue");
  return (
    <section class="entry-card" aria-labelledby="entry-terms-title">
      <h2 id="entry-terms-title" class="entry-title">
        {entry.terms}
      </h2>
      <fieldset class="entry-fields" disabled={isHeld.value}>
        <legend class="visually-hidden">{entry.terms}</legend>
        <VenueChoice />
        {venueProblem && (
          <span class="field-error" role="alert">
            {venueProblem}
          </span>
        )}
        <div class="field" data-place="saleType">
          <span class="field-label">{entry.saleType}</span>
          <Segments
            label={entry.saleType}
            value={saleType.value?.id ?? null}
            options={(known?.sale_types ?? []).map((type) => ({ value: type.id, text: type.name }))}
            onChange={(id) => change({ saleTypeId: id })}
          />
          <Wrong place="saleType" />
        </div>
        {isDelivery.value && (
          <div data-place="deliveryFee">
            <Field
              label={entry.deliveryFee}
              value={deliveryFee}
              inputMode="decimal"
              onInput={(value) => change({ deliveryFee: value })}
              error={wrong.get("deliveryFee") ?? null}
              placeholder="0"
              maxLength={12}
              testId="delivery-fee"
            />
          </div>
        )}
        <Discount />
        <ServiceCharge />
        <div data-place="comment">
          <Field
            label={entry.comment}
            value={comment}
            rows={2}
            maxLength={1000}
            onInput={(value) => change({ comment: value })}
            error={wrong.get("comment") ?? null}
            testId="comment"
          />
        </div>
      </fieldset>
    </section>
  );
}

/** Where the order is made. */
function VenueChoice(): JSX.Element | null {
  const { entry, common } = messages();
  if (venues.value.length < 2) return null;
  return (
    <div data-place="venue">
      <Choice
        label={common.venue}
        value={venueId.value ?? 0}
        options={venues.value.map((venue) => ({ value: venue.id, text: venue.accepting_orders ? venue.name : entry.closedVenue(venue.name) }))}
        onChange={chooseVenue}
        testId="entry-venue"
      />
    </div>
  );
}

function Discount(): JSX.Element {
  const { entry } = messages();
  const { discountType, discountValue } = draft.value;
  const options: { value: DiscountType; text: string }[] = [
    { value: 0, text: entry.none },
    { value: 1, text: "%" },
    { value: 2, text: menu.value?.currency ?? "" },
  ];
  return (
    <div class="field" data-place="discount">
      <span class="field-label">{entry.discount}</span>
      <div class="entry-pair">
        <Segments<DiscountType> label={entry.discount} value={discountType} options={options} onChange={(value) => change({ discountType: value })} />
        {discountType !== 0 && (
          <AmountInput label={entry.discountValue} value={discountValue} onInput={(value) => change({ discountValue: value })} testId="discount-value" />
        )}
      </div>
      <Wrong place="discount" />
    </div>
  );
}

function ServiceCharge(): JSX.Element {
  const { entry } = messages();
  return (
    <div class="field" data-place="service">
      <div class="entry-pair">
        <label class="entry-switch">
          <input
            type="checkbox"
            role="switch"
            checked={serviceOn.value}
            onChange={(event) => change({ service: event.currentTarget.checked })}
            data-testid="service-charge"
          />
          <span>{entry.serviceCharge}</span>
        </label>
        {serviceOn.value && (
          <>
            <AmountInput label={entry.serviceRate} value={serviceRate.value} onInput={(value) => change({ serviceRate: value })} testId="service-rate" />
            <span aria-hidden="true">%</span>
          </>
        )}
      </div>
      <Wrong place="service" />
    </div>
  );
}

function AmountInput(props: { label: string; value: string; onInput: (value: string) => void; testId: string }): JSX.Element {
  return (
    <input
      class="input entry-amount"
      inputMode="decimal"
      autocomplete="off"
      maxLength={12}
      aria-label={props.label}
      value={props.value}
      onInput={(event) => props.onInput(event.currentTarget.value)}
      data-testid={props.testId}
    />
  );
}

function Wrong({ place }: { place: string }): JSX.Element | null {
  const text = problems.value.get(place);
  if (text === undefined) return null;
  return (
    <span class="field-error" role="alert">
      {text}
    </span>
  );
}
