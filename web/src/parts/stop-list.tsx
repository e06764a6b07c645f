/** The stop list of the venue, to be seen and changed from every screen. */

import "./stop-list.css";
import { Ban, RotateCcw, Search } from "lucide";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { messages } from "~/i18n";
import { folded } from "~/i18n/folded";
import { count } from "~/i18n/format";
import { menu, productsById } from "~/menu";
import { act, isPending } from "~/sync/actions";
import { board } from "~/sync/board";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Empty } from "./empty";
import { Field } from "./field";
import { toastError } from "./toasts";

const SHOWN = 60;

interface Stopped {
  id: number;
  name: string;
}

/** Where what is left of a product at a venue is set. */
export function stopListPath(venueId: number, productId: number): string {
  return `/hub/v1/venues/${venueId}/stop-list/${productId}`;
}

/** Say how much of a product is left at the venue: 0 for none, null for no limit. */
export async function setStopList(product: Stopped, quantity: number | null): Promise<void> {
  const { did, stopList } = messages().board;
  const left = quantity === null ? stopList.noLimit : quantity === 0 ? stopList.gone : stopList.left(count(quantity));
  try {
    await act({
      label: did.stop(product.name, left),
      method: "PUT",
      path: stopListPath(board.peek().venueId, product.id),
      body: { quantity },
      productId: product.id,
    });
  } catch (error) {
    toastError(error);
  }
}

/** Every product with what is left of it; one tap takes it off sale, and one puts it back. */
export function StopListDrawer({ onClose }: { onClose: () => void }): JSX.Element {
  const { stopList } = messages().board;
  const [text, setText] = useState("");
  const found = inTheirPlaces(productsFor(text), useRef(new Map<number, number>()).current);
  return (
    <Dialog title={stopList.title} onClose={onClose} side testId="stop-list-drawer">
      <Field label={stopList.search} type="search" value={text} onInput={setText} testId="stop-list-search" />
      {found.length === 0 && <Empty icon={Search}>{stopList.nothing}</Empty>}
      <ul class="stop-list">
        {found.slice(0, SHOWN).map((product) => (
          <Row key={product.id} product={product} />
        ))}
      </ul>
      {found.length > SHOWN && <p class="field-hint">{stopList.more(found.length - SHOWN)}</p>}
    </Dialog>
  );
}

function Row({ product }: { product: Stopped }): JSX.Element {
  const { stopList } = messages().board;
  const left = board.value.stopList.get(product.id);
  const busy = isPending(stopListPath(board.value.venueId, product.id));
  const [text, setText] = useState<string | null>(null);
  const shown = text ?? (left === undefined ? "" : String(left));
  const quantity = quantityOf(shown);

  function set(event: Event): void {
    event.preventDefault();
    if (quantity === undefined) return;
    void setStopList(product, quantity).then(() => setText(null));
  }

  return (
    <li class={left === 0 ? "stop-list-row is-gone" : "stop-list-row"} data-testid={`stop-${product.id}`}>
      <span class="stop-list-name">
        {product.name}
        <span class={left === undefined ? "chip" : left === 0 ? "chip is-bad" : "chip is-new"}>{left === undefined ? stopList.noLimit : left === 0 ? stopList.gone : stopList.left(count(left))}</span>
      </span>
      <form class="stop-list-quantity" onSubmit={set}>
        <input
          class="input"
          inputMode="decimal"
          placeholder="∞"
          aria-label={stopList.quantity(product.name)}
          aria-invalid={quantity === undefined}
          title={quantity === undefined ? stopList.badQuantity : undefined}
          value={shown}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        {text !== null && (
          <Button type="submit" busy={busy} disabled={quantity === undefined} label={`${stopList.set}: ${product.name}`}>
            {stopList.set}
          </Button>
        )}
      </form>
      <Button
        look={left === 0 ? "good" : "bad"}
        icon={left === 0 ? RotateCcw : Ban}
        busy={busy}
        class="stop-list-tap"
        label={`${left === 0 ? stopList.putBack : stopList.takeOff}: ${product.name}`}
        onClick={() => void setStopList(product, left === 0 ? null : 0).then(() => setText(null))}
        testId={`stop-tap-${product.id}`}
      >
        {left === 0 ? stopList.putBack : stopList.takeOff}
      </Button>
    </li>
  );
}

/** What is stopped first, then the menu in its order; a search looks into names. */
function productsFor(text: string): Stopped[] {
  const { stopList } = board.value;
  const names = messages().board.stopList;
  const listed = [...stopList.keys()].map((id) => ({ id, name: productsById.value.get(id)?.name ?? names.product(String(id)) }));
  const others = (menu.value?.products ?? []).filter((product) => product.price !== null && !stopList.has(product.id));
  const words = folded(text).split(/\s+/).filter((word) => word !== "");
  return [...listed, ...others].filter((product) => words.every((word) => folded(product.name).includes(word)));
}

/** In the order in which they were first shown: nothing slides under a finger while the list is open. */
function inTheirPlaces(products: readonly Stopped[], places: Map<number, number>): Stopped[] {
  for (const product of products) if (!places.has(product.id)) places.set(product.id, places.size);
  return [...products].sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
}

/** A quantity as it is typed: null for no limit; undefined for what is none. */
function quantityOf(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  return /^\d{1,9}([.,]\d{1,3})?$/.test(trimmed) ? Number(trimmed.replace(",", ".")) : undefined;
}
