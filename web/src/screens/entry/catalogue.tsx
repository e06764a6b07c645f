import { Search, X } from "lucide";
import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { MenuProduct } from "~/api/types";
import { messages } from "~/i18n";
import { count } from "~/i18n/format";
import { menu } from "~/menu";
import { Button } from "~/parts/button";
import { Empty, Loading } from "~/parts/empty";
import { Icon } from "~/parts/icon";
import { toast } from "~/parts/toasts";
import { addLine, justAdded } from "./draft";
import { focusOn, SEARCH } from "./focus";
import { findProducts, productByCode } from "./matching";
import { asking } from "./options";
import { isGone } from "./stock";
import { isHeld } from "./submission";
import { colourOf, Tile } from "./tile";

const text = signal("");
/** The shelf of what is in no category. */
const NO_CATEGORY = 0;
const category = signal<number | null>(null);
const active = signal<number | null>(null);

const branches = computed(() => (menu.value?.categories ?? []).filter((one) => one.parent_id === null));
const loose = computed(() => (menu.value?.products ?? []).filter((product) => product.parent_id === null && product.category_id === null));
const shownCategory = computed(() => {
  if (category.value === NO_CATEGORY && loose.value.length > 0) return NO_CATEGORY;
  return branches.value.find((one) => one.id === category.value)?.id ?? branches.value[0]?.id ?? (loose.value.length > 0 ? NO_CATEGORY : null);
});
const products = computed<readonly MenuProduct[]>(() => {
  if (text.value.trim() !== "") return findProducts(text.value);
  if (shownCategory.value === NO_CATEGORY) return loose.value;
  const within = new Set([shownCategory.value]);
  // Those above come before those below.
  for (const one of menu.value?.categories ?? []) if (within.has(one.parent_id)) within.add(one.id);
  within.delete(null);
  return (menu.value?.products ?? []).filter(
    (product) => product.parent_id === null && (shownCategory.value === null || within.has(product.category_id)),
  );
});

/** Take a product: at once, or asking for what has to be chosen. By keyboard, its quantity is next. */
export function takeProduct(product: MenuProduct, byKeyboard: boolean): void {
  if (isHeld.value || isGone(product)) return;
  if (product.price === null || product.modifier_groups.length > 0 || product.sold_by_weight) {
    asking.value = { productId: product.id, lineId: null, byKeyboard };
    return;
  }
  const id = addLine({ productId: product.id, name: product.name, count: "1", portion: 1, note: "", modifiers: [] });
  if (byKeyboard) justAdded.value = id;
}

/** Take what was scanned, if the text is exactly a code; false else. */
export function takeScanned(scanned: string): boolean {
  const product = productByCode(scanned);
  if (product === undefined) return false;
  takeProduct(product, false);
  return true;
}

/** The search for the next product begins. */
export function clearSearch(): void {
  text.value = "";
}

function searchAgain(): void {
  clearSearch();
  focusOn(SEARCH);
}

/** The menu: categories, search, products. */
export function Catalogue(): JSX.Element {
  const { entry } = messages();
  return (
    <section class="entry-menu" aria-labelledby="entry-menu-title">
      <h2 id="entry-menu-title" class="visually-hidden">
        {messages().common.menu}
      </h2>
      <SearchField />
      {menu.value === null ? (
        <Loading />
      ) : (
        <div class="entry-shelves">
          <Rail />
          <Grid label={text.value.trim() === "" ? messages().common.menu : entry.searchResults} />
        </div>
      )}
    </section>
  );
}

