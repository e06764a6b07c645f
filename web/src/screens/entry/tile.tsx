import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { MenuCategory, MenuProduct, Picture } from "~/api/types";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { menu } from "~/menu";
import { drawBlurHash } from "./blur-hash";
import { variantsOf } from "./matching";
import { fewLeftOf, isGone } from "./stock";

interface Props {
  product: MenuProduct;
  /** Whether the Tab key comes here. */
  reachable: boolean;
  /** Whether Enter in the search field takes this one. */
  next: boolean;
  disabled: boolean;
  onChoose: (event: MouseEvent) => void;
  onFocus: () => void;
}

/** A product of the menu; what is gone says so and cannot be taken. */
export function Tile({ product, reachable, next, disabled, onChoose, onFocus }: Props): JSX.Element {
  const { entry } = messages();
  const gone = isGone(product);
  const few = fewLeftOf(product.id);
  const classes = ["entry-tile", gone && "is-gone", next && "is-next"].filter(Boolean).join(" ");
  return (
    <li>
      <button
        type="button"
        class={classes}
        tabIndex={reachable ? 0 : -1}
        aria-disabled={gone || disabled}
        data-testid="product"
        data-product={product.id}
        onClick={(event) => gone || disabled || onChoose(event)}
        onFocus={onFocus}
      >
        <ProductPicture product={product} />
        <span class="entry-tile-name">{product.name}</span>
        <span class="entry-tile-foot">
          <span class="entry-tile-price">{priceOf(product)}</span>
          {gone ? (
            <span class="chip is-bad">{entry.gone}</span>
          ) : (
            few !== null && <span class="chip is-new">{entry.left(count(few))}</span>
          )}
        </span>
      </button>
    </li>
  );
}

/** What a product costs at the venue: by weight per unit, with variants from the cheapest on. */
export function priceOf(product: MenuProduct): string {
  const { entry } = messages();
  if (product.price !== null) {
    return product.sold_by_weight && product.unit ? `${money(product.price)} / ${product.unit}` : money(product.price);
  }
  const prices = (variantsOf.value.get(product.id) ?? []).flatMap((variant) => variant.price ?? []);
  return prices.length === 0 ? "" : entry.from(money(Math.min(...prices)));
}

/** A category's colour, for what is drawn in it. */
export function colourOf(category: MenuCategory | undefined): Record<string, string> {
  const hex = /^#?([0-9a-f]{6})$/i.exec(category?.color ?? "")?.[1];
  return { "--entry-colour": hex === undefined ? "var(--line-strong)" : `#${hex}` };
}

function ProductPicture({ product }: { product: MenuProduct }): JSX.Element {
  const category = menu.value?.categories.find((one) => one.id === product.category_id);
  return (
    <span class="entry-picture" aria-hidden="true" style={colourOf(category)}>
      {product.image ? <Photo key={product.image.url} image={product.image} /> : <span class="entry-letter">{/./u.exec(product.name)?.[0]}</span>}
    </span>
  );
}

function Photo({ image }: { image: Picture }): JSX.Element {
  const [there, setThere] = useState(false);
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current && image.blur_hash) drawBlurHash(canvas.current, image.blur_hash);
  }, [image.blur_hash]);
  return (
    <>
      {!there && <canvas ref={canvas} class="entry-blur" width={12} height={9} />}
      <img class={there ? "entry-photo is-there" : "entry-photo"} src={image.url} alt="" loading="lazy" decoding="async" onLoad={() => setThere(true)} />
    </>
  );
}
