import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { MenuProduct } from "~/api/types";
import { messages } from "~/i18n";
import { count as counted, money } from "~/i18n/format";
import { menu, productsById } from "~/menu";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Field } from "~/parts/field";
import { Segments } from "~/parts/segments";
import { choosing, chosenOf, groupsOf, keptOf, lacking, type Chosen } from "./choices";
import { addLine, changeLine, decimalOf, draft, justAdded, owner } from "./draft";
import { variantsOf } from "./matching";
import { GroupChoice, NumberedChoices } from "./group-choice";
import { Quantity } from "./quantity";
import { fewLeftOf, leftOf } from "./stock";

const PORTIONS = [0.5, 1, 1.5, 2] as const;

/** What is asked for just now: how a product is wanted, or how a line of the basket is. */
export const asking = signal<{ productId: number; lineId: number | null; byKeyboard: boolean } | null>(null);

// It was about a line of theirs.
owner.subscribe(() => (asking.value = null));

/** The question how a product is wanted, while there is one. */
export function Options(): JSX.Element | null {
  const question = asking.value;
  const product = question ? productsById.value.get(question.productId) : undefined;
  const isGone = question !== null && product === undefined && menu.value !== null;
  // What was taken off the menu meanwhile is asked about no more.
  useEffect(() => {
    if (isGone) asking.value = null;
  }, [isGone]);
  if (question === null || product === undefined) return null;
  return <Question key={`${question.productId}:${question.lineId ?? ""}`} product={product} lineId={question.lineId} byKeyboard={question.byKeyboard} />;
}

/** The product that variants are of; itself if it has none. */
function familyOf(product: MenuProduct): { whole: MenuProduct; variants: readonly MenuProduct[] } {
  const whole = product.parent_id === null ? product : (productsById.value.get(product.parent_id) ?? product);
  return { whole, variants: variantsOf.value.get(whole.id) ?? [] };
}

function Question({ product, lineId, byKeyboard }: { product: MenuProduct; lineId: number | null; byKeyboard: boolean }): JSX.Element {
  const { entry, common } = messages();
  const line = draft.value.lines.find((one) => one.id === lineId);
  const { whole, variants } = familyOf(product);
  const [variantId, setVariantId] = useState(product.price === null ? null : product.id);
  const [chosen, setChosen] = useState<Chosen>(chosenOf(line?.modifiers ?? []));
  const [quantity, setQuantity] = useState(line?.count ?? "1");
  const [portion, setPortion] = useState(line?.portion ?? 1);
  const [note, setNote] = useState(line?.note ?? "");
  const form = useRef<HTMLFormElement>(null);
  const sold = variants.length === 0 ? whole : variants.find((variant) => variant.id === variantId);
  const groups = groupsOf(sold ?? whole);
  const amount = decimalOf(quantity);
  const missing = sold === undefined ? entry.variant : lacking(sold, chosen)?.name;
  const gone = sold !== undefined && lineId === null && leftOf(sold.id) === 0;
  const valid = missing === undefined && !gone && amount !== null && amount > 0 && amount <= 10_000;

  function submit(event: Event): void {
    event.preventDefault();
    if (!valid || sold === undefined) return;
    const wanted = { productId: sold.id, name: sold.name, count: quantity, portion, note: note.trim(), modifiers: keptOf(sold, chosen) };
    asking.value = null;
    if (lineId !== null) changeLine(lineId, wanted);
    else {
      const id = addLine(wanted);
      // Once the question has given the focus back.
      if (byKeyboard) queueMicrotask(() => (justAdded.value = id));
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter" || valid || event.target instanceof HTMLButtonElement) return;
    // Enter goes on to what is still to be chosen.
    event.preventDefault();
    form.current?.querySelector<HTMLElement>("[data-missing] :is(input, button):not(:disabled)")?.focus();
  }

  return (
    <Dialog
      title={whole.name}
      testId="options"
      onClose={() => (asking.value = null)}
      foot={
        <>
          <span class="entry-missing" role="status">
            {gone ? entry.codes.stop_listed : missing === undefined ? "" : entry.chooseOf(missing)}
          </span>
          <Button onClick={() => (asking.value = null)}>{common.cancel}</Button>
          <button type="submit" form="entry-options" class="button is-primary" disabled={!valid} data-testid="options-add">
            {lineId === null ? entry.add : common.save}
          </button>
        </>
      }
    >
      <form id="entry-options" ref={form} class="entry-options" onSubmit={submit} onKeyDown={onKeyDown}>
        {variants.length > 0 && (
          <NumberedChoices legend={entry.variant} rule={entry.chooseExactly(1)} missing={sold === undefined}>
            {variants.map((variant, index) => (
              <label key={variant.id} class="entry-option">
                <input
                  type="radio"
                  name="variant"
                  checked={variant.id === variantId}
                  autofocus={index === 0}
                  disabled={leftOf(variant.id) === 0}
                  onChange={() => setVariantId(variant.id)}
                  data-testid="variant"
                />
                <span class={leftOf(variant.id) === 0 ? "entry-option-name is-gone" : "entry-option-name"}>{variant.name}</span>
                <StockNote productId={variant.id} />
                <span class="entry-option-price">{variant.price === null ? "" : money(variant.price)}</span>
              </label>
            ))}
          </NumberedChoices>
        )}
        {groups.map((group, index) => (
          <GroupChoice
            key={group.id}
            group={group}
            chosen={chosen}
            first={variants.length === 0 && index === 0}
            onChoose={(id, times) => setChosen(choosing(group, chosen, id, times))}
          />
        ))}
        <div class="entry-option-row">
          <Quantity
            label={whole.sold_by_weight ? entry.weight(sold?.unit ?? whole.unit ?? "") : entry.quantity}
            shown
            value={quantity}
            byWeight={whole.sold_by_weight}
            autofocus={groups.length === 0 && variants.length === 0 && line === undefined}
            onInput={setQuantity}
          />
          {((whole.sold_by_portion && !whole.sold_by_weight) || portion !== 1) && (
            <div class="field">
              <span class="field-label">{entry.portion}</span>
              <Segments label={entry.portion} value={portion} options={PORTIONS.map((size) => ({ value: size, text: counted(size) }))} onChange={setPortion} />
              <p class="field-hint">{entry.portionHint}</p>
            </div>
          )}
        </div>
        <Field label={entry.note} value={note} maxLength={1000} onInput={setNote} autofocus={groups.length === 0 && line !== undefined} testId="line-note" />
      </form>
    </Dialog>
  );
}

function StockNote({ productId }: { productId: number }): JSX.Element | null {
  const { entry } = messages();
  if (leftOf(productId) === 0) return <span class="chip is-bad">{entry.gone}</span>;
  const few = fewLeftOf(productId);
  return few === null ? null : <span class="chip is-new">{entry.left(counted(few))}</span>;
}
