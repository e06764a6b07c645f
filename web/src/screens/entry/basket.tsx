import { ShoppingBasket } from "lucide";
import type { JSX } from "preact";
import { messages } from "~/i18n";
import { count } from "~/i18n/format";
import { Empty } from "~/parts/empty";
import { BasketLine } from "./basket-line";
import { draft } from "./draft";
import { LeftOut } from "./history";
import { Send } from "./send";
import { problems } from "./submission";
import { TotalsPart } from "./totals";

/** What is ordered, what it costs, and sending it. */
export function Basket(): JSX.Element {
  const { entry } = messages();
  const { lines } = draft.value;
  const problem = problems.value.get("basket");
  return (
    <section class="entry-basket" aria-labelledby="entry-basket-title" data-testid="basket">
      <h2 id="entry-basket-title" class="entry-title entry-basket-title">
        {entry.basket}
        {lines.length > 0 && <span class="chip">{count(lines.length)}</span>}
      </h2>
      <div class="entry-lines-frame">
        <LeftOut />
        {lines.length === 0 ? (
          <Empty icon={ShoppingBasket}>{problem ? <span class="field-error">{problem}</span> : entry.basketEmpty}</Empty>
        ) : (
          <ul class="entry-lines">
            {lines.map((line) => (
              <BasketLine key={line.id} line={line} />
            ))}
          </ul>
        )}
      </div>
      <div class="entry-foot">
        <TotalsPart />
        <Send />
      </div>
    </section>
  );
}
