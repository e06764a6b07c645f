"""Taking personal data out of what is stored, in small steps between the orders: of a person, or of old orders.

Each step is a transaction of its own. Whoever stops between two steps has done no harm: the next run finishes, and a
run after that finds nothing to do.
"""

from collections.abc import AsyncGenerator, Sequence

from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import SetupError
from comanda.store.erasure import (
    Person,
    PersonsOrder,
    Redacted,
    erase_customer,
    forget_phones,
    kept_answers,
    orders_of_customer,
    orders_of_guest,
    redact_answers,
    redact_orders,
)
from comanda.store.retention import PERSONAL, old_orders, raise_mark, read_mark
from comanda.store.store import Store

_DAY = 86_400_000_000


async def erase_person(
    store: Store, brand_id: str, person: Person, *, also_open: bool
) -> AsyncGenerator[Redacted, None]:
    """Erase a person; yields what each step changed, and works only as far as it is asked to go on.

    Raises SetupError, before anything is changed, while an order of the person is open, unless ``also_open``.
    """
    found = await orders_of(store, brand_id, person)
    if not also_open:
        _refuse_open(found)
    total, ids = Redacted(), [order.id for order in found]
    if person.digits:
        # Orders that are found by their payload are not found again once that is redacted: what is kept of them goes
        # before it too.
        async for step in _redact_answers(store, brand_id, frozenset(ids), 0):
            total = total.plus(step)
            yield step
    async for step in _redact(store, brand_id, ids, person.customer_id):
        total = total.plus(step)
        yield step
    yield await store.run(lambda: erase_customer(brand_id, person, total, now_micros()))
    # From here on nobody can order as this customer any more; what came in until now is looked at once more.
    late = set(await _orders_of_customer(store, brand_id, person.customer_id)) - set(found)
    async for step in _redact(store, brand_id, [order.id for order in late if also_open or not order.open], 0):
        yield step


async def orders_of(store: Store, brand_id: str, person: Person) -> list[PersonsOrder]:
    """Every order of a person: the customer's, and those of guests under the same phones."""
    found = await _orders_of_customer(store, brand_id, person.customer_id)
    after: int | None = 0
    while (person.phones or person.digits) and after is not None:
        start = after
        page, after = await store.read(lambda start=start: orders_of_guest(brand_id, person, start))
        found += page
    return found


async def redact_old(store: Store, brand_id: str, venue_id: int, before: Micros) -> Redacted:
    """Redact a venue's orders made before an instant, from where the last run ended; customers are left alone.

    Open ones are spared for some days more, and looked at again until then.
    """
    mark = await store.read(lambda: read_mark(brand_id, venue_id, PERSONAL))
    spared, total = int(before), Redacted()
    place, full = (mark, limits.MAX_ID), True
    while full:
        start = place
        page = await store.read(lambda start=start: old_orders(brand_id, venue_id, start, before))
        full = len(page) == limits.ORDER_SCAN
        kept = {order for order in page if order.open and order.created_at >= before - limits.SPARE_OPEN_DAYS * _DAY}
        spared = min([spared, *(order.created_at for order in kept)])
        async for step in _redact(store, brand_id, [order.id for order in page if order not in kept], 0):
            total = total.plus(step)
        place = (page[-1].created_at, page[-1].id) if page else place
        done = min(spared, page[-1].created_at if full else spared) - 1
        await store.run(lambda done=done: raise_mark(brand_id, venue_id, PERSONAL, done))
    return total


def _refuse_open(found: Sequence[PersonsOrder]) -> None:
    numbers = [str(order.id) for order in found if order.open]
    if numbers:
        raise SetupError(
            f"{len(numbers)} of the person's orders still open: {', '.join(numbers[:10])}; a driver may need the "
            "address. Deliver or ignore them first, or say --also-open"
        )


async def _orders_of_customer(store: Store, brand_id: str, customer_id: int) -> list[PersonsOrder]:
    found: list[PersonsOrder] = []
    page = found
    while customer_id and (page or not found):
        after = found[-1].id if found else 0
        page = await store.read(lambda after=after: orders_of_customer(brand_id, customer_id, after))
        if not page:
            break
        found += page
    return found


async def _redact(store: Store, brand_id: str, ids: Sequence[int], customer_id: int) -> AsyncGenerator[Redacted, None]:
    """Redact orders, then the answers kept about them and about the customer, then the phones they are found by."""
    for begin in range(0, len(ids), limits.REDACT_STEP):
        part = ids[begin : begin + limits.REDACT_STEP]
        yield await store.run(lambda part=part: redact_orders(brand_id, part))
    if ids or customer_id:
        async for step in _redact_answers(store, brand_id, frozenset(ids), customer_id):
            yield step
    for begin in range(0, len(ids), limits.PURGE_STEP):
        part = ids[begin : begin + limits.PURGE_STEP]
        await store.run(lambda part=part: forget_phones(brand_id, part))


async def _redact_answers(
    store: Store, brand_id: str, ids: frozenset[int], customer_id: int
) -> AsyncGenerator[Redacted, None]:
    """Look through the keys of 72 hours; those of these orders, and of no order, may show the person."""
    place = ("", "")
    while page := await store.read(lambda place=place: kept_answers(brand_id, place)):
        place = page[-1][:2]
        names = [(actor, key) for actor, key, order_id in page if order_id in ids or (customer_id and not order_id)]
        if names:
            yield await store.run(lambda names=names: redact_answers(brand_id, names, customer_id))
