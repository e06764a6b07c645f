import type { JSX } from "preact";
import { messages } from "~/i18n";
import { money } from "~/i18n/format";
import { pricing } from "./pricing";

/** What the order costs, as the server says it; plainly old while it is asked again, and unknown without connection. */
export function TotalsPart(): JSX.Element | null {
  const { entry } = messages();
  const { state, quote, error } = pricing.value;
  if (state === "none") return null;
  const totals = quote?.totals ?? null;
  const shown = totals !== null && state !== "unknown" && state !== "failed";
  return (
    <div class="entry-totals" data-testid="totals" data-state={state} aria-busy={state === "asking"}>
      {shown && (
        <dl class={state === "fresh" ? "entry-sums" : "entry-sums is-old"}>
          <Sum name={entry.subtotal} amount={totals.subtotal} />
          {totals.discount > 0 && <Sum name={entry.discount} amount={-totals.discount} />}
          {totals.service_charge > 0 && <Sum name={entry.serviceCharge} amount={totals.service_charge} />}
          {totals.delivery_fee > 0 && <Sum name={entry.deliveryFee} amount={totals.delivery_fee} />}
          <div class="entry-total">
            <dt>
              {entry.total}
              {state === "asking" && <span class="spinner" aria-hidden="true" />}
            </dt>
            <dd data-testid="total" data-amount={totals.total}>
              {money(totals.total)}
            </dd>
          </div>
        </dl>
      )}
      {state === "asking" && !shown && <p class="entry-faint">{entry.pricing}</p>}
      {state === "fresh" && !shown && <p class="entry-faint">{entry.noPrice}</p>}
      {state === "unknown" && <p class="entry-unknown">{entry.priceUnknown}</p>}
      {state === "failed" && <p class="field-error">{error}</p>}
      <span class="visually-hidden" role="status" aria-live="polite">
        {state === "fresh" && totals ? `${entry.total}: ${money(totals.total)}` : state === "unknown" ? entry.priceUnknown : ""}
      </span>
    </div>
  );
}

function Sum({ name, amount }: { name: string; amount: number }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{money(amount)}</dd>
    </div>
  );
}
