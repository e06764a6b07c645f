import { Pencil, Trash2 } from "lucide";
import type { JSX } from "preact";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { productsById } from "~/menu";
import { Button } from "~/parts/button";
import { takeScanned } from "./catalogue";
import { modifierOf } from "./choices";
import { changeLine, decimalOf, justAdded, removeLine, type DraftLine } from "./draft";
import { focusOn, SEARCH } from "./focus";
import { asking } from "./options";
import { pricing } from "./pricing";
import { placeOfLine } from "./problems";
import { Quantity } from "./quantity";
import { isHeld, problems } from "./submission";

/** A line of the basket: how many, what of it, what it costs, and what is wrong with it. */
export function BasketLine({ line }: { line: DraftLine }): JSX.Element {
  const { entry, common } = messages();
  const product = productsById.value.get(line.productId);
  const problem = problems.value.get(placeOfLine(line.id));
  const held = isHeld.value;
  const details = [
    ...line.modifiers.map(({ id, count: times }) => `${times > 1 ? `${count(times)}× ` : ""}${modifierOf(id)?.name ?? entry.modifierGone}`),
    ...(line.portion === 1 ? [] : [entry.portionOf(count(line.portion))]),
  ];

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      // A scanner that types into the quantity means the next product.
      if (line.count.length > 5 && takeScanned(line.count)) changeLine(line.id, { count: "1" });
      focusOn(SEARCH);
    } else if (/^\p{L}$/u.test(event.key)) {
      // Letters begin the search for the next product; the key itself arrives there.
      focusOn(SEARCH);
    } else if (event.key === "Delete" && (event.currentTarget as HTMLInputElement).value === "") {
      removeLine(line.id);
      focusOn(SEARCH);
    }
  }

  return (
    <li class={problem ? "entry-line is-wrong" : "entry-line"} data-testid="basket-line" data-place={placeOfLine(line.id)}>
      <div class="entry-line-head">
        <strong class="entry-line-name">{product?.name ?? line.name}</strong>
        <LineSum id={line.id} />
      </div>
      {details.length > 0 && <p class="entry-line-details">{details.join(", ")}</p>}
      {line.note !== "" && <p class="entry-line-note">{line.note}</p>}
      {problem && (
        <p class="field-error" role="alert" data-testid="line-problem">
          {problem}
        </p>
      )}
      <div class="entry-line-tools">
        <Quantity
          label={entry.quantityOf(product?.name ?? line.name)}
          value={line.count}
          byWeight={product?.sold_by_weight === true}
          disabled={held}
          invalid={decimalOf(line.count) === null}
          wanted={justAdded.value === line.id}
          onWanted={() => (justAdded.value = null)}
          onInput={(value) => changeLine(line.id, { count: value })}
          onKeyDown={onKeyDown}
        />
        <span class="entry-line-buttons">
          <Button
            look="plain"
            icon={Pencil}
            label={entry.edit(product?.name ?? line.name)}
            disabled={held || product === undefined}
            testId="edit-line"
            onClick={() => (asking.value = { productId: line.productId, lineId: line.id, byKeyboard: false })}
          />
          <Button
            look="plain"
            icon={Trash2}
            label={`${common.discard}: ${product?.name ?? line.name}`}
            disabled={held}
            testId="remove-line"
            onClick={(event) => {
              removeLine(line.id);
              if (event.detail === 0) focusOn(SEARCH);
            }}
          />
        </span>
      </div>
    </li>
  );
}

function LineSum({ id }: { id: number }): JSX.Element | null {
  const { state, quote, lineIds } = pricing.value;
  const sum = quote?.lines[lineIds.indexOf(id)]?.subtotal;
  if (sum === undefined || state === "unknown") return null;
  return <span class={state === "fresh" ? "entry-sum" : "entry-sum is-old"}>{money(sum)}</span>;
}
