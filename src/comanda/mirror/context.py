"""What a translation stands on: the rows, what is here already, and which ids may be referred to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from msgspec.structs import replace

from comanda.base import limits
from comanda.catalogue.document import Document
from comanda.catalogue.model import AnyResource, Product, Resource
from comanda.mirror.media import original_of
from comanda.mirror.row import Row, row_of
from comanda.mirror.source import Fetched, Remarks
from comanda.mirror.values import list_of

Branch = TypeVar("Branch", bound=Any)


@dataclass(frozen=True, slots=True)
class Here:
    """A brand as it is: everything of it, its region (ISO 3166), and the ids that devices have."""

    document: Document
    region: str
    device_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """One translation. ``pictures`` are ids by the originals' addresses; None where pictures were not asked for."""

    fetched: Fetched
    here: Here
    remarks: Remarks
    timezone: str | None = None
    pictures: Mapping[str, str] | None = None
    known: dict[str, set[int]] = field(default_factory=dict)
    _bases: dict[str, dict[int, Any]] = field(default_factory=dict)

    def bases(self, kind: type[AnyResource]) -> dict[int, AnyResource]:
        """What is here of a kind, by id."""
        if kind.plural not in self._bases:
            held = getattr(self.here.document, kind.plural)
            self._bases[kind.plural] = {resource.id: resource for resource in held}
        return self._bases[kind.plural]

    def take(self, row: Row, kind: type[AnyResource]) -> AnyResource:
        """The resource of a row: what is here already, with all that the source tells."""
        base = self.bases(kind).get(row.id)
        return kind(id=row.id, **row.told) if base is None else replace(base, **row.told)

    def rows(self, kind: str) -> list[Row]:
        """The rows of a kind, each id once."""
        return unique(row for value in self.fetched.rows.get(kind, []) if (row := row_of(kind, value, self.remarks)))

    def learn(self, kind: type[Resource], rows: list[Row]) -> None:
        """From now on the ids of these rows may be referred to; those here where the kind could not be read."""
        told = kind.plural in self.fetched.rows
        self.known[kind.plural] = {row.id for row in rows} if told else set(self.bases(kind))

    def take_pictures(self, row: Row) -> None:
        """Take the pictures of a row, where they were asked for."""
        media = list_of(row.source.get("media"))
        if self.pictures is None:
            if media:
                row.remark("has pictures, which only --with-pictures takes")
            return
        if "media" not in row.source:
            return
        found = [self.pictures.get(original_of(medium) or "") for medium in media]
        if None in found or len(found) > limits.MAX_PICTURES:
            row.remark("has pictures that could not be taken")
        ids = tuple(dict.fromkeys(picture for picture in found if picture))[: limits.MAX_PICTURES]
        if ids or not media:
            row.told["pictures"] = ids


def unique(rows: Iterator[Row]) -> list[Row]:
    """Rows in their order, the first of each id."""
    found: dict[int, Row] = {}
    for row in rows:
        found.setdefault(row.id, row)
    return list(found.values())


def without_circles(
    kind: str, branches: list[Branch], here: Mapping[int, Branch], remarks: Remarks
) -> tuple[Branch, ...]:
    """Branches of which none is above itself, also by way of what is ``here``: each circle loses one ``parent_id``."""
    taken = {branch.id for branch in branches}
    by_id = {**here, **{branch.id: branch for branch in branches}}
    grounded: set[int] = set()
    for branch in branches:
        path: dict[int, None] = {}
        place = branch.id
        while place is not None and place in by_id and place not in grounded and place not in path:
            path[place] = None
            place = by_id[place].parent_id
        grounded.update(path)
        circle = list(path)[list(path).index(place) :] if place in path else []
        first = next(filter(taken.__contains__, circle), None)
        if first is not None:
            by_id[first] = replace(by_id[first], parent_id=None)
            remarks.note(kind, "parent_id leads back to itself; left out", first)
    return tuple(by_id[branch.id] for branch in branches)


def without_nesting(products: list[Product], here: Mapping[int, Product], remarks: Remarks) -> tuple[Product, ...]:
    """Products of which no variant has variants, also by way of what is ``here``: one that would has no parent."""
    by_id = {**here, **{product.id: product for product in products}}
    stated = {product.id for product in products}
    with_variants = {product.parent_id for product in here.values() if product.id not in stated}
    for product in products:
        parent = by_id.get(product.parent_id or 0)
        if parent is not None and (parent.parent_id is not None or product.id in with_variants):
            by_id[product.id] = replace(product, parent_id=None)
            remarks.note("products", "parent_id makes a variant of a variant; left out", product.id)
    return tuple(by_id[product.id] for product in products)
