import { Search } from "lucide";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { MenuProduct, SummaryLine } from "~/api/types";
import { messages } from "~/i18n";
import { folded } from "~/i18n/folded";
import { count, money } from "~/i18n/format";
import { menu } from "~/menu";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Empty } from "~/parts/empty";
import { Field } from "~/parts/field";
import { isPending } from "~/sync/actions";
import { mapItem } from "./moves";

const SHOWN = 30;

/** Which product of the menu an unknown item is. */
export function MapItem({ orderId, line, onClose }: { orderId: number; line: SummaryLine; onClose: () => void }): JSX.Element {
  const { board } = messages();
  const [text, setText] = useState("");
  const found = candidates(menu.value?.products ?? [], text === "" ? line.name : text, text === "");
  const busy = isPending(`/hub/v1/orders/${orderId}/lines/${line.line}/product`);

  async function choose(product: MenuProduct): Promise<void> {
    if (await mapItem(orderId, line.line, line.name, product)) onClose();
  }

  return (
    <Dialog title={board.mapTitle(line.name)} onClose={onClose} testId="map-dialog">
      <p class="board-panel-faint">
        {count(line.count)}× <bdi>{line.name}</bdi> · {money(line.price)}
      </p>
      <p>{board.mapHint}</p>
      <Field label={board.stopList.search} type="search" value={text} onInput={setText} autofocus testId="map-search" />
      {found.length === 0 && <Empty icon={Search}>{board.mapNothing}</Empty>}
      <ul class="board-products">
        {found.map((product) => (
          <li key={product.id}>
            <Button wide busy={busy} onClick={() => void choose(product)} testId={`product-${product.id}`}>
              <span class="board-product-name">{product.name}</span>
              <span>{money(product.price ?? 0)}</span>
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** Products a text fits: all of its words; for a guess, those that share the most words with the name as it was sent. */
function candidates(products: readonly MenuProduct[], text: string, guess: boolean): MenuProduct[] {
  const words = folded(text).split(/\s+/).filter((word) => word.length > 0);
  const sold = products.filter((product) => product.price !== null);
  const score = (product: MenuProduct): number => words.filter((word) => folded(product.name).includes(word)).length;
  if (!guess) return sold.filter((product) => score(product) === words.length || product.code === text.trim() || product.barcode === text.trim()).slice(0, SHOWN);
  return [...sold].sort((a, b) => score(b) - score(a)).slice(0, SHOWN);
}
