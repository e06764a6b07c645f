"""Read everything of a source, page by page; each page is kept as it comes, so that an interrupted run goes on.

A source changes while it is read: pages are sorted by id where it lets us, rows are taken once, and what is missing
in the end is said.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from comanda.base import limits
from comanda.base.errors import SetupError
from comanda.mirror.connection import Connection, Refused, parse_json
from comanda.mirror.kept import KeptPages
from comanda.mirror.source import (
    PRODUCT_DETAILS,
    Fetched,
    Query,
    Resource,
    Wanted,
    resources,
    rows_of,
    stop_list_of,
)
from comanda.mirror.values import mapping_of, row_id

_QUERY_REFUSED = (400, 422, 500)
"""Answers to a query that another query may get around: frameworks fail on a relation they do not know."""


class Watcher(Protocol):
    """Whoever shows how far a run is."""

    def reading(self, resource: str, rows: int, total: int | None) -> None:
        """So many rows of a resource are here."""


async def fetch(connection: Connection, pages: KeptPages, wanted: Wanted, watcher: Watcher) -> Fetched:
    """Every row that is wanted. Raises SetupError when the source cannot be read or takes too long."""
    fetched = Fetched()
    try:
        async with asyncio.timeout(limits.MIRROR_TIME_S):
            for resource in resources(wanted):
                await _Reader(connection, pages, watcher, resource).read_into(fetched)
            if wanted.stop_list:
                await _fetch_stop_lists(connection, pages, watcher, fetched)
            await _fetch_details(connection, pages, watcher, fetched)
    except TimeoutError as error:
        raise SetupError("the source takes too long; run again, and it goes on from here") from error
    return fetched


async def _fetch_stop_lists(connection: Connection, pages: KeptPages, watcher: Watcher, fetched: Fetched) -> None:
    """Read what venues have left, as it is now: what an interrupted run kept may be sold since."""
    for venue_id in dict.fromkeys(filter(None, map(row_id, fetched.rows["venues"]))):
        resource = stop_list_of(venue_id)
        pages.forget(f"{resource.name}-")
        await _Reader(connection, pages, watcher, resource, venue_id).read_into(fetched)
        if resource.name in fetched.rows:
            fetched.stop_lists[venue_id] = fetched.rows.pop(resource.name)


async def _fetch_details(connection: Connection, pages: KeptPages, watcher: Watcher, fetched: Fetched) -> None:
    """Read by id what the list did not show: timers' settings, and one product of each unit."""
    wanted = _unshown(fetched.rows["products"])
    if len(wanted) > limits.MIRROR_DETAILS:
        fetched.remarks.note("products", f"only {limits.MIRROR_DETAILS} were read for units and timers")
    details: list[Any] = []
    for number in wanted[: limits.MIRROR_DETAILS]:
        name = f"product_{number}"
        kept = pages.read(name)
        value = None if kept is None else parse_json(kept)
        if value is None:
            try:
                value, body = await connection.get(f"/products/{number}", PRODUCT_DETAILS)
            except Refused as refusal:
                fetched.remarks.note("products", f"cannot be read by id: {refusal}", number)
                continue
            pages.write(name, body)
        details.append(mapping_of(value).get("data"))
        watcher.reading("details", len(details), len(wanted))
    fetched.rows["details"] = details


def _unshown(products: Sequence[Any]) -> list[int]:
    """Products to read by id."""
    found: list[int] = []
    units = {row_id(mapping_of(product.get("unit"))) for product in map(mapping_of, products)}
    for product in map(mapping_of, products):
        number, unit = row_id(product), row_id({"id": product.get("unit_id")})
        timed = product.get("type") == "TIMER" and "setting" not in product
        if number is not None and (timed or unit not in units):
            found.append(number)
            units.add(unit)
    return found


@dataclass(slots=True)
class _Reader:
    """Reads one list to its end."""

    connection: Connection
    pages: KeptPages
    watcher: Watcher
    resource: Resource
    venue_id: int | None = None

    async def read_into(self, fetched: Fetched) -> None:
        """Take every row once; what is missing, or cannot be read at all, becomes a remark."""
        resource = self.resource
        try:
            rows, total = await self._read_all()
        except Refused as refusal:
            if resource.needed:
                raise SetupError(f"the source's {resource.name} cannot be read: {refusal}") from refusal
            fetched.remarks.note(resource.name, f"cannot be read and stay as they are here: {refusal}")
            return
        fetched.rows[resource.name] = rows
        there = len(rows) if resource.name != "categories" else _tree_size(rows)
        if total is None or total in (len(rows), there):
            fetched.whole.add(resource.name)
        else:
            fetched.remarks.note(resource.name, f"{there} came, but the source counts {total}: it changed meanwhile")

    async def _read_all(self) -> tuple[list[Any], int | None]:
        rung, answer = await self._first_page()
        size = next((int(value) for name, value in self.resource.ladder[rung] if name == "limit"), 0)
        seen: dict[Any, Any] = {}
        page, total = 1, None
        while True:
            rows, stated = rows_of(answer)
            if rows is None:
                raise Refused(200, "the answer has no list")
            total = total if stated is None else stated
            before = len(seen)
            seen.update((key, row) for key, row in ((_key(row), row) for row in rows) if key not in seen)
            self.watcher.reading(self.resource.name, len(seen), total)
            complete = len(seen) >= total if total is not None else not 0 < size <= len(rows)
            if complete or len(seen) == before:
                return list(seen.values()), total
            if page == limits.MIRROR_PAGES:
                return list(seen.values()), max(total or 0, len(seen) + 1)
            page += 1
            answer = await self._page(rung, page)

    async def _first_page(self) -> tuple[int, Any]:
        """The first page, with the richest query that is taken; a run that goes on stays with the query it had."""
        kept = [name for name in self.pages.names() if name.startswith(f"{self.resource.name}-")]
        first = max((int(name.split("-")[1]) for name in kept), default=0)
        last = len(self.resource.ladder) - 1
        for rung in range(min(first, last), last + 1):
            try:
                return rung, await self._page(rung, 1)
            except Refused as refusal:
                if refusal.status not in _QUERY_REFUSED or rung == last:
                    raise
        raise AssertionError("a ladder has rungs")

    async def _page(self, rung: int, page: int) -> Any:
        """A page, as it was kept or as the source has it now."""
        name = f"{self.resource.name}-{rung}-{page}"
        kept = self.pages.read(name)
        value = None if kept is None else parse_json(kept)
        if value is None:
            query: Query = (("page", str(page)), *self.resource.ladder[rung])
            value, body = await self.connection.get(self.resource.path, query, self.venue_id)
            self.pages.write(name, body)
        return value


def _key(row: Any) -> Any:
    """What tells rows apart: their id, else all that they say."""
    number = row_id(row)
    return msgspec.json.encode(row, enc_hook=str) if number is None else number


def _tree_size(rows: Sequence[Any]) -> int:
    """How many rows there are with all that hang below them."""
    count, level = 0, list(rows)
    while level and count < limits.MIRROR_PAGES * limits.MAX_PAGE_SIZE:
        count += len(level)
        level = [child for row in map(mapping_of, level) for child in _children(row)]
    return count


def _children(row: Any) -> list[Any]:
    children = row.get("children")
    return children if isinstance(children, list) else []
