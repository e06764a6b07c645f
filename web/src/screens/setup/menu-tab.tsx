import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { messages } from "~/i18n";
import { money } from "~/i18n/format";
import { Choice } from "~/parts/field";
import { Segments } from "~/parts/segments";
import { toast } from "~/parts/toasts";
import { categoryFields, groupFields, productFields } from "./menu-fields";
import { thumbOf } from "./pictures";
import { ResourceDialog } from "./resource-form";
import { ResourceList } from "./resource-list";
import { useKind, type CategoryResource, type ModifierGroupResource, type ProductResource } from "./resources";

type Part = "products" | "categories" | "groups";

/** The menu: products, the categories they stand in, and the choices offered with them. */
export function MenuTab(): JSX.Element {
  const { setup } = messages();
  const [part, setPart] = useState<Part>("products");
  const parts = (["products", "categories", "groups"] as const).map((value) => ({ value, text: setup.menu[value] }));
  return (
    <>
      <div class="setup-menu-head">
        <Segments<Part> label={setup.tabs.menu} value={part} options={parts} onChange={setPart} />
      </div>
      {part === "products" && <Products />}
      {part === "categories" && <Categories />}
      {part === "groups" && <Groups />}
    </>
  );
}

function Products(): JSX.Element {
  const { setup } = messages();
  const products = useKind("products");
  const categories = useKind("categories");
  const stations = useKind("stations");
  const groups = useKind("modifier-groups");
  const units = useKind("units");
  const venues = useKind("venues");
  const [open, setOpen] = useState<ProductResource | "new" | null>(null);
  const [category, setCategory] = useState(0);
  const names = new Map((categories.items ?? []).map((one) => [one.id, one.name]));
  const stationNames = new Map((stations.items ?? []).map((one) => [one.id, one.name]));
  const parents = new Set((products.items ?? []).map((one) => one.parent_id));
  const about = (one: ProductResource): string =>
    [one.category_id === null ? null : names.get(one.category_id), one.station_id === null ? null : stationNames.get(one.station_id)].filter(Boolean).join(" · ");
  const narrowed = {
    part: (
      <Choice
        label={setup.menu.category}
        value={category}
        options={[{ value: 0, text: setup.menu.everyCategory }, ...(categories.items ?? []).filter((one) => one.active).map((one) => ({ value: one.id, text: one.name }))]}
        onChange={setCategory}
        testId="category-filter"
      />
    ),
    keeps: (one: ProductResource) => category === 0 || one.category_id === category,
  };
  return (
    <>
      <ResourceList
        loaded={products}
        about={about}
        picture={(one) => (one.pictures[0] === undefined ? null : thumbOf(one.pictures[0]))}
        end={(one) => (parents.has(one.id) ? setup.menu.variants : money(one.price))}
        onOpen={setOpen}
        add={{ text: setup.menu.addProduct, onAdd: () => setOpen("new") }}
        filter={narrowed}
      />
      {open !== null && (
        <ResourceDialog
          kind="products"
          title={open === "new" ? setup.menu.addProduct : open.name}
          groups={productFields({
            categories: categories.items ?? [],
            stations: stations.items ?? [],
            groups: groups.items ?? [],
            parents: parentsFor(open, products.items ?? [], parents),
            units: units.items ?? [],
            venues: (venues.items ?? []).filter((one) => one.active),
          })}
          resource={open === "new" ? null : open}
          defaults={{ active: true, category_id: category || null, type: "DISH" }}
          onCancel={() => setOpen(null)}
          onSaved={(saved) => {
            setOpen(null);
            products.reload();
            toast(setup.saved(saved.name));
          }}
        />
      )}
    </>
  );
}

/** What a product may be a variant of: no variant, not itself; what has variants cannot be one. */
function parentsFor(open: ProductResource | "new", products: readonly ProductResource[], parents: ReadonlySet<number | null>): readonly ProductResource[] {
  if (open !== "new" && parents.has(open.id)) return [];
  return products.filter((one) => one.parent_id === null && (open === "new" || one.id !== open.id));
}

function Categories(): JSX.Element {
  const { setup } = messages();
  const categories = useKind("categories");
  const stations = useKind("stations");
  const [open, setOpen] = useState<CategoryResource | "new" | null>(null);
  const stationNames = new Map((stations.items ?? []).map((one) => [one.id, one.name]));
  return (
    <>
      <ResourceList
        loaded={categories}
        about={(one) => (one.station_id === null ? "" : (stationNames.get(one.station_id) ?? ""))}
        picture={(one) => (one.pictures[0] === undefined ? null : thumbOf(one.pictures[0]))}
        onOpen={setOpen}
        add={{ text: setup.menu.addCategory, onAdd: () => setOpen("new") }}
      />
      {open !== null && (
        <ResourceDialog
          kind="categories"
          title={open === "new" ? setup.menu.addCategory : open.name}
          groups={categoryFields({ categories: (categories.items ?? []).filter((one) => open === "new" || one.id !== open.id), stations: stations.items ?? [] })}
          resource={open === "new" ? null : open}
          defaults={{ active: true }}
          onCancel={() => setOpen(null)}
          onSaved={(saved) => {
            setOpen(null);
            categories.reload();
            toast(setup.saved(saved.name));
          }}
        />
      )}
    </>
  );
}

function Groups(): JSX.Element {
  const { setup } = messages();
  const groups = useKind("modifier-groups");
  const [open, setOpen] = useState<ModifierGroupResource | "new" | null>(null);
  return (
    <>
      <ResourceList
        loaded={groups}
        about={(one) => one.modifiers.filter((modifier) => modifier.active).map((modifier) => modifier.name).join(", ")}
        end={(one) => setup.menu.bounds(one.min_select, one.max_select)}
        onOpen={setOpen}
        add={{ text: setup.menu.addGroup, onAdd: () => setOpen("new") }}
      />
      {open !== null && (
        <ResourceDialog
          kind="modifier-groups"
          title={open === "new" ? setup.menu.addGroup : open.name}
          groups={groupFields()}
          resource={open === "new" ? null : open}
          defaults={{ active: true, min_select: 0, max_select: 0, modifiers: [] }}
          onCancel={() => setOpen(null)}
          onSaved={(saved) => {
            setOpen(null);
            groups.reload();
            toast(setup.saved(saved.name));
          }}
        />
      )}
    </>
  );
}
