"""A quote: what creating an order would answer now. The same steps as an order's, up to the store and no further.

No id, number, key, event or guest comes of it, and nothing is held: the last portion may be gone when the order comes.
"""

from msgspec import Struct

from comanda.access.model import AnyCaller
from comanda.base.errors import ComandaError, Problem
from comanda.catalogue.snapshot import Snapshot
from comanda.orders.decode import Decoded, decode
from comanda.orders.lifecycle import Status
from comanda.orders.model import PricedOrder
from comanda.orders.place import TerminalAbsent, assess_order, problems_in_store
from comanda.orders.ports import OrderStore


class Quote(Struct, frozen=True):
    """Every problem that a create would tell; ``priced`` is None where nobody can say what the order costs."""

    problems: tuple[Problem, ...]
    priced: PricedOrder | None

    @property
    def status(self) -> Status | None:
        """The state in which the order would be committed; None for one that would be refused."""
        if self.problems or self.priced is None:
            return None
        return Status.RECEIVED if self.priced.checked.accepts else Status.PENDING


async def quote_order(
    body: bytes,
    caller: AnyCaller,
    snapshot: Snapshot,
    store: OrderStore,
    *,
    header_venue: str | None,
    terminal_absent: TerminalAbsent,
) -> Quote:
    """Check and price a body as `place_order` would, and ask the store what it knows against it.

    Raises ComandaError: ``invalid_json``, ``resource_not_found`` for a venue that the caller may not use, 503.
    """
    decoded: Decoded | None = None
    priced: PricedOrder | None = None
    try:
        decoded = decode(body)
        priced = assess_order(decoded, caller, snapshot, header_venue, terminal_absent=terminal_absent)
        problems = priced.checked.problems
    except ComandaError as refusal:
        if refusal.code != "validation_failed":
            raise
        problems = refusal.details
    more = [] if decoded is None else await problems_in_store(decoded, problems, caller.brand.id, store)
    return Quote((*problems, *more), priced)