function SearchField(): JSX.Element {
  const { entry } = messages();
  const first = text.value.trim() === "" ? undefined : products.value[0];
  const gone = first !== undefined && isGone(first);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (first === undefined) return;
      if (gone) {
        // What was asked for is not there: nothing else is taken for it, and the next search or scan writes over this one.
        toast(entry.isGone(first.name), true);
        (event.currentTarget as HTMLInputElement).select();
        return;
      }
      // What was scanned is followed by the next scan, what was searched for by its quantity.
      const scanned = productByCode(text.value) !== undefined;
      text.value = "";
      takeProduct(first, !scanned);
    } else if (event.key === "Escape" && text.value !== "") {
      event.preventDefault();
      text.value = "";
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      document.querySelector<HTMLElement>('.entry-grid [tabindex="0"]')?.focus();
    }
  }

  return (
    <div class="entry-search">
      <Icon of={Search} />
      <input
        id={SEARCH}
        class="input"
        type="search"
        autocomplete="off"
        enterkeyhint="done"
        placeholder={entry.searchProducts}
        aria-label={entry.searchProducts}
        aria-keyshortcuts="/"
        aria-describedby="entry-search-found"
        maxLength={60}
        value={text.value}
        disabled={isHeld.value}
        data-testid="product-search"
        onInput={(event) => {
          text.value = event.currentTarget.value;
          active.value = null;
        }}
        onKeyDown={onKeyDown}
      />
      {text.value === "" ? (
        <kbd class="entry-key" aria-hidden="true">
          /
        </kbd>
      ) : (
        <Button look="plain" icon={X} label={entry.clearSearch} onClick={searchAgain} />
      )}
      <span id="entry-search-found" class="visually-hidden" role="status">
        {foundText(first, gone)}
      </span>
    </div>
  );
}

function foundText(first: MenuProduct | undefined, gone: boolean): string {
  const { entry } = messages();
  if (text.value.trim() === "") return "";
  if (first === undefined) return entry.foundNothing;
  return gone ? entry.isGone(first.name) : entry.foundFirst(count(products.value.length), first.name);
}

function Rail(): JSX.Element {
  const { entry } = messages();
  return (
    <nav class="entry-rail" aria-label={entry.categories}>
      {branches.value.map((one) => (
        <Shelf key={one.id} id={one.id} name={one.name} style={colourOf(one)} />
      ))}
      {loose.value.length > 0 && <Shelf id={NO_CATEGORY} name={entry.otherProducts} />}
    </nav>
  );
}

function Shelf({ id, name, style }: { id: number; name: string; style?: ReturnType<typeof colourOf> }): JSX.Element {
  return (
    <button
      type="button"
      class="entry-category"
      {...(text.value.trim() === "" && id === shownCategory.value ? { "aria-current": "true" as const } : {})}
      {...(style === undefined ? {} : { style })}
      data-testid="category"
      onClick={() => {
        category.value = id;
        text.value = "";
        active.value = null;
      }}
    >
      {name}
    </button>
  );
}

function Grid({ label }: { label: string }): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  const shown = products.value;
  const reachable = shown.some((product) => product.id === active.value) ? active.value : shown[0]?.id;
  const next = text.value.trim() === "" || shown[0] === undefined || isGone(shown[0]) ? undefined : shown[0].id;

  function onKeyDown(event: KeyboardEvent): void {
    const tiles = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = tiles.indexOf(document.activeElement as HTMLElement);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const across = Math.max(1, tiles.findIndex((tile) => tile.offsetTop > (tiles[0]?.offsetTop ?? 0)));
    const columns = across === 1 && tiles.length > 1 && tiles[1]?.offsetTop === tiles[0]?.offsetTop ? tiles.length : across;
    const moves: Readonly<Record<string, number>> = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns, Home: 0, End: tiles.length - 1 };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0) focusOn(SEARCH);
    else tiles[to]?.focus();
  }

  if (shown.length === 0) return <Empty icon={Search}>{messages().entry.foundNothing}</Empty>;
  return (
    <ul ref={list} class="entry-grid" aria-label={label} onKeyDown={onKeyDown}>
      {shown.map((product) => (
        <Tile
          key={product.id}
          product={product}
          reachable={product.id === reachable}
          next={product.id === next}
          disabled={isHeld.value}
          onChoose={(event) => takeProduct(product, event.detail === 0)}
          onFocus={() => (active.value = product.id)}
        />
      ))}
    </ul>
  );
}
