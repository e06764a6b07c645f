import { Ban, Link2, RotateCcw, StickyNote } from "lucide";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { SummaryLine, SummaryModifier } from "~/api/types";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { productsById } from "~/menu";
import { Button } from "~/parts/button";
import { Icon } from "~/parts/icon";
import { setStopList, stopListPath } from "~/parts/stop-list";
import { isPending } from "~/sync/actions";
import { board as venueBoard } from "~/sync/board";
import { MapItem } from "./map-item";
import type { OrderInView } from "./order-in-view";

/** The lines of an order with modifiers, notes and prices; unknown ones can be mapped, sold-out ones stopped. */
export function Lines({ found: { order, summary } }: { found: OrderInView }): JSX.Element {
  const { board } = messages();
  const [mapping, setMapping] = useState<SummaryLine | null>(null);
  return (
    <section>
      <h3>{board.items}</h3>
      {!summary && <p class="board-panel-faint">{board.loadingLines}</p>}
      {order.needs_attention && order.status === "PENDING" && <p class="board-panel-alert">{board.unknownHint}</p>}
      <ul class="board-lines">
        {summary?.lines.map((line) => (
          <li key={line.line} class={line.unknown ? "board-line is-unknown" : "board-line"} data-testid="order-line">
            <b class="board-line-count">{count(line.count)}×</b>
            <div class="board-line-what">
              <Name line={line} />
              {line.modifiers.map((modifier, index) => (
                <Modifier key={index} modifier={modifier} />
              ))}
              {line.note && (
                <p class="board-line-note" dir="auto">
                  <Icon of={StickyNote} label={board.note} /> {line.note}
                </p>
              )}
              {line.unknown && order.status === "PENDING" && (
                <Button icon={Link2} look="primary" onClick={() => setMapping(line)} testId="map">
                  {board.actions.map}
                </Button>
              )}
            </div>
            <span class="board-line-price">
              {money(line.total)}
              {line.count !== 1 && <small>{board.each(money(line.price))}</small>}
            </span>
            <Stop line={line} open={order.open} />
          </li>
        ))}
      </ul>
      {mapping && <MapItem orderId={order.id} line={mapping} onClose={() => setMapping(null)} />}
    </section>
  );
}

function Name({ line }: { line: SummaryLine }): JSX.Element {
  const { board } = messages();
  const product = productsById.value.get(line.product_id);
  return (
    <span>
      <strong dir="auto">{line.name}</strong>
      {line.portion_size !== 1 && <span class="board-panel-faint"> · {board.portion(count(line.portion_size))}</span>}
      {line.unknown && <span class="chip is-bad">{board.unknownItem}</span>}
      {!line.unknown && product && product.name !== line.name && <span class="board-panel-faint"> → {product.name}</span>}
    </span>
  );
}

function Modifier({ modifier }: { modifier: SummaryModifier }): JSX.Element {
  const { board } = messages();
  return (
    <span class="board-line-modifier">
      <span dir="auto">
        {modifier.count === 1 ? "+ " : `+ ${count(modifier.count)}× `}
        {modifier.name}
      </span>
      {modifier.unknown && <span class="chip is-bad">{board.unknownModifier}</span>}
      {modifier.price !== 0 && <span>{money(modifier.price)}</span>}
    </span>
  );
}

/** One tap puts a product on the venue's stop list, another takes it off. */
function Stop({ line, open }: { line: SummaryLine; open: boolean }): JSX.Element | null {
  const { board } = messages();
  const { venueId, stopList } = venueBoard.value;
  if (!open || line.unknown) return null;
  // What the menu hides may be ordered all the same, and run out.
  const product = productsById.value.get(line.product_id) ?? { id: line.product_id, name: line.name };
  const left = stopList.get(product.id);
  const gone = left === 0;
  return (
    <span class="board-line-stop">
      {left !== undefined && <span class={gone ? "chip is-bad" : "chip is-new"}>{gone ? board.stopped : board.left(count(left))}</span>}
      <Button
        look="plain"
        icon={gone ? RotateCcw : Ban}
        label={`${gone ? board.actions.back : board.actions.gone}: ${product.name}`}
        busy={isPending(stopListPath(venueId, product.id))}
        onClick={() => void setStopList(product, gone ? null : 0)}
        testId="stop-line"
      />
    </span>
  );
}
