import type { JSX } from "preact";
import type { OrderSummary } from "~/api/types";
import { messages } from "~/i18n";
import { dayAndTime, money } from "~/i18n/format";
import { explainReading } from "~/parts/toasts";
import { older, searched, searchFailure } from "./search";
import { numberOf } from "./stages";

/** What a search found that is not on the board. */
export function Found({ onOpen }: { onOpen: (id: number) => void }): JSX.Element | null {
  const { board, common } = messages();
  if (searched.value.trim() === "") return null;
  const orders = older.value;
  return (
    <section class="board-found" aria-labelledby="board-found" aria-live="polite">
      <h2 id="board-found" class="field-label">
        {board.searchOlder}
      </h2>
      {searchFailure.value !== null && <span class="field-error">{explainReading(searchFailure.value)}</span>}
      {orders === null && searchFailure.value === null && <span class="board-panel-faint">{common.loading}</span>}
      {orders?.length === 0 && <span class="board-panel-faint">{board.searchNothing}</span>}
      <ul class="board-found-list">
        {orders?.map((one) => (
          <li key={one.id}>
            <Hit one={one} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Hit({ one, onOpen }: { one: OrderSummary; onOpen: (id: number) => void }): JSX.Element {
  const { board } = messages();
  return (
    <button type="button" class="button board-hit" onClick={() => onOpen(one.id)} data-testid="hit" data-order={one.id}>
      <strong>{numberOf(one, one.receipt)}</strong>
      <span dir="auto">{one.customer?.name ?? board.guest}</span>
      <span>{money(one.totals.total)}</span>
      <span class="board-panel-faint">{dayAndTime(one.created_at)}</span>
      {one.status === "IGNORE" && <span class="chip is-bad">{board.refused}</span>}
    </button>
  );
}
