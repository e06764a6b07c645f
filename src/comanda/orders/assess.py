"""What an order costs and what speaks against it: the way of orders and quotes alike from decode to the store.

A decoded request goes in, a `PricedOrder` comes out. Nothing is stored; only `problems_in_store` waits for anything.
"""

from collections.abc import Callable, Sequence

from comanda.access.model import AnyCaller, BrandId
from comanda.base.errors import ComandaError, Problem
from comanda.base.money import plain
from comanda.catalogue.snapshot import Snapshot
from comanda.orders.check import check_order
from comanda.orders.decode import Decoded, v1_path
from comanda.orders.model import PricedOrder, Refused
from comanda.orders.plan import demand_of
from comanda.orders.ports import OrderStore
from comanda.orders.price import price_order

TerminalAbsent = Callable[[str, int], bool]
"""Tells of a brand's venue whether its terminals are watched and none is there."""


def assess_order(
    decoded: Decoded,
    caller: AnyCaller,
    snapshot: Snapshot,
    header_venue: str | None,
    *,
    terminal_absent: TerminalAbsent,
) -> PricedOrder:
    """Check and price a request for its caller; an order that is refused says why in ``checked.problems``.

    Raises ComandaError: ``resource_not_found`` for a venue that the caller may not use, ``validation_failed`` with
    every problem for an order that cannot be priced.
    """
    stated, brand = decoded.request.venue_id, caller.brand
    if stated and not caller.may_see(stated):
        raise ComandaError("resource_not_found", "Venue not found")
    absent = terminal_absent(brand.id, stated)
    checked = check_order(decoded, snapshot, brand, header_venue, terminal_absent=absent)
    return price_order(checked, brand)


async def problems_in_store(
    decoded: Decoded, known: Sequence[Problem], brand_id: BrandId, store: OrderStore
) -> list[Problem]:
    """What the store knows against a request now, but for fields that have a ``known`` problem; nothing is held."""
    request = decoded.request
    found = await store.find_shortages(brand_id, request.venue_id, request.customer.id, demand_of(request.products))
    fields = {problem.field for problem in known}
    return [problem for problem in problems_of(found, decoded) if problem.field not in fields]


def problems_of(found: Refused, decoded: Decoded) -> list[Problem]:
    """The store's verdict in terms of the caller's body."""
    request = decoded.request
    problems = []
    if found.unknown_customer:
        message = f"No customer {request.customer.id} in this brand"
        problems.append(Problem("customer.id", "unknown_customer", message, request.customer.id))
    for shortage in found.shortages:
        index = next(i for i, line in enumerate(request.products) if line.product_id == shortage.product_id)
        message = f"Only {plain(shortage.left)} of product {shortage.product_id} is left"
        field = f"products[{index}].product_id"
        problems.append(Problem(field, "stop_listed", message, shortage.product_id))
    if not decoded.fuller:
        return problems
    return [Problem(v1_path(p.field), p.code, p.message, p.value) for p in problems]
