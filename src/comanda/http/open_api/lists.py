"""The query conventions that every list of v2 follows (contract 4, 14.5), in one place.

In: a request and the rules of a resource. Out: the `Listing` to read, and the envelope around what was read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.json import to_json
from comanda.base.listing import Listing
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.open_api import query as queries
from comanda.http.open_api.cursor import Listed, continue_listing, next_cursor
from comanda.http.open_api.scope import span
from comanda.orders.view import envelope

_Values = tuple[str | int, ...]
ReadValue = Callable[[str, str], str | int]
"""Check one value of a filter by the filter's name and the value's text. Raises ComandaError ``invalid_parameter``."""


def as_text(_: str, text: str) -> str:
    """A filter whose values are texts."""
    return text


@dataclass(frozen=True, slots=True)
class ListRules:
    """What a resource's list takes: fields to sort and filter by, relations with their columns, the largest page."""

    sorts: tuple[str, ...] = ("id", "created_at", "updated_at")
    filters: Mapping[str, ReadValue] = field(default_factory=dict)
    several: frozenset[str] = frozenset()
    """Filters by which a row may have several values at once, or that are parts of a text: each that is sent holds."""
    plain: tuple[str, ...] = ()
    """Filters that may also be written as a parameter of their own, such as ``status=PENDING``."""
    relations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    most: int = limits.MAX_PAGE_SIZE
    sort: str = "created_at"
    dated: bool = True
    """Whether ``date[]`` means days of ``created_at``."""


def read_listing(call: Call, hub: Hub, rules: ListRules, venue_id: int | None) -> Listing:
    """What a request asks of a list; ``venue_id`` limits it to rows of a venue. Raises ComandaError."""
    query = queries.parse_query(call.query)
    page, limit = queries.page_and_limit(query, rules.most)
    sort, descending = queries.sorting(query, rules.sorts, rules.sort)
    filters, also = _filters(query, rules)
    listing = Listing(
        venue_id=venue_id,
        filters=filters,
        also=also,
        span=span(query, call, hub, venue_id) if rules.dated else (None, None),
        sort=sort,
        descending=descending,
        page=page,
        limit=limit,
        relations=queries.relations(query, rules.relations),
    )
    return continue_listing(listing, call.path, query.plain.get("cursor"))


def list_reply(
    call: Call,
    listing: Listing,
    rules: ListRules,
    rows: Sequence[Listed],
    data: Sequence[Any],
    total: int,
    **more: Any,
) -> Reply:
    """The whole envelope around a page; ``data`` are the rows as they are shown, ``more`` further top-level keys."""
    goes_on = len(rows) == listing.limit and (listing.after is not None or listing.page * listing.limit < total)
    body = envelope(
        data,
        started=call.started,
        now=now_micros(),
        total=total,
        sorts=list(rules.sorts),
        next_cursor=next_cursor(listing, call.path, rows, more=goes_on),
        **more,
    )
    return Reply(200, to_json(body))


def read_relations(call: Call, rules: ListRules) -> dict[str, tuple[str, ...]]:
    """What ``with`` asks for, on the read of one."""
    return queries.relations(queries.parse_query(call.query), rules.relations)


def with_relations(rules: ListRules, relations: Mapping[str, tuple[str, ...]]) -> ListRules:
    """The same rules with further relations, as reads of one have."""
    return replace(rules, relations={**rules.relations, **relations})


def number_filters(*names: str) -> dict[str, ReadValue]:
    """Filters whose values are whole numbers, such as ids."""
    return dict.fromkeys(names, queries.whole_number)


def one_of(*allowed: str) -> ReadValue:
    """A filter whose values are of a closed list."""

    def read(name: str, text: str) -> str:
        if text not in allowed:
            queries.refuse_parameter(name, f"must be one of {', '.join(allowed)}", text)
        return text

    return read


def true_or_false(name: str, text: str) -> str:
    """A filter by a flag, written ``true`` and ``false`` or 1 and 0."""
    found = {"true": "1", "1": "1", "false": "0", "0": "0"}.get(text.lower())
    if found is None:
        queries.refuse_parameter(name, "must be true or false", text)
    return found


def _filters(query: queries.Query, rules: ListRules) -> tuple[dict[str, _Values], tuple[tuple[str, _Values], ...]]:
    stated = queries.filters(query, tuple(rules.filters))
    for name in rules.plain:
        written = [value for _, value in query.indexed.get(name, [])] + [query.plain.get(name, "")]
        if any(written):
            stated.append((name, [text for text in written if text]))
    found: dict[str, _Values] = {}
    also: list[tuple[str, _Values]] = []
    for name, texts in stated:
        values = tuple(rules.filters[name](name, text) for text in texts)
        if name not in found:
            found[name] = values
        elif name in rules.several:
            also.append((name, values))
        else:
            found[name] = tuple(value for value in found[name] if value in values)
    return found, tuple(also)
