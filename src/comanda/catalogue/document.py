"""A catalogue as one readable document: parsed, validated whole, compared, written back.

In: YAML, JSON, or products as CSV. Out: a `Document`, or every problem at once. Nothing is applied here.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import yaml

from comanda.base import limits
from comanda.base.clock import Micros, iso_micros
from comanda.base.errors import Problem, SetupError
from comanda.base.json import to_json
from comanda.base.money import plain
from comanda.base.numbers import Stock, Unreadable, read_number
from comanda.base.reading import Reading, nesting, read_struct
from comanda.catalogue.branches import circles, nested_variants
from comanda.catalogue.model import (
    RESOURCES,
    Category,
    Customer,
    CustomerGroup,
    DiningTable,
    ModifierGroup,
    PaymentMethod,
    PriceList,
    Printer,
    Product,
    Resource,
    SaleType,
    Station,
    StopListEntry,
    Tag,
    Terminal,
    Unit,
    User,
    Venue,
)
from comanda.catalogue.snapshot import Snapshot, with_changes


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A brand's catalogue, or a part of it; what it does not mention stays as it is."""

    venues: tuple[Venue, ...] = ()
    sale_types: tuple[SaleType, ...] = ()
    terminals: tuple[Terminal, ...] = ()
    stations: tuple[Station, ...] = ()
    printers: tuple[Printer, ...] = ()
    tables: tuple[DiningTable, ...] = ()
    payment_methods: tuple[PaymentMethod, ...] = ()
    customer_groups: tuple[CustomerGroup, ...] = ()
    units: tuple[Unit, ...] = ()
    tags: tuple[Tag, ...] = ()
    categories: tuple[Category, ...] = ()
    modifier_groups: tuple[ModifierGroup, ...] = ()
    products: tuple[Product, ...] = ()
    price_lists: tuple[PriceList, ...] = ()
    customers: tuple[Customer, ...] = ()
    users: tuple[User, ...] = ()
    stop_list: tuple[StopListEntry, ...] = ()

    def resources(self) -> dict[str, Sequence[Resource]]:
        """What belongs into snapshots, by kind."""
        return {kind.plural: getattr(self, kind.plural) for kind in RESOURCES}

    @classmethod
    def of(
        cls,
        resources: Mapping[str, Sequence[Any]],
        *,
        customers: Sequence[Customer],
        users: Sequence[User],
        stop_list: Sequence[tuple[int, int, int, Micros]],
    ) -> "Document":
        """A document from what a store holds; stop-list quantities come in thousandths, with when they were changed."""
        entries = tuple(
            StopListEntry(
                venue_id=venue, product_id=product, quantity=Stock(Decimal(milli) / 1000), updated_at=iso_micros(at)
            )
            for venue, product, milli, at in stop_list
        )
        lists: dict[str, Any] = {kind: tuple(found) for kind, found in resources.items()}
        return cls(**lists, customers=tuple(customers), users=tuple(users), stop_list=entries)


@dataclass(slots=True)
class Changes:
    """What applying a document changed: kind, id, name, and whether it is new."""

    rows: list[tuple[str, int, str, bool]] = field(default_factory=list)
    versions: dict[tuple[str, int], int] = field(default_factory=dict)
    """The version that each changed resource has now, by kind and id."""

    def note(self, kind: str, resource_id: int, name: str, version: int, *, added: bool) -> None:
        """Remember one change."""
        self.rows.append((kind, resource_id, name, added))
        self.versions[kind, resource_id] = version

    def add(self, more: "Changes") -> None:
        """Remember the changes of a further step."""
        self.rows += more.rows
        self.versions |= more.versions

    def counts(self) -> dict[str, int]:
        """How many changes there were of each kind."""
        found: dict[str, int] = {}
        for kind, _, _, _ in self.rows:
            found[kind] = found.get(kind, 0) + 1
        return found

    def __bool__(self) -> bool:
        return bool(self.rows)


