"""The store as the rest of Comanda sees it: subjects on top of one driver."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

from comanda.access.model import BrandId, Directory
from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import ComandaError
from comanda.base.listing import Listing
from comanda.catalogue.document import Changes, Document
from comanda.catalogue.model import Resource
from comanda.events.model import EventPage, LogEnds
from comanda.kitchen.model import Ticket
from comanda.orders.dossier import Dossier
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
from comanda.store import access, boards, catalogue, changes, events, keys, orders, receipts
from comanda.store.driver import Driver, Health
from comanda.store.order_statements import TAKE_GUEST_ID
from comanda.store.transaction import Transaction, TransactionBuilder, one
from comanda.store.waiting import Waiting, await_outcome, intake_full, storage_away

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Store:
    """Everything Comanda keeps. Implements `comanda.orders.ports.OrderStore`."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._ids: list[int] = []
        self._refill: asyncio.Task[None] | None = None
        self._lists = asyncio.Semaphore(limits.LISTS_AT_ONCE)

    async def start(self) -> None:
        """Open the database. Raises SetupError when it cannot be used."""
        self._loop = asyncio.get_running_loop()
        await self._driver.start()

    async def close(self) -> None:
        """Commit what waits, then close."""
        await self._driver.close()

    def on_commit(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called after each commit of this process, on the event loop's thread; a hint and no more."""
        self._driver.on_commit = tell

    @property
    def name(self) -> str:
        """Which database this is."""
        return self._driver.name

    @property
    def health(self) -> Health:
        """How the writing side fares."""
        return self._driver.health

    def queued(self) -> int:
        """How many orders wait for their commit."""
        return self._driver.queued()

    async def run(self, build: TransactionBuilder[Result]) -> Result:
        """Run a transaction of its own. Raises ComandaError ``intake_full`` like `place`."""
        if self._driver.queued() >= limits.INTAKE_QUEUE:
            raise intake_full()
        return await self._driver.run(build)

    async def read(self, build: TransactionBuilder[Result]) -> Result:
        """Run a reading transaction."""
        return await self._driver.read(build)

    @asynccontextmanager
    async def _turn_for_list(self) -> AsyncIterator[None]:
        """Some readers are never lists'. Raises ComandaError ``storage_unavailable`` after READ_WAIT_S."""
        try:
            async with asyncio.timeout(limits.READ_WAIT_S):
                await self._lists.acquire()
        except TimeoutError:
            log.warning("a list waited %s s for its turn", limits.READ_WAIT_S)
            raise storage_away() from None
        try:
            yield
        finally:
            self._lists.release()

    async def next_order_id(self) -> OrderId:
        """An id no other order of this installation has or will have; ids come in blocks.

        The next block is fetched before this one is used up, and all who find none wait for the same fetch, 8 seconds
        at most. Raises ComandaError ``storage_unavailable`` when there is none by then.
        """
        if len(self._ids) <= limits.ORDER_ID_BLOCK // 2:
            self._start_refill()
        if not self._ids:
            await self._await_ids()
        return OrderId(self._ids.pop())

    def _start_refill(self) -> "asyncio.Task[None]":
        if self._refill is None or self._refill.done():
            self._refill = asyncio.create_task(self._take_ids(), name="order-ids")
            self._refill.add_done_callback(_heard)
        return self._refill

    async def _await_ids(self) -> None:
        try:
            async with asyncio.timeout(limits.COMMIT_WAIT_S):
                while not self._ids:
                    await asyncio.shield(self._start_refill())
        except TimeoutError:
            raise storage_away() from None
        except ComandaError as error:
            # The fate of a block of ids may be unknown; the order's is not: it was not sent.
            raise (storage_away() if error.code == "outcome_unknown" else error) from None

    async def _take_ids(self) -> None:
        first = await self.run(lambda: access.take_order_ids(limits.ORDER_ID_BLOCK))
        self._ids[:0] = range(first + limits.ORDER_ID_BLOCK - 1, first - 1, -1)

    async def next_customer_id(self, brand_id: BrandId) -> int:
        """An id that no other customer of the brand has or will be given."""

        def take() -> Transaction[int]:
            rows = yield one(TAKE_GUEST_ID, p_brand_id=brand_id)
            return int(rows[0][0]) - 1

        return await self.run(take)

    async def place(self, planned: PlannedOrder) -> PlaceOutcome:
        """Store an order with all it causes in the next group commit."""
        if self._driver.queued() >= limits.INTAKE_QUEUE:
            raise intake_full()
        waiting = Waiting(planned, self._loop)
        self._driver.submit(waiting)
        return await await_outcome(waiting, waiting.future)

    async def find_replay(self, brand_id: BrandId, keyed: KeyedRequest, now: Micros) -> Replayed | KeyReused | None:
        """What is kept under a key."""
        return await self.read(lambda: keys.find_replay(brand_id, keyed, now))

    async def find_claimed(
        self, brand_id: BrandId, client_id: str, claims: Iterable[Claim], now: Micros
    ) -> AlreadyStored | None:
        """The order that holds one of the claims."""
        return await self.read(lambda: orders.find_claimed(brand_id, client_id, claims, now))

    async def find_shortages(
        self, brand_id: BrandId, venue_id: int, customer_id: int, demand: Mapping[int, Decimal]
    ) -> Refused:
        """What the transaction would refuse."""
        return await self.read(lambda: orders.find_shortages(brand_id, venue_id, customer_id, demand))

    async def find_order(self, brand_id: BrandId, order_id: int) -> StoredOrder | None:
        """One order of a brand."""
        return await self.read(lambda: orders.find_order(brand_id, order_id))

    async def list_orders(self, brand_id: BrandId, listing: Listing) -> tuple[list[StoredOrder], int]:
        """A page of orders and how many there are in all."""
        async with self._turn_for_list():
            return await self.read(lambda: orders.list_orders(brand_id, listing))

    async def find_customers(self, brand_id: BrandId, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """Customers by id."""
        return await self.read(lambda: orders.find_customers(brand_id, ids))

    async def change_order(self, wish: changes.Wish) -> changes.Done | Replayed | KeyReused:
        """Carry out an action on an order."""
        return await self.run(lambda: changes.change_order(wish, now_micros()))

    async def find_receipt(self, brand_id: BrandId, receipt_id: int) -> receipts.PaidOrder | None:
        """One receipt of a brand with its order's payload."""
        return await self.read(lambda: receipts.find_receipt(brand_id, receipt_id))

    async def find_receipt_heads(self, brand_id: BrandId, order_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """What orders show of their receipts."""
        return await self.read(lambda: receipts.find_receipt_heads(brand_id, order_ids))

    async def list_receipts(self, brand_id: BrandId, listing: Listing) -> tuple[list[receipts.PaidOrder], int]:
        """A page of receipts and how many there are in all."""
        async with self._turn_for_list():
            return await self.read(lambda: receipts.list_receipts(brand_id, listing))

    async def read_board(self, brand_id: BrandId, venue_id: int) -> boards.Board:
        """Everything of a venue that is not done with."""
        return await self.read(lambda: boards.read_board(brand_id, venue_id))

    async def read_station(self, brand_id: BrandId, venue_id: int, station_id: int) -> tuple[int, list[Ticket]]:
        """A station's open tickets, and the number they stand at."""
        return await self.read(lambda: boards.read_station(brand_id, venue_id, station_id))

    async def read_jobs(self, brand_id: BrandId, venue_id: int, status: str) -> list[boards.PrintJob]:
        """A venue's papers in one state."""
        return await self.read(lambda: boards.read_jobs(brand_id, venue_id, status))

    async def read_times(self, brand_id: BrandId, venue_id: int, since: Micros) -> list[dict[str, int | None]]:
        """The instants of the delivery chain of a venue's orders."""
        return await self.read(lambda: boards.read_times(brand_id, venue_id, since))

    async def find_dossier(self, brand_id: BrandId, order_id: int) -> Dossier | None:
        """An order with its receipt and tickets."""
        return await self.read(lambda: changes.find_dossier(brand_id, order_id))

    async def read_events(
        self, brand_id: str, venue_id: int, after: int, limit: int, types: Sequence[str] = ()
    ) -> EventPage:
        """The next events of a venue after a number."""
        return await self.read(lambda: events.read_events(brand_id, venue_id, after, limit, types))

    async def new_events(self, brand_id: str, after: Mapping[int, int], limit: int) -> Mapping[int, EventPage]:
        """The events of venues after a number each, on one view of the store."""
        return await self.read(lambda: events.read_new_events(brand_id, after, limit))

    async def log_ends(self, brand_id: str, venue_ids: Sequence[int]) -> Mapping[int, LogEnds]:
        """The last number and the low-water mark of each venue's log."""
        return await self.read(lambda: events.read_counters(brand_id, venue_ids))

    async def purge_events(self, brand_id: str, venue_id: int, before: Micros, limit: int) -> int:
        """Delete a venue's oldest events, as far as they are older than ``before``; how many are gone."""
        return await self.run(lambda: events.purge_events(brand_id, venue_id, before, limit))

    async def changes(self) -> int:
        """The counter that every change to what processes remember raises."""
        return await self.read(access.read_changes)

    async def directory(self) -> Directory:
        """Everybody who is known."""
        return await self.read(access.read_directory)

    async def changed_resources(self, brand_id: BrandId, since: int) -> list[Resource]:
        """Every resource changed after a version of a brand's catalogue; orders go on while many are decoded."""
        rows = await self.read(lambda: catalogue.changed_rows(brand_id, since))
        found: list[Resource] = []
        for begin in range(0, len(rows), limits.DECODED_AT_ONCE):
            found += catalogue.resources_of(rows[begin : begin + limits.DECODED_AT_ONCE])
            await asyncio.sleep(0)
        return found

    async def apply_edit(self, brand_id: str, edit: catalogue.Edit) -> Changes:
        """Write a checked document whole. Raises CatalogueMoved, VersionDiffers, SetupError."""
        return await self.run(lambda: catalogue.apply_edit(brand_id, edit, now_micros()))

    async def whole_catalogue(self, brand_id: str) -> Document:
        """Everything of a brand as one document."""
        return await self.read(lambda: catalogue.whole_catalogue(brand_id))


def _heard(task: "asyncio.Task[None]") -> None:
    """Nobody may have waited; reading the exception keeps asyncio from reporting it as lost."""
    if not task.cancelled():
        task.exception()
