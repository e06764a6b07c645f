"""Cursors: stable paging while orders pour in (contract 14.5). Opaque to callers, bound to the list they came from."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Protocol

import msgspec

from comanda.base.clock import Micros, now_micros
from comanda.base.listing import Listing
from comanda.http.open_api.query import refuse_parameter

_STEADY = ("id", "created_at")
Place = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a list goes on: after this row, for orders created until ``until``; ``of`` is the list's digest."""

    value: Place
    id: Place
    until: Place
    of: str


def continue_listing(listing: Listing, path: str, text: str | None) -> Listing:
    """The listing of ``path`` as the cursor in ``text`` continues it. Raises ComandaError ``invalid_parameter``."""
    if text is None:
        return listing
    if listing.sort not in _STEADY:
        refuse_parameter("cursor", "works with the sorts id and created_at, whose values do not change", text)
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text.encode() + b"=="), type=_Cursor)
    except (msgspec.MsgspecError, binascii.Error, UnicodeError):
        refuse_parameter("cursor", "is no cursor of ours", text)
    if cursor.of != _digest(listing, path):
        refuse_parameter("cursor", "belongs to another list, or to one with other filters, sort or venue", text)
    return replace(listing, after=(cursor.value, cursor.id), until=Micros(cursor.until), page=1)


class Listed(Protocol):
    """A row of a list that has a cursor."""

    @property
    def id(self) -> int:
        """Its id."""
        ...

    @property
    def created_at(self) -> Micros:
        """When it was stored."""
        ...


def next_cursor(listing: Listing, path: str, rows: Sequence[Listed], *, more: bool) -> str | None:
    """The cursor after the last of these rows; None at the end, and for a sort whose values change."""
    if not rows or not more or listing.sort not in _STEADY:
        return None
    last = rows[-1]
    value = last.id if listing.sort == "id" else last.created_at
    cursor = _Cursor(value, last.id, listing.until or now_micros(), _digest(listing, path))
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def _digest(listing: Listing, path: str) -> str:
    parts = (
        path,
        listing.venue_id,
        sorted(listing.filters.items()),
        listing.also,
        listing.span,
        listing.sort,
        listing.descending,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