class DocumentError(SetupError):
    """A document that cannot be applied, with every reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        shown = [f"  {problem.field}: {problem.message}" for problem in problems[:50]]
        more = [f"  … and {len(problems) - 50} more"] if len(problems) > 50 else []
        super().__init__("\n".join([f"{len(problems)} problem(s) in the document:", *shown, *more]))
        self.problems = tuple(problems)


def read_document(path: Path, before: Snapshot | None = None) -> Document:
    """Read a document from a file by its ending: ``.yaml``, ``.yml``, ``.json`` or ``.csv`` (products).

    A row of CSV says of a product that is in ``before`` what its cells say; what has no column, or an empty cell, stays
    as it is there. Raises SetupError when it cannot be read, DocumentError with every problem of its content.
    """
    try:
        size = path.stat().st_size
        if size > limits.MAX_DOCUMENT_BYTES:
            raise SetupError(f"{path} is larger than {limits.MAX_DOCUMENT_BYTES} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{path} cannot be read: {error}") from error
    if path.suffix == ".csv":
        known = {} if before is None else before.products
        return parse_document({"products": [_completed(row, known) for row in _csv_products(text)]})
    if path.suffix == ".json":
        return parse_document(_json_value(text))
    if path.suffix in (".yaml", ".yml"):
        return parse_document(_yaml_value(text))
    raise SetupError(f"{path}: the ending must be .yaml, .yml, .json or .csv")


def parse_document(value: Any) -> Document:
    """Check a document's form. Raises DocumentError with every problem."""
    reading = Reading()
    if nesting(value) > limits.MAX_DOCUMENT_NESTING:
        raise SetupError(f"the document is nested deeper than {limits.MAX_DOCUMENT_NESTING} levels")
    document = read_struct(Document, {} if value is None else value, "", reading)
    for path in reading.unknown:
        reading.refuse(path, "unknown_field", "is not known here")
    if reading.problems:
        raise DocumentError(reading.problems)
    return document


def check_document(document: Document, snapshot: Snapshot) -> Snapshot:
    """Check a document against itself and what is there already; returns the catalogue as it would be.

    Raises DocumentError with every problem: repeated ids, references to nothing, circles, unknown time zones.
    """
    problems = list(_repeated(document))
    everything = [resource for resources in document.resources().values() for resource in resources]
    after = with_changes(snapshot, snapshot.version + 1, everything)
    for path, target, wanted in _references(document):
        if wanted is not None and wanted not in getattr(after, target):
            problems.append(Problem(path, "unknown_reference", f"there is no {target[:-1]} {wanted}", wanted))
    for index, venue in enumerate(document.venues):
        if not _zone_exists(venue.timezone):
            message = f"{venue.timezone} is not an IANA time zone"
            problems.append(Problem(f"venues[{index}].timezone", "unknown_time_zone", message, venue.timezone))
        problems += _target_problems(venue, f"venues[{index}]")
        problems += _ladder_problems(venue, f"venues[{index}].accept_deadlines")
    problems += _crossed_bounds(document, snapshot)
    problems += _doubled_printers(document, after)
    problems += _doubled_prices(document, after)
    problems += nested_variants(document.products, snapshot, after)
    problems += circles("categories", document.categories, snapshot.categories, after.categories)
    problems += circles("units", document.units, snapshot.units, after.units)
    if problems:
        raise DocumentError(problems)
    return after


def write_document(document: Document, *, as_json: bool) -> str:
    """The document as YAML or JSON text, numbers exact."""
    value = msgspec.to_builtins(document, enc_hook=plain, builtin_types=(Decimal,))
    if as_json:
        return msgspec.json.format(to_json(value), indent=2).decode() + "\n"
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def pictures_in(document: Document) -> Iterator[tuple[str, str]]:
    """Every picture that a document names: where it stands, and its id."""
    kinds: dict[str, Sequence[Venue | SaleType | Category | Product]] = {
        "venues": document.venues,
        "sale_types": document.sale_types,
        "categories": document.categories,
        "products": document.products,
    }
    for kind, resources in kinds.items():
        for index, resource in enumerate(resources):
            for place, picture in enumerate(resource.pictures):
                yield f"{kind}[{index}].pictures[{place}]", picture


def _target_problems(venue: Venue, path: str) -> Iterator[Problem]:
    """A ticket presses before it is late."""
    if venue.kitchen_pressing_minutes >= venue.kitchen_late_minutes:
        message = "must be more than kitchen_pressing_minutes"
        yield Problem(f"{path}.kitchen_late_minutes", "not_later", message, venue.kitchen_late_minutes)


def _ladder_problems(venue: Venue, path: str) -> Iterator[Problem]:
    """A ladder's steps rise in time, and only its last one may decide."""
    for index, deadline in enumerate(venue.accept_deadlines):
        where = f"{path}[{index}].steps"
        times = [step.after_s for step in deadline.steps]
        if times != sorted(set(times)):
            yield Problem(where, "not_rising", "each step must come later than the one before", times)
        if any(step.action in ("accept", "ignore") for step in deadline.steps[:-1]):
            yield Problem(where, "decides_early", "only the last step may accept or ignore", None)


