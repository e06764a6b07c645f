import { Check, ClipboardList, Plus } from "lucide";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { messages } from "~/i18n";
import { money } from "~/i18n/format";
import { Icon } from "~/parts/icon";
import type { Taken } from "./submission";

/** The order is taken: its number, large, and the next one. */
export function Done({ order, onNext }: { order: Taken; onNext: () => void }): JSX.Element {
  const { entry } = messages();
  const next = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => next.current?.focus(), []);
  return (
    <section class="entry-done" role="status" data-testid="order-taken" data-order={order.id}>
      <span class="entry-done-mark">
        <Icon of={Check} />
      </span>
      <h2>{entry.orderTaken}</h2>
      <p class="entry-done-number" data-testid="order-number">
        {order.number}
      </p>
      <p class="entry-done-total">
        {order.name} · <strong data-testid="taken-total" data-amount={order.totals.total}>{money(order.totals.total)}</strong>
      </p>
      <p class="entry-faint">{order.accepted ? entry.takenAccepted : entry.takenPending}</p>
      <div class="entry-done-buttons">
        <button ref={next} type="button" class="button is-primary is-large" data-testid="next-order" onClick={onNext}>
          <Icon of={Plus} />
          {entry.newOrder}
        </button>
        <a class="button is-large" href="/board">
          <Icon of={ClipboardList} />
          {entry.toBoard}
        </a>
      </div>
    </section>
  );
}
