"""A brand's catalogue as one frozen value that the order's path reads without awaiting anything.

Customers and stop-list quantities are never in it: they are read by key in the order's own transaction.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from comanda.base import limits
from comanda.base.numbers import Money
from comanda.catalogue import model
from comanda.catalogue.model import (
    CustomerGroup,
    DeadlineStep,
    DiningTable,
    Modifier,
    ModifierGroup,
    PaymentMethod,
    PriceList,
    Printer,
    Product,
    Resource,
    SaleType,
    Tag,
    Terminal,
    Unit,
    Venue,
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything about a brand's menu and venues at one version of its catalogue."""

    version: int = 0
    venues: Mapping[int, Venue] = field(default_factory=dict)
    sale_types: Mapping[int, SaleType] = field(default_factory=dict)
    terminals: Mapping[int, Terminal] = field(default_factory=dict)
    stations: Mapping[int, model.Station] = field(default_factory=dict)
    printers: Mapping[int, Printer] = field(default_factory=dict)
    tables: Mapping[int, DiningTable] = field(default_factory=dict)
    payment_methods: Mapping[int, PaymentMethod] = field(default_factory=dict)
    customer_groups: Mapping[int, CustomerGroup] = field(default_factory=dict)
    units: Mapping[int, Unit] = field(default_factory=dict)
    tags: Mapping[int, Tag] = field(default_factory=dict)
    categories: Mapping[int, model.Category] = field(default_factory=dict)
    modifier_groups: Mapping[int, ModifierGroup] = field(default_factory=dict)
    products: Mapping[int, Product] = field(default_factory=dict)
    price_lists: Mapping[int, PriceList] = field(default_factory=dict)
    parents: frozenset[int] = frozenset()
    """Products that have variants, of which one is ordered; never sold themselves, though every variant be off sale."""
    with_variants: frozenset[int] = frozenset()
    """Those of them that have an active one."""
    modifiers: Mapping[int, Mapping[int, Modifier]] = field(default_factory=dict)
    """Active modifiers by group id, then by modifier id."""
    printer_at: Mapping[tuple[int, int], Printer] = field(default_factory=dict)
    """The active printer of a station, by venue and station."""
    worked_out: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What readers have worked out from this version, such as filtered lists; nobody's order depends on it."""

    def main_venue_id(self) -> int | None:
        """The venue marked as main, else the lowest id, else None for a brand without venues."""
        marked = [venue.id for venue in self.venues.values() if venue.is_main and venue.active]
        return min(marked or self.venues, default=None)

    def has_terminal(self, terminal_id: int, venue_id: int) -> bool:
        """Whether a terminal is in use at a venue."""
        terminal = self.terminals.get(terminal_id)
        return terminal is not None and terminal.active and terminal.venue_id == venue_id

    def default_terminal(self, venue: Venue) -> int | None:
        """The terminal by which a venue accepts when nobody does; None where it has none in use (contract 14.1.9)."""
        wanted = venue.default_terminal_id
        return wanted if wanted and self.has_terminal(wanted, venue.id) else None

    def prints(self, station_id: int) -> bool:
        """Whether a station's tickets are printed where it has a printer, and not only shown (contract 9.13)."""
        station = self.stations.get(station_id)
        return station is None or station.printable

    def modifier_of(self, product: Product, modifier_id: int) -> Modifier | None:
        """The active modifier ``modifier_id`` of one of the product's groups; variants have their parent's."""
        for group_id in self.groups_of(product):
            found = self.modifiers.get(group_id, {}).get(modifier_id)
            if found is not None:
                return found
        return None

    def groups_of(self, product: Product) -> tuple[int, ...]:
        """The active modifier groups of a product; a variant without its own has its parent's.

        A group whose modifiers are all switched off is none: nobody could choose what it asks for.
        """
        parent = self.products.get(product.parent_id) if product.parent_id else None
        groups = product.modifier_groups or (parent.modifier_groups if parent else ())
        return tuple(group for group in groups if self.modifiers.get(group))

    def station_of(self, product_id: int, venue: Venue) -> int | None:
        """The active station that makes a product: its own, its parent's, its category's, else the venue's default.

        None when there is none; an unknown product is the default station's.
        """
        for station_id in self._stations_of(self.products.get(product_id)):
            if self._station_works(station_id):
                return station_id
        default = venue.default_station_id
        return default if self._station_works(default) else None

    def _stations_of(self, product: Product | None) -> Iterator[int | None]:
        if product is None:
            return
        yield product.station_id
        parent = self.products.get(product.parent_id) if product.parent_id else None
        if parent is not None:
            yield parent.station_id
        category_id = product.category_id or (parent.category_id if parent else None)
        for _ in range(limits.MAX_CATEGORY_DEPTH):
            category = self.categories.get(category_id) if category_id else None
            if category is None:
                return
            yield category.station_id
            category_id = category.parent_id

    def _station_works(self, station_id: int | None) -> bool:
        station = self.stations.get(station_id) if station_id else None
        return station is not None and station.active

    def deadline_steps(self, venue: Venue, sale_type_id: int) -> tuple[DeadlineStep, ...]:
        """What happens to a pending order of a venue and sale type, step by step; empty where no deadline is set."""
        for deadline in venue.accept_deadlines:
            if not deadline.sale_types or sale_type_id in deadline.sale_types:
                return deadline.steps
        return ()


def price_at(product: Product, venue_id: int) -> Money | None:
    """What a product costs at a venue, in major units; None where it is not offered."""
    for offer in product.venues:
        if offer.venue_id == venue_id:
            return (product.price if offer.price is None else offer.price) if offer.available else None
    return product.price


def with_changes(snapshot: Snapshot, version: int, changed: Iterable[Resource]) -> Snapshot:
    """The snapshot at ``version``: only the kinds that changed are copied, only the changed entries replaced."""
    by_kind: dict[type[Resource], dict[int, Any]] = {}
    for resource in changed:
        by_kind.setdefault(type(resource), {})[resource.id] = resource
    fresh: dict[str, Any] = {
        kind.plural: MappingProxyType({**getattr(snapshot, kind.plural), **entries})
        for kind, entries in by_kind.items()
    }
    if "products" in fresh:
        variants = [product for product in fresh["products"].values() if product.parent_id]
        fresh["parents"] = frozenset(variant.parent_id for variant in variants)
        fresh["with_variants"] = frozenset(variant.parent_id for variant in variants if variant.active)
    if "modifier_groups" in fresh:
        fresh["modifiers"] = MappingProxyType(
            {
                group.id: MappingProxyType({m.id: m for m in group.modifiers if m.active})
                for group in fresh["modifier_groups"].values()
                if group.active
            }
        )
    if "printers" in fresh:
        fresh["printer_at"] = MappingProxyType(
            {(p.venue_id, p.station_id): p for p in fresh["printers"].values() if p.active}
        )
    worked_out = {} if fresh else snapshot.worked_out  # a version that only changed quantities or people
    return replace(snapshot, version=version, worked_out=worked_out, **fresh)