def _crossed_bounds(document: Document, before: Snapshot) -> Iterator[Problem]:
    """Nobody could order a product of a group that takes fewer than it asks for; what was there is let be."""
    for index, group in enumerate(document.modifier_groups):
        known = before.modifier_groups.get(group.id)
        is_new = known is None or (known.min_select, known.max_select) != (group.min_select, group.max_select)
        if is_new and 0 < group.max_select < group.min_select:
            message = f"must be {group.min_select} (min_select) or more, or 0 for no bound"
            yield Problem(f"modifier_groups[{index}].max_select", "below_minimum", message, group.max_select)


def _doubled_printers(document: Document, after: Snapshot) -> Iterator[Problem]:
    """A station has one printer at a venue, so that one ticket is one paper."""
    for index, printer in enumerate(document.printers):
        others = [
            other.id
            for other in after.printers.values()
            if other.active and (other.venue_id, other.station_id) == (printer.venue_id, printer.station_id)
        ]
        if printer.active and len(others) > 1:
            message = f"station {printer.station_id} has a printer at venue {printer.venue_id} already"
            yield Problem(f"printers[{index}].station_id", "second_printer", message, printer.station_id)


def _doubled_prices(document: Document, after: Snapshot) -> Iterator[Problem]:
    """A price's id is its own among all lists."""
    if not document.price_lists:
        return
    used = Counter(price.id for price_list in after.price_lists.values() for price in price_list.prices)
    for i, price_list in enumerate(document.price_lists):
        for index, price in enumerate(price_list.prices):
            if used[price.id] > 1:
                path = f"price_lists[{i}].prices[{index}].id"
                yield Problem(path, "repeated", f"price {price.id} is used twice", price.id)


def _repeated(document: Document) -> Iterator[Problem]:
    people: dict[str, Sequence[Any]] = {"customers": document.customers, "users": document.users}
    for kind, resources in {**document.resources(), **people}.items():
        seen: set[int] = set()
        for index, resource in enumerate(resources):
            if resource.id in seen:
                yield Problem(f"{kind}[{index}].id", "repeated", f"id {resource.id} is used twice", resource.id)
            seen.add(resource.id)
    names: set[str] = set()
    for index, user in enumerate(document.users):
        if user.username in names:
            yield Problem(f"users[{index}].username", "repeated", f"{user.username} is used twice", user.username)
        names.add(user.username)


def _references(document: Document) -> Iterator[tuple[str, str, int | None]]:
    """Every reference: where it stands, what it points at, the id."""
    for i, venue in enumerate(document.venues):
        yield from _venue_references(f"venues[{i}]", venue)
    yield from _equipment_references(document)
    yield from _disabled_venues(document)
    for i, category in enumerate(document.categories):
        yield f"categories[{i}].parent_id", "categories", category.parent_id
        yield f"categories[{i}].station_id", "stations", category.station_id
    for i, product in enumerate(document.products):
        yield from _product_references(f"products[{i}]", product)
    for i, price_list in enumerate(document.price_lists):
        for index, price in enumerate(price_list.prices):
            yield f"price_lists[{i}].prices[{index}].product_id", "products", price.product_id
    yield from _people_references(document)
    for i, entry in enumerate(document.stop_list):
        yield f"stop_list[{i}].venue_id", "venues", entry.venue_id
        yield f"stop_list[{i}].product_id", "products", entry.product_id


def _equipment_references(document: Document) -> Iterator[tuple[str, str, int | None]]:
    for i, terminal in enumerate(document.terminals):
        yield f"terminals[{i}].venue_id", "venues", terminal.venue_id
    for i, printer in enumerate(document.printers):
        yield f"printers[{i}].venue_id", "venues", printer.venue_id
        yield f"printers[{i}].station_id", "stations", printer.station_id
    for i, table in enumerate(document.tables):
        yield f"tables[{i}].venue_id", "venues", table.venue_id
    for i, unit in enumerate(document.units):
        yield f"units[{i}].parent_id", "units", unit.parent_id


def _people_references(document: Document) -> Iterator[tuple[str, str, int | None]]:
    for i, customer in enumerate(document.customers):
        yield f"customers[{i}].group_id", "customer_groups", customer.group_id
        yield f"customers[{i}].venue_id", "venues", customer.venue_id
    for i, user in enumerate(document.users):
        for venue_id in user.venues:
            yield f"users[{i}].venues", "venues", venue_id


