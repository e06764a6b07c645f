import type { JSX } from "preact";
import type { Insights } from "~/api/types";
import { messages } from "~/i18n";
import { count, money, share } from "~/i18n/format";

/** The figures that matter most, and below them what they are made of. */
export function Tiles({ data }: { data: Insights }): JSX.Element {
  const { insights } = messages();
  const { totals } = data;
  const refused = totals.orders === 0 ? undefined : share(totals.refused / totals.orders);
  return (
    <section aria-label={insights.totals}>
      <dl class="insights-tiles">
        <Tile name="sales" label={insights.sales} value={money(totals.sales)} strong />
        <Tile name="orders" label={insights.orders} value={count(totals.orders)} more={insights.acceptedOf(count(totals.accepted))} />
        <Tile name="average_ticket" label={insights.averageTicket} value={totals.average_ticket === null ? "–" : money(totals.average_ticket)} />
        <Tile name="items" label={insights.items} value={count(totals.items)} />
        <Tile name="refused" label={insights.refused} value={count(totals.refused)} bad={totals.refused > 0} {...(refused === undefined ? {} : { more: refused })} />
      </dl>
      <dl class="insights-small">
        <Small name="delivered" label={insights.delivered} value={count(totals.delivered)} />
        <Small name="discounts" label={insights.discounts} value={money(totals.discounts)} />
        <Small name="service_charges" label={insights.serviceCharges} value={money(totals.service_charges)} />
        <Small name="delivery_fees" label={insights.deliveryFees} value={money(totals.delivery_fees)} />
      </dl>
    </section>
  );
}

function Tile(props: { name: string; label: string; value: string; more?: string; strong?: boolean; bad?: boolean }): JSX.Element {
  return (
    <div class={props.strong ? "insights-tile card is-strong" : "insights-tile card"}>
      <dt>{props.label}</dt>
      <dd class={props.bad ? "insights-tile-value is-bad" : "insights-tile-value"} data-testid={`total-${props.name}`}>
        {props.value}
      </dd>
      {props.more !== undefined && <dd class="insights-tile-more">{props.more}</dd>}
    </div>
  );
}

function Small({ name, label, value }: { name: string; label: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{label}</dt>
      <dd data-testid={`total-${name}`}>{value}</dd>
    </div>
  );
}
