"""What is kept for a while only, and cleared away afterwards, in small steps between the orders.

Keys, sessions, printed papers, old events and entries of the audit log; what imports that died left behind; what old
orders say of persons; and from the screens, orders that nobody has touched for days.
"""

from collections.abc import Coroutine
from typing import Any

import structlog

from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import ComandaError
from comanda.duties.erasing import redact_old
from comanda.orders.deliver import leave_screens
from comanda.orders.dossier import Change, Dossier, House
from comanda.settings import Settings
from comanda.store.bulk_import import find_unsettled, settle_staged
from comanda.store.changes import Wish
from comanda.store.lapsed import find_lapsed, find_left_behind, remove_lapsed
from comanda.store.orders import order_not_found
from comanda.store.retention import venues_with_orders
from comanda.store.store import Store

log = structlog.get_logger("comanda.housekeeping")
_DAY = 86_400_000_000


async def clear_brand(store: Store, house: House, settings: Settings) -> None:
    """Clear what of a brand has lapsed; what cannot be cleared now is left for the next time, and hinders nothing."""
    now = now_micros()
    brand_id = house.brand.id
    before = {
        "keys": now,
        "sessions": now,
        "pairings": now,
        "guesses": Micros(now - limits.KEEP_GUESSES_S * 1_000_000),
        "claims": Micros(now - limits.MAX_DUPLICATE_WINDOW_S * 1_000_000),
        "papers": Micros(now - limits.KEEP_PAPERS_DAYS * _DAY),
    }
    if settings.keep_audit_days:
        before["audit"] = Micros(now - settings.keep_audit_days * _DAY)
    for kind, instant in before.items():
        await _attempt(kind, brand_id, _clear(store, kind, brand_id, instant))
    await _attempt("imports", brand_id, _settle_imports(store, brand_id, Micros(now - _DAY)))
    for venue_id in (0, *house.snapshot.venues):
        if settings.keep_events_days:
            await _attempt("events", brand_id, _clear_log(store, house, venue_id, settings))
        if settings.keep_open_days:
            await _attempt("screens", brand_id, _clear_screens(store, house, venue_id, settings))
    if settings.keep_personal_days:
        await _attempt("persons", brand_id, _forget_persons(store, brand_id, settings))


async def _attempt(what: str, brand_id: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except ComandaError as error:
        log.warning("housekeeping.postponed", brand=brand_id, what=what, reason=str(error))


async def _clear(store: Store, kind: str, brand_id: str, before: Micros) -> None:
    while rows := await store.read(lambda: find_lapsed(kind, brand_id, before)):
        await store.run(lambda rows=rows: remove_lapsed(kind, brand_id, before, rows))


async def _settle_imports(store: Store, brand_id: str, before: Micros) -> None:
    """Complete the audit log of imports that died once they were moved; clear away what lies beside the catalogue."""
    for batch in await store.read(lambda: find_unsettled(brand_id, before)):
        while await store.run(lambda batch=batch: settle_staged(brand_id, batch)):
            pass


async def _clear_log(store: Store, house: House, venue_id: int, settings: Settings) -> None:
    before = Micros(now_micros() - settings.keep_events_days * _DAY)
    while await store.purge_events(house.brand.id, venue_id, before, limits.PURGE_STEP) == limits.PURGE_STEP:
        pass


async def _clear_screens(store: Store, house: House, venue_id: int, settings: Settings) -> None:
    before = Micros(now_micros() - settings.keep_open_days * _DAY)
    brand_id = house.brand.id

    def decide(dossier: Dossier, at: Micros) -> Change:
        return leave_screens(dossier, house, at, before)

    done: list[int] = []
    while (found := await store.read(lambda: find_left_behind(brand_id, venue_id, before))) and found != done:
        for order_id in found:
            wish = Wish(brand_id, order_id, lambda _: True, decide, lambda _dossier, _changed: b"", order_not_found)
            await store.change_order(wish)
        done = found


async def _forget_persons(store: Store, brand_id: str, settings: Settings) -> None:
    before = Micros(now_micros() - settings.keep_personal_days * _DAY)
    for venue_id in await store.read(lambda: venues_with_orders(brand_id)):
        redacted = await redact_old(store, brand_id, venue_id, before)
        if redacted.orders:
            log.info("housekeeping.redacted", brand=brand_id, venue=venue_id, **redacted._asdict())
