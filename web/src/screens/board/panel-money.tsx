import type { JSX } from "preact";
import { messages } from "~/i18n";
import { money, timeOfDay } from "~/i18n/format";
import { actorName } from "./names";
import type { OrderInView } from "./order-in-view";
import { isPaid } from "./stages";

/** What an order costs, broken down as the server reckons it, and what was paid. */
export function Money({ found: { order, receipt } }: { found: OrderInView }): JSX.Element {
  const { board } = messages();
  const { totals } = order;
  const parts: [string, number][] = [
    [board.totals.discount, -totals.discount],
    [board.totals.service, totals.service_charge],
    [board.totals.delivery, totals.delivery_fee],
  ];
  return (
    <section>
      <h3>{board.totals.title}</h3>
      <dl class="board-money" data-testid="totals">
        <Amount name={board.totals.subtotal} amount={totals.subtotal} />
        {parts.map(([name, amount]) => amount !== 0 && <Amount key={name} name={name} amount={amount} />)}
        <Amount name={board.totals.total} amount={totals.total} strong />
        {receipt?.payment_methods.map((payment, index) => (
          <Amount key={`${payment.id}-${index}`} name={payment.name} amount={payment.amount} />
        ))}
        {receipt?.status === 1 && <Amount name={board.totals.remaining} amount={receipt.remaining} strong />}
      </dl>
      {receipt && (
        <p class="board-panel-faint" data-testid="receipt">
          {receipt.order_status === "CANCELLED" ? null : (
            <span class={isPaid(receipt) ? "chip is-ready" : "chip is-new"} data-testid="paid">
              {isPaid(receipt) ? board.paid : board.unpaid}
            </span>
          )}{" "}
          {board.receipt} {receipt.order_number}
          {receipt.closed_at && ` · ${timeOfDay(receipt.closed_at)}`}
          {receipt.closed_by && ` · ${board.receiptClosedBy(actorName(receipt.closed_by))}`}
          {receipt.fiscal_id && ` · ${receipt.fiscal_id}`}
        </p>
      )}
      {receipt?.refund_due && (
        <p class="board-panel-alert" data-testid="refund">
          {board.refundDue}
        </p>
      )}
    </section>
  );
}

function Amount({ name, amount, strong }: { name: string; amount: number; strong?: boolean }): JSX.Element {
  return (
    <div class={strong ? "board-amount is-strong" : "board-amount"}>
      <dt>{name}</dt>
      <dd>{money(amount)}</dd>
    </div>
  );
}
