"""Customer groups on the v2 wire (contract 9.18): a list, read from what the process remembers."""

from dataclasses import dataclass
from typing import Final

from comanda.base.numbers import Money
from comanda.catalogue.customer_view import group_object
from comanda.catalogue.model import CustomerGroup
from comanda.catalogue.search import search, worked_out
from comanda.catalogue.snapshot import Snapshot
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.open_api.lists import ListRules, read_listing
from comanda.http.open_api.scope import check_header_venue
from comanda.http.open_api.shelves import page_reply

RULES: Final = ListRules(
    sorts=(
        "id",
        "name",
        "discount_type",
        "discount_value",
        "total_amount",
        "created_at",
        "updated_at",
        "deleted_at",
    )
)
"""What the list of customer groups takes (contract 3)."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A group as it is sorted; Comanda keeps no total amount of one, so that all have the same."""

    group: CustomerGroup
    id: int
    name: str
    discount_type: str | None
    discount_value: Money
    total_amount: int
    created_at: str | None
    updated_at: str | None
    deleted_at: str | None


async def list_all(call: Call, hub: Hub) -> Reply:
    """A page of the brand's customer groups."""
    check_header_venue(call, hub)
    listing = read_listing(call, hub, RULES, None)
    snapshot = hub.known.snapshot(call.caller.brand.id)
    rows = worked_out(snapshot, "customer groups", lambda: _rows(snapshot))
    found = search(snapshot, "customer groups", rows, {}, listing)
    return page_reply(call, listing, RULES, found, [group_object(row.group) for row in found[0]])


def _rows(snapshot: Snapshot) -> dict[int, _Row]:
    return {group.id: _row(group) for group in snapshot.customer_groups.values()}


def _row(group: CustomerGroup) -> _Row:
    return _Row(
        group=group,
        id=group.id,
        name=group.name,
        discount_type=group.discount_type,
        discount_value=group.discount_value,
        total_amount=0,
        created_at=group.created_at,
        updated_at=group.updated_at,
        deleted_at=None if group.active else group.updated_at,
    )
