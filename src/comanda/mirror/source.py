"""What is read from a source: every resource with its path and its queries, and what came back as one value.

Servers differ in what their lists take (contract 13), so a resource has a ladder of queries, the richest first; the
first that is not refused is the one its pages are read with.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from comanda.base import limits

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """A list of a source. A ``needed`` one that cannot be read ends the run; any other becomes a remark."""

    name: str
    path: str
    ladder: tuple[Query, ...]
    needed: bool = False


@dataclass(slots=True)
class Remarks:
    """What could not be taken as it is, grouped: kind and sentence, with the ids it is said of."""

    found: "OrderedDict[tuple[str, str], list[int | None]]" = field(default_factory=OrderedDict)
    uncounted: int = 0

    def note(self, kind: str, text: str, resource_id: int | None = None) -> None:
        """Remember one."""
        if (kind, text) in self.found or len(self.found) < limits.MIRROR_REMARKS:
            self.found.setdefault((kind, text), []).append(resource_id)
        else:
            self.uncounted += 1

    def __iter__(self) -> Iterator[tuple[str, str, list[int | None]]]:
        return ((kind, text, ids) for (kind, text), ids in self.found.items())


@dataclass(slots=True)
class Fetched:
    """Rows of a source as they came, by resource; ``whole`` are those of which every row was there."""

    rows: dict[str, list[Any]] = field(default_factory=dict)
    stop_lists: dict[int, list[Any]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    remarks: Remarks = field(default_factory=Remarks)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read beside the menu."""

    stop_list: bool = False
    users: bool = False
    customers: bool = False


def resources(wanted: Wanted) -> tuple[Resource, ...]:
    """The lists to read, in this order."""
    people = (*((_USERS,) if wanted.users else ()), *((_CUSTOMERS,) if wanted.customers else ()))
    return (*_MENU, *people)


def rows_of(value: Any) -> tuple[list[Any] | None, int | None]:
    """The rows of a list's answer and how many there are in all: enveloped, bare, or with ``pagination``.

    None for what is no list.
    """
    if isinstance(value, list):
        return value, None
    if not isinstance(value, Mapping):
        return None, None
    pagination = value.get("pagination")
    total = value.get("total", pagination.get("total") if isinstance(pagination, Mapping) else None)
    data = value.get("data")
    if isinstance(data, Mapping) and "data" in data:
        return rows_of(data)
    if isinstance(data, Mapping):
        data = list(data.values())
    return (data if isinstance(data, list) else None), (total if type(total) is int and total >= 0 else None)


def stop_list_of(venue_id: int) -> Resource:
    """One venue's stop list; its page is asked for with ``x-venue``."""
    return Resource(f"stop_list_{venue_id}", "/products/stop-list", ((),))


def _ladder(most: int, *, relations: Sequence[Sequence[str]] = ((),), more: Query = ()) -> tuple[Query, ...]:
    """Sorted by id where that is taken, then unsorted, then with fewer relations, then in smaller pages."""
    limit = (("limit", str(most)),)
    rungs: list[Query] = []
    for names in relations:
        asked = tuple((f"with[{index}]", name) for index, name in enumerate(names))
        rungs += [(*limit, *_BY_ID, *more, *asked), (*limit, *more, *asked)]
    smaller = [(("limit", str(size)), *more) for size in (200, 100, 50) if size < most]
    return tuple(dict.fromkeys((*rungs, *smaller, *((more,) if more else ()), ())))


_BY_ID: Final = (("sort[0]", "id"), ("sort[1]", "1"))
_PRODUCT_RELATIONS: Final = ("modificator_groups", "modifications", "recipe", "tags")
_MENU: Final = (
    Resource("venues", "/venues", _ladder(limits.MAX_PAGE_SIZE), needed=True),
    Resource("stations", "/stations", _ladder(limits.MAX_STATION_PAGE_SIZE)),
    Resource("sale_types", "/sale-types", _ladder(limits.MAX_PAGE_SIZE)),
    Resource("payment_methods", "/payment-methods", _ladder(limits.MAX_PAGE_SIZE)),
    Resource(
        "categories",
        "/categories",
        _ladder(limits.MAX_PAGE_SIZE, more=(("include_inactive", "true"), ("include_children", "true"))),
    ),
    Resource(
        "products",
        "/products",
        _ladder(
            limits.MAX_PRODUCT_PAGE_SIZE,
            relations=(
                (*_PRODUCT_RELATIONS, "unit", "setting"),
                _PRODUCT_RELATIONS,
                ("modificator_groups", "recipe"),
                ("modificator_groups",),
                (),
            ),
        ),
        needed=True,
    ),
    Resource(
        "price_lists",
        "/price-lists",
        ((("limit", "999"), ("sort[0][0]", "id"), ("sort[0][1]", "asc")), *_ladder(limits.MAX_PAGE_SIZE)[1:]),
    ),
    Resource("prices", "/price-lists/prices", _ladder(limits.MAX_PAGE_SIZE)),
    Resource("customer_groups", "/customer-groups", _ladder(limits.MAX_PAGE_SIZE)),
)
_USERS: Final = Resource("users", "/users", _ladder(limits.MAX_PAGE_SIZE))
_CUSTOMERS: Final = Resource("customers", "/customers", _ladder(limits.MAX_PAGE_SIZE))
PRODUCT_DETAILS: Final[Query] = (("with[0]", "unit"), ("with[1]", "setting"))
"""What lists of products do not show and reads of one do (contract 9.10)."""
