/** Finding products of the menu by what people type: names in any case and script, codes, barcodes. */

import { computed } from "@preact/signals";
import type { MenuProduct } from "~/api/types";
import { folded } from "~/i18n/folded";
import { menu } from "~/menu";

const MAX_FOUND = 60;

interface Entry {
  product: MenuProduct;
  name: string;
  /** Its own name and its variants'. */
  words: string;
}

/** Variants by the product that is sold by them. */
export const variantsOf = computed(() => {
  const found = new Map<number, MenuProduct[]>();
  for (const product of menu.value?.products ?? []) {
    if (product.parent_id !== null) found.set(product.parent_id, [...(found.get(product.parent_id) ?? []), product]);
  }
  return found;
});

const index = computed<readonly Entry[]>(() =>
  (menu.value?.products ?? [])
    .filter((product) => product.parent_id === null)
    .map((product) => {
      const names = [product, ...(variantsOf.value.get(product.id) ?? [])].map((one) => folded(one.name));
      return { product, name: folded(product.name), words: ` ${names.join(" ")}` };
    }),
);

/** The product with exactly this code or barcode. */
export function productByCode(text: string): MenuProduct | undefined {
  const code = text.trim().toLowerCase();
  if (code === "") return undefined;
  const sold = (menu.value?.products ?? []).filter((product) => product.price !== null);
  return (
    sold.find((product) => product.barcode?.toLowerCase() === code) ??
    sold.find((product) => product.code?.toLowerCase() === code)
  );
}

/** The products a text finds, the likeliest first: an exact code, then names that begin with it. */
export function findProducts(text: string): readonly MenuProduct[] {
  const wanted = folded(text).trim().split(/\s+/).filter(Boolean);
  const first = wanted[0];
  if (first === undefined) return [];
  const exact = productByCode(text);
  const ranked = index.value
    .filter((entry) => wanted.every((word) => entry.words.includes(word)))
    .map((entry) => ({ product: entry.product, rank: entry.name.startsWith(first) ? 0 : entry.words.includes(` ${first}`) ? 1 : 2 }))
    .sort((one, other) => one.rank - other.rank)
    .map((one) => one.product);
  return [...(exact ? [exact] : []), ...ranked.filter((product) => product.id !== exact?.id)].slice(0, MAX_FOUND);
}
