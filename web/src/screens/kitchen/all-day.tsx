import { X } from "lucide";
import type { JSX } from "preact";
import type { TicketCard } from "~/api/types";
import { messages } from "~/i18n";
import { count } from "~/i18n/format";
import { Button } from "~/parts/button";
import { allDay, type AllDayRow, type Variant } from "./queue";

/** How many of each item are still to be made, over all tickets of the station. */
export function AllDay({ tickets, onClose }: { tickets: readonly TicketCard[]; onClose: () => void }): JSX.Element {
  const { kitchen } = messages();
  const rows = allDay(tickets);
  return (
    <section class="kitchen-all-day" aria-label={kitchen.allDay} data-testid="all-day">
      <header class="kitchen-all-day-head">
        <h2>{kitchen.allDay}</h2>
        <Button icon={X} look="plain" label={messages().common.close} onClick={onClose} />
      </header>
      {/* Scrolls, so a keyboard must be able to reach it. */}
      <ul class="kitchen-totals" tabIndex={0} aria-label={kitchen.allDay}>
        {rows.map((row) => (
          <li key={row.key} data-testid="total" data-name={row.name} data-count={row.count}>
            <span class="kitchen-total">
              <b>{count(row.count)}</b>
              <span>{row.name}</span>
            </span>
            {told(row) && (
              <ul class="kitchen-variants">
                {row.variants.map((variant) => (
                  <li key={variant.key}>
                    <b>{count(variant.count)}</b>
                    <span>{wordsOf(variant)}</span>
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
      {rows.length === 0 && <p class="kitchen-nothing">{kitchen.nothingToDo}</p>}
    </section>
  );
}

/** Whether there is more to say than how many. */
function told(row: AllDayRow): boolean {
  return row.variants.some((variant) => variant.modifiers.length > 0 || variant.portion !== 1);
}

function wordsOf(variant: Variant): string {
  const { kitchen } = messages();
  const portion = variant.portion === 1 ? [] : [kitchen.portion(count(variant.portion))];
  return [...portion, ...variant.modifiers].join(" · ") || kitchen.plain;
}
