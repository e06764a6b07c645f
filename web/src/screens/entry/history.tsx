import { Repeat2, X } from "lucide";
import type { JSX } from "preact";
import { messages } from "~/i18n";
import { count, dayAndTime, money } from "~/i18n/format";
import { Button } from "~/parts/button";
import { focusOn, SEARCH } from "./focus";
import { dismissLeftOut, history, leftOut, repeat, wordsOf } from "./guests";
import { isHeld } from "./submission";

/** What the guest had before; one tap puts it into the basket. */
export function History(): JSX.Element | null {
  const { entry } = messages();
  const past = history.value;
  if (past === null) return null;
  return (
    <section class="entry-card" aria-labelledby="entry-history-title">
      <h2 id="entry-history-title" class="entry-title">
        {entry.pastOrders}
      </h2>
      {past.orders.length === 0 && (
        <p class="entry-faint" role="status">
          {past.state === "asking" ? entry.loadingOrders : past.state === "unknown" ? entry.ordersUnknown : entry.noOrders}
        </p>
      )}
      <ol class="entry-history">
        {past.orders.map((order, index) => (
          <li key={order.id} class="entry-past" data-testid="past-order">
            <div class="entry-past-head">
              <span>{dayAndTime(order.created_at)}</span>
              <strong>{money(order.totals.total)}</strong>
            </div>
            <p class="entry-past-lines">
              {order.lines.map((line) => (
                <span key={line.line}>
                  <b>{count(line.count)}×</b> {wordsOf(line)}
                </span>
              ))}
            </p>
            <Button
              icon={Repeat2}
              wide
              disabled={isHeld.value}
              testId="repeat"
              title={`Alt+${index + 1}`}
              onClick={(event) => {
                // The second half of a double click would double every quantity.
                if (event.detail > 1) return;
                repeat(order);
                if (event.detail === 0) focusOn(SEARCH);
              }}
            >
              <span aria-hidden="true">{entry.repeat}</span>
              <span class="visually-hidden">{entry.repeatOf(dayAndTime(order.created_at))}</span>
              <kbd class="entry-key">Alt {index + 1}</kbd>
            </Button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Names what could not be repeated. */
export function LeftOut(): JSX.Element | null {
  if (leftOut.value.length === 0) return null;
  return (
    <div class="entry-left-out" role="alert" data-testid="left-out">
      <span>
        {messages().entry.leftOut} <strong>{leftOut.value.join(", ")}</strong>
      </span>
      <Button look="plain" icon={X} label={messages().common.close} onClick={dismissLeftOut} />
    </div>
  );
}