def _venue_references(path: str, venue: Venue) -> Iterator[tuple[str, str, int | None]]:
    yield f"{path}.default_terminal_id", "terminals", venue.default_terminal_id
    yield f"{path}.default_station_id", "stations", venue.default_station_id
    yield f"{path}.cash_method_id", "payment_methods", venue.cash_method_id
    yield f"{path}.card_method_id", "payment_methods", venue.card_method_id
    for index, deadline in enumerate(venue.accept_deadlines):
        for sale_type_id in deadline.sale_types:
            yield f"{path}.accept_deadlines[{index}].sale_types", "sale_types", sale_type_id


def _disabled_venues(document: Document) -> Iterator[tuple[str, str, int | None]]:
    kinds: dict[str, Sequence[SaleType | PaymentMethod]] = {
        "sale_types": document.sale_types,
        "payment_methods": document.payment_methods,
    }
    for kind, resources in kinds.items():
        for index, resource in enumerate(resources):
            for venue_id in resource.disabled_venues:
                yield f"{kind}[{index}].disabled_venues", "venues", venue_id


def _product_references(path: str, product: Product) -> Iterator[tuple[str, str, int | None]]:
    yield f"{path}.parent_id", "products", product.parent_id
    yield f"{path}.category_id", "categories", product.category_id
    yield f"{path}.station_id", "stations", product.station_id
    yield f"{path}.unit_id", "units", product.unit_id
    for tag in product.tags:
        yield f"{path}.tags", "tags", tag
    for item in product.recipe:
        yield f"{path}.recipe", "products", item.ingredient_id
    for group in product.modifier_groups:
        yield f"{path}.modifier_groups", "modifier_groups", group
    for offer in product.venues:
        yield f"{path}.venues", "venues", offer.venue_id


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _json_value(text: str) -> Any:
    try:
        return msgspec.json.Decoder(float_hook=read_number).decode(text)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise SetupError(f"the document is not JSON: {error}") from error


def _yaml_value(text: str) -> Any:
    try:
        if "*" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader)):
            raise SetupError("the document uses YAML aliases, which are not accepted")
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - _Loader is a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SetupError(f"the document is not YAML: {error}") from error


def _csv_products(text: str) -> Iterator[dict[str, Any]]:
    """Products from CSV whose header names product fields; ``modifier_groups`` are ids parted by spaces."""
    rows: csv.DictReader[str] = csv.DictReader(io.StringIO(text))
    for row in rows:
        if None in row:
            raise SetupError(f"row {rows.line_num} has more cells than the header")
        yield {name: _csv_value(name, value) for name, value in row.items() if name and value not in ("", None)}


def _completed(row: dict[str, Any], known: Mapping[int, Product]) -> dict[str, Any]:
    product = known.get(row["id"]) if isinstance(row.get("id"), int) else None
    if product is None:
        return row
    present = msgspec.to_builtins(product, enc_hook=plain, builtin_types=(Decimal,))
    return {**_json_value(to_json(present).decode()), **row}


def _csv_value(name: str, value: str) -> Any:
    if name == "modifier_groups":
        return [_csv_value("id", part) for part in value.split()]
    if name in ("active", "sold_by_weight"):
        return {"1": True, "true": True, "0": False, "false": False}.get(value.lower(), value)
    if name not in ("id", "price", "parent_id", "category_id", "station_id"):
        return value
    number = read_number(value.strip())
    if isinstance(number, Unreadable) or not number.is_finite():
        return value
    return int(number) if number == number.to_integral_value() and number.adjusted() < 18 else number


_FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader in C, ten times as fast, where PyYAML was built with it."""


class _Loader(_FASTEST):  # type: ignore[misc]
    """Safe YAML whose decimals never become floats and whose dates stay texts."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - how PyYAML spells it
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in _FASTEST.yaml_implicit_resolvers.items()
    }


class _Dumper(yaml.SafeDumper):
    """YAML with exact decimals and without aliases, which reading refuses."""

    def ignore_aliases(self, _: Any) -> bool:
        """Write a value again wherever it stands, though it be one object."""
        return True


def _construct_mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[str, Any]:
    """A mapping whose keys are texts, each written once: the second of two would silently win."""
    keys = [loader.construct_object(key) for key, _ in node.value]
    for index, key in enumerate(keys):
        if not isinstance(key, str) or key in keys[:index]:
            where = f"line {node.value[index][0].start_mark.line + 1}"
            raise SetupError(f"{where}: the key {key!r} is {'repeated' if isinstance(key, str) else 'not a text'}")
    return {key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)}


def _construct_decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return read_number(str(loader.construct_scalar(node)).replace("_", ""))


def _represent_decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", str(value))


_Loader.add_constructor("tag:yaml.org,2002:float", _construct_decimal)
_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
_Dumper.add_representer(Decimal, _represent_decimal)
