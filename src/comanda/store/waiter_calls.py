"""A table that calls: an event at its venue and nothing else."""

from comanda.base.clock import Micros
from comanda.orders.model import KeyedRequest, KeyReused, Replayed
from comanda.store.event_log import NewEvent, append_events
from comanda.store.keys import under_key
from comanda.store.transaction import Transaction


def tell_call(
    brand_id: str, venue_id: int, data: str, actor: str, answer: bytes, keyed: KeyedRequest | None, now: Micros
) -> Transaction[bytes | Replayed | KeyReused]:
    """Append ``waiter.called`` with ``data`` to the venue's log, once under a key that keeps ``answer``."""

    def tell() -> Transaction[bytes]:
        event = NewEvent(None, None, "waiter.called", actor, data, now)
        yield from append_events({(brand_id, venue_id): [event]})
        return answer

    return (yield from under_key(brand_id, keyed, tell, now))
