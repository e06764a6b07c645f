/** Catalogue resources as managers edit them: read whole, kept fresh, changed by version (docs/administration.md). */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, send } from "~/api/client";
import type { Role } from "~/api/types";
import { withPassword } from "~/parts/password";
import { follow } from "~/sync/line";

export interface Resource {
  id: number;
  name: string;
  active: boolean;
  version: number;
}

export interface DeadlineStep {
  after_s: number;
  action: "remind" | "escalate" | "accept" | "ignore";
}

export interface AcceptDeadline {
  sale_types: number[];
  steps: DeadlineStep[];
}

export interface VenueResource extends Resource {
  timezone: string;
  day_start: string;
  accepting_orders: boolean;
  default_terminal_id: number | null;
  default_station_id: number | null;
  price_policy: "trust_caller" | "catalogue" | "reject";
  unknown_item_policy: "reject" | "quarantine";
  unknown_modifier_policy: "reject" | "keep_as_note";
  modifier_rules_policy: "warn" | "reject";
  service_charge_default: "off" | "sale_type";
  send_on_accept: "as_ordered" | "always";
  accept_deadlines: AcceptDeadline[];
  kitchen_pressing_minutes: number;
  kitchen_late_minutes: number;
  cash_method_id: number | null;
  card_method_id: number | null;
  address: string | null;
  phone: string | null;
}

export interface StationResource extends Resource {
  kitchen: boolean;
  printable: boolean;
  description: string | null;
}

export interface PrinterResource extends Resource {
  venue_id: number;
  station_id: number;
  host: string;
  port: number;
  columns: 32 | 42 | 48;
}

export interface TerminalResource extends Resource {
  venue_id: number;
}

export interface CategoryResource extends Resource {
  parent_id: number | null;
  station_id: number | null;
  hidden: boolean;
  color: string | null;
  position: number | null;
  pictures: string[];
}

export interface ProductResource extends Resource {
  price: number;
  type: string;
  parent_id: number | null;
  category_id: number | null;
  station_id: number | null;
  unit_id: number | null;
  modifier_groups: number[];
  description: string | null;
  barcode: string | null;
  cooking_time: number;
  sold_by_weight: boolean;
  sold_by_portion: boolean;
  venues: { venue_id: number; available?: boolean; price?: number | null }[];
  hidden: boolean;
  position: number | null;
  pictures: string[];
}

export interface Modifier {
  id?: number;
  name: string;
  price: number;
  active: boolean;
}

export interface ModifierGroupResource extends Resource {
  single_choice: boolean;
  min_select: number;
  max_select: number;
  modifiers: Modifier[];
}

export interface UserResource extends Resource {
  username: string;
  role: Role;
  venues: number[];
}

/** The kinds by the name they have in paths. */
export interface Kinds {
  venues: VenueResource;
  stations: StationResource;
  printers: PrinterResource;
  terminals: TerminalResource;
  categories: CategoryResource;
  products: ProductResource;
  "modifier-groups": ModifierGroupResource;
  users: UserResource;
  "sale-types": Resource;
  "payment-methods": Resource;
  units: Resource;
}

export type Kind = keyof Kinds;

export interface Loaded<T> {
  /** Null until they are there. */
  items: readonly T[] | null;
  error: unknown;
  reload: () => void;
}

const PAGE = 500;
const SETTLE_MS = 300;

/** Every resource of a kind, taken anew when the catalogue changes. */
export function useKind<K extends Kind>(kind: K): Loaded<Kinds[K]> {
  // Only people are asked for a password, and only for what they do: what is read anew by itself goes without.
  const byItself = useRef(false);
  const read = useCallback(() => (byItself.current ? listKind(kind) : withPassword(() => listKind(kind))), [kind]);
  const loaded = useLoaded(read);
  const again = useCallback((itself: boolean) => {
    byItself.current = itself;
    loaded.reload();
  }, [loaded.reload]);
  useEffect(() => onCatalogueChange(() => again(true)), [again]);
  return { ...loaded, reload: useCallback(() => again(false), [again]) };
}

/** What an asynchronous reading gives; `read` must be the same function each time, as of useCallback. */
export function useLoaded<T>(read: () => Promise<readonly T[]>): Loaded<T> {
  const [items, setItems] = useState<readonly T[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let over = false;
    read().then(
      (found) => {
        if (over) return;
        setItems(found);
        setError(null);
      },
      (problem: unknown) => over || setError(problem),
    );
    return () => {
      over = true;
    };
  }, [read, turn]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { items, error, reload };
}

/** One resource as it is now. */
export function readResource<K extends Kind>(kind: K, id: number): Promise<Kinds[K]> {
  return withPassword(() => ask<Kinds[K]>("GET", `/hub/v1/admin/${kind}/${id}`));
}

/**
 * Add a resource; a new user comes with a first password.
 *
 * A repeat under the same key adds none twice; users are added without one, and their names are their own.
 */
export function addResource<K extends Kind>(kind: K, body: object, key: string): Promise<Kinds[K] & { password?: string }> {
  return withPassword(() => ask("POST", `/hub/v1/admin/${kind}`, kind === "users" ? { body } : { body, key }));
}

/** Change some fields of a resource, of the version that was seen. Throws Refused `version_differs`. */
export function changeResource<K extends Kind>(kind: K, seen: Kinds[K], changes: object): Promise<Kinds[K]> {
  const headers = { "If-Match": `"${seen.version}"` };
  return withPassword(() => ask("PATCH", `/hub/v1/admin/${kind}/${seen.id}`, { body: changes, headers }));
}

/** Who changed a resource last and when, from the audit log; null when that is long ago. */
export async function lastChangeOf(kind: Kind, id: number): Promise<{ actor: string; at: string } | null> {
  interface Entry {
    actor: string;
    at: string;
    kind: string;
    resource: string;
  }
  const entries = await withPassword(() => ask<Entry[]>("GET", "/hub/v1/admin/audit", { query: { limit: 100 } }));
  const name = kind.replace("-", "_");
  return entries.find((entry) => entry.kind === name && entry.resource === String(id)) ?? null;
}

async function listKind<K extends Kind>(kind: K): Promise<readonly Kinds[K][]> {
  const found: Kinds[K][] = [];
  let after: number | null = 0;
  while (after !== null) {
    const query: { after: number; limit: number } = { after, limit: PAGE };
    const response = await send("GET", `/hub/v1/admin/${kind}`, { query });
    const page = (await response.json()) as { data: Kinds[K][]; next_after: number | null };
    found.push(...page.data);
    after = page.next_after;
  }
  return found;
}

function onCatalogueChange(listener: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(listener, SETTLE_MS);
  };
  const stop = follow({ venueId: 0, onEvent: soon, onResync: soon });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
