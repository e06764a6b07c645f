"""What the order's path needs of a store. `store/` implements it twice; the path never knows which."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Protocol

from comanda.access.model import BrandId
from comanda.base.clock import Micros
from comanda.orders.model import (
    AlreadyStored,
    Claim,
    KeyedRequest,
    KeyReused,
    OrderId,
    PlaceOutcome,
    PlannedOrder,
    Refused,
    Replayed,
    StoredOrder,
)


class ChainMeter(Protocol):
    """Hears of each step an order makes, for metrics."""

    def chain(self, before: StoredOrder, after: StoredOrder) -> None:
        """An order moved on."""
        ...


class OrderStore(Protocol):
    """The port between the order's path and what keeps it."""

    async def next_order_id(self) -> OrderId:
        """An id no other order of this installation has or will have. Raises ComandaError (503)."""
        ...

    async def place(self, planned: PlannedOrder) -> PlaceOutcome:
        """Store the order and all it causes in one transaction, together with others that wait.

        Returns after the commit. Raises ComandaError: ``intake_full`` and ``storage_unavailable`` when nothing
        was stored, ``outcome_unknown`` when that could not be found out.
        """
        ...

    async def find_replay(self, brand_id: BrandId, keyed: KeyedRequest, now: Micros) -> Replayed | KeyReused | None:
        """What is kept under a key; None when it is unused or has lapsed."""
        ...

    async def find_claimed(
        self, brand_id: BrandId, client_id: str, claims: Iterable[Claim], now: Micros
    ) -> AlreadyStored | None:
        """The order that holds the first claim held by any."""
        ...

    async def find_shortages(
        self, brand_id: BrandId, venue_id: int, customer_id: int, demand: Mapping[int, Decimal]
    ) -> Refused:
        """What the transaction would refuse: an unknown customer, products the stop list has too little of."""
        ...
