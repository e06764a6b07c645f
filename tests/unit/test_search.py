"""Lists over a snapshot: exact, stable, remembered (contract 14.5)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from comanda.base import limits
from comanda.base.clock import instant_of, iso_micros
from comanda.base.listing import Listing
from comanda.base.numbers import Money
from comanda.catalogue.model import Category, Product, Unit
from comanda.catalogue.search import is_set, is_value, search
from comanda.catalogue.snapshot import Snapshot, with_changes
from comanda.catalogue.tree import plant
from comanda.catalogue.views import PIECE, unit_object

KEEPS = {"type": is_value("type"), "id": is_value("id")}
NAMES = st.sampled_from(["ayran", "Baklava", "çay", "Çay", "Əppək"])
ROWS = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 5), NAMES, st.sampled_from(["DISH", "GOODS"]), st.integers(0, 3)),
    unique_by=lambda row: row[0],
    max_size=40,
)


def product(row, position=None):
    """A product of a drawn row; equal times are common."""
    number, created, name, kind, price = row
    at = iso_micros(created * 1_000_000)
    return Product(id=number, name=name, type=kind, price=Money(price), position=position, created_at=at, updated_at=at)


def snapshot_of(products):
    """A snapshot of these products."""
    return with_changes(Snapshot(), 1, products)


def page(snapshot, listing):
    """A page of products."""
    return search(snapshot, "products", snapshot.products, KEEPS, listing)


def after(listing, rows, until):
    """The listing as a cursor after these rows continues it."""
    last = rows[-1]
    value = last.id if listing.sort == "id" else instant_of(last.created_at)
    return replace(listing, after=(value, last.id), until=until, page=1)


@given(
    rows=ROWS,
    sort=st.sampled_from(["id", "name", "price", "created_at", "updated_at", "position"]),
    descending=st.booleans(),
    limit=st.integers(1, 7),
    kinds=st.sampled_from([(), ("DISH",), ("DISH", "GOODS")]),
)
@settings(max_examples=150, deadline=None)
def test_pages_are_the_whole_list_cut(rows, sort, descending, limit, kinds):
    """Filtered, sorted with ties by id, each resource once; total counts all of them."""
    products = [product(row, None if row[4] == 0 else row[4]) for row in rows]
    listing = Listing(filters={"type": kinds} if kinds else {}, sort=sort, descending=descending, limit=limit)

    def order(found):
        value = getattr(found, sort)
        return (value is not None, 0 if value is None else value.casefold() if sort == "name" else value), found.id

    expected = sorted((p for p in products if not kinds or p.type in kinds), key=order, reverse=descending)
    snapshot = snapshot_of(products)
    seen = []
    for number in range(1, len(expected) // limit + 3):
        found, total = page(snapshot, replace(listing, page=number))
        assert total == len(expected)
        assert len(found) <= limit
        seen += found
    assert seen == expected


@given(rows=ROWS, sort=st.sampled_from(["id", "created_at"]), descending=st.booleans(), limit=st.integers(1, 5),
       later=st.lists(st.tuples(st.integers(61, 90), NAMES), unique_by=lambda row: row[0], max_size=20))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_a_cursor_neither_skips_nor_repeats_while_resources_are_added(rows, sort, descending, limit, later):
    """Those there at its first page come once each, in order; those that come later not at all."""
    snapshot = snapshot_of([product(row) for row in rows])
    present = sorted(snapshot.products.values(), key=lambda p: (getattr(p, sort), p.id), reverse=descending)
    until = instant_of(iso_micros(6_000_000))
    listing = Listing(sort=sort, descending=descending, limit=limit)
    seen, coming, version = [], list(later), 1
    while True:
        found, total = page(snapshot, listing)
        assert total == len(snapshot.products)
        seen += found
        if len(found) < limit:
            break
        listing = after(listing, found, until)
        if coming:
            number, name = coming.pop()
            version += 1
            snapshot = with_changes(snapshot, version, [product((number, 7 + number, name, "DISH", 1))])
    assert seen == present


@given(rows=ROWS, limit=st.integers(1, 5), later=st.lists(NAMES, max_size=20))
@settings(max_examples=60, deadline=None)
def test_pages_oldest_first_neither_skip_nor_repeat_while_resources_are_added(rows, limit, later):
    """What is added stands at the end of the list, and is reached there."""
    snapshot = snapshot_of([product(row) for row in rows])
    expected = sorted(snapshot.products.values(), key=lambda p: (p.created_at, p.id))
    seen, number = [], 1
    coming = [(place, 10 + place, name) for place, name in enumerate(later, 61)]
    while True:
        found, _ = page(snapshot, Listing(sort="created_at", descending=False, limit=limit, page=number))
        seen += found
        number += 1
        if len(found) < limit:
            break
        if coming:
            added = product((*coming.pop(0), "DISH", 1))
            expected.append(added)
            snapshot = with_changes(snapshot, number, [added])
    assert seen == expected


@given(
    rows=ROWS,
    parents=st.lists(st.none() | st.integers(1, 3), min_size=40, max_size=40),
    wanted=st.dictionaries(
        st.sampled_from(["id", "type", "category_id", "giftable"]),
        st.lists(st.sampled_from([1, 2, 3, 40, "DISH", "GOODS", "1", "0"]), max_size=4).map(tuple),
    ),
    span=st.tuples(st.none() | st.integers(0, 5), st.none() | st.integers(0, 5)),
    sort=st.sampled_from(["id", "name", "price", "created_at"]),
)
@settings(max_examples=300, deadline=None)
def test_filters_find_what_looking_at_every_resource_finds(rows, parents, wanted, span, sort):
    """Whichever of them has an index: the same resources, in the same order, and as many of them."""
    products = [
        structs.replace(product(row), category_id=parent, giftable=row[4] == 1)
        for row, parent in zip(rows, parents, strict=False)
    ]
    keeps = {name: is_value(name) for name in ("id", "type", "category_id")} | {"giftable": is_set("giftable")}
    plain = {name: lambda *given, keep=keep: keep(*given) for name, keep in keeps.items()}
    days = tuple(None if day is None else day * 1_000_000 for day in span)
    listing = Listing(filters=wanted, span=days, sort=sort, limit=40)
    snapshot, other = snapshot_of(products), snapshot_of(products)
    for asked in (listing, replace(listing, descending=False), replace(listing, filters={"type": ("DISH",)})):
        found = search(snapshot, "products", snapshot.products, keeps, asked)
        assert found == search(other, "products", other.products, plain, asked)


class Watched:
    """A product that counts how often it is looked at."""

    looks = 0

    def __init__(self, number):
        self.id, self.created_at, self._category = number, None, number % 10

    @property
    def category_id(self):
        """Its category."""
        Watched.looks += 1
        return self._category


def test_a_filter_by_value_looks_at_candidates_only():
    """The first one by a field looks at all resources; the next at those with its values, and ids at none else."""
    resources = {number: Watched(number) for number in range(1, 1_001)}
    keeps, snapshot = {name: is_value(name) for name in ("id", "category_id")}, Snapshot()
    looked = []
    for wanted in (
        {"category_id": (3,)},
        {"category_id": (4, 5)},
        {"id": (7, 9_999)},
        {"id": (7,), "category_id": (7,)},
    ):
        before = Watched.looks
        _, total = search(snapshot, "products", resources, keeps, Listing(filters=wanted))
        looked.append((total, Watched.looks - before))
    assert looked == [(100, 1_100), (200, 200), (1, 0), (1, 1)]


def test_days_are_half_open():
    """From the first instant of the span to the one before its last."""
    snapshot = snapshot_of([product((number, number, "a", "DISH", 1)) for number in range(1, 6)])
    found, total = page(snapshot, Listing(span=(2_000_000, 4_000_000)))
    assert ([row.id for row in found], total) == ([3, 2], 2)
    assert [row.id for row in page(snapshot, Listing(span=(None, 2_000_000)))[0]] == [1]


def test_a_list_is_sorted_once_for_a_version():
    """Pages, both directions and other limits share it; another version has its own."""
    snapshot = snapshot_of([product((number, 1, "a", "DISH", 1)) for number in range(1, 50)])

    def read(snapshot, rows, listing):
        return search(snapshot, "products", rows, KEEPS, listing)

    first, _ = read(snapshot, snapshot.products, Listing(limit=5))
    # What is remembered is not looked for again: the second reader has nothing to look through.
    again, total = read(snapshot, {}, Listing(limit=5, page=2))
    assert ([row.id for row in first], [row.id for row in again], total) == ([49, 48, 47, 46, 45], [44, 43, 42, 41, 40], 49)  # fmt: skip
    assert [row.id for row in read(snapshot, {}, Listing(limit=2, descending=False))[0]] == [1, 2]
    changed = with_changes(snapshot, 2, [product((50, 1, "a", "DISH", 1))])
    assert read(changed, {}, Listing())[1] == 0


def test_only_so_many_lists_are_remembered():
    """Of too many the one that was not asked for the longest is forgotten."""
    snapshot = snapshot_of([product((1, 1, "a", "DISH", 1))])
    for number in range(limits.FOUND_LISTS + 5):
        page(snapshot, Listing(filters={"id": (number,)}))
        page(snapshot, Listing())
    assert len(snapshot.worked_out["lists"]) == limits.FOUND_LISTS
    assert search(snapshot, "products", {}, KEEPS, Listing())[1] == 1
    assert search(snapshot, "products", {}, KEEPS, Listing(filters={"id": (1,)}))[1] == 0


@pytest.mark.parametrize("value", [2**63 - 1, 10**17])
def test_a_cursor_that_was_tampered_with_ends_no_process(value):
    """Instants beyond the calendar are after everything."""
    snapshot = snapshot_of([product((1, 1, "a", "DISH", 1))])
    assert page(snapshot, Listing(after=(value, 1), until=value))[0] == list(snapshot.products.values())
    assert page(snapshot, Listing(after=(value, 1), until=value, descending=False))[0] == []


@given(parents=st.dictionaries(st.integers(1, 12), st.none() | st.integers(1, 14), max_size=12), order=st.randoms())
@settings(max_examples=200, deadline=None)
def test_a_tree_has_each_branch_once(parents, order):
    """Whatever the parents say: circles, parents that are not there; the numbers nest."""
    categories = {number: Category(id=number, name="c", parent_id=parent) for number, parent in parents.items()}
    numbers = list(categories)
    order.shuffle(numbers)
    tree = plant(categories, numbers)
    assert tree.places.keys() == categories.keys()
    sides = [side for place in tree.places.values() for side in (place.left, place.right)]
    assert sorted(sides) == list(range(1, 2 * len(categories) + 1))
    assert sorted(child for children in tree.children.values() for child in children) == sorted(categories)
    for parent, children in tree.children.items():
        for child in children:
            inner = tree.places[child]
            assert inner.left < inner.right
            if parent is None:
                assert inner.depth == 0
                continue
            outer = tree.places[parent]
            assert categories[child].parent_id == parent
            assert outer.left < inner.left < inner.right < outer.right
            assert inner.depth == outer.depth + 1
    for number in categories:
        place = tree.places[number]
        inside = {other for other, found in tree.places.items() if place.left <= found.left <= place.right}
        assert set(tree.below(number)) == inside


def test_a_brand_without_units_counts_in_pieces():
    """The piece is built in; a unit of the brand with its id takes its place."""
    piece = unit_object(Snapshot(), None)
    assert (piece["id"], piece["type"], piece["symbol"], piece["_lft"], piece["_rgt"]) == (1, "PIECE", "pcs", 1, 2)
    own = with_changes(Snapshot(), 1, [Unit(id=PIECE.id, name="Portion", equal=Decimal("0.5"))])
    assert unit_object(own, None)["name"] == "Portion"
