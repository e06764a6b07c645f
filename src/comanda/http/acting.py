"""Actions on an order, for every kind of caller: under their key, in one transaction, with one answer."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from comanda.access.model import AnyCaller, DeviceCaller, StaffCaller
from comanda.base import limits
from comanda.base.canonical import content_sha256
from comanda.base.clock import Micros, iso_micros, now_micros
from comanda.base.errors import ComandaError, Problem
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.orders.dossier import By, Dossier, House
from comanda.orders.lifecycle import Actor
from comanda.orders.model import KeyedRequest, KeyReused, Replayed
from comanda.orders.place import key_reused
from comanda.store.changes import Decide, Done, Wish

log = structlog.get_logger("comanda.orders")
_NUMBER = re.compile(r"[0-9]{1,15}")
_KEY = re.compile(rf"[\x21-\x7e]{{1,{limits.MAX_IDEMPOTENCY_KEY}}}")


@dataclass(frozen=True, slots=True)
class Action:
    """What a caller wants done to an order; see `comanda.store.changes.Wish`."""

    order_id: int
    decide: Decide
    render: Callable[[Dossier, bool], bytes]
    missing: Callable[[], ComandaError]
    sees: Callable[[int], bool]


async def act(call: Call, hub: Hub, action: Action) -> Reply:
    """Carry out an action and answer it; a repeat under the same key gets the first answer."""
    caller = call.acting
    keyed = keyed_request(call, caller.actor, call.headers.get("x-venue"))
    wish = Wish(
        brand_id=caller.brand.id,
        order_id=action.order_id,
        sees=action.sees,
        decide=action.decide,
        render=action.render,
        missing=action.missing,
        keyed=keyed,
        unchanged_since=_unchanged_since(call),
    )
    outcome = await hub.store.change_order(wish)
    if not isinstance(outcome, Done):
        return kept_answer(outcome)
    if outcome.dossier is not outcome.before:
        hub.metrics.chain(outcome.before.order, outcome.dossier.order)
        log.info(
            "order.changed",
            request_id=call.request_id,
            brand=caller.brand.id,
            order_id=action.order_id,
            actor=caller.actor,
            status=outcome.dossier.order.status.value,
        )
    expires_at = outcome.key_expires_at
    return Reply(200, outcome.body, {} if expires_at is None else {"Idempotency-Expires": iso_micros(expires_at)})


def kept_answer(outcome: Replayed | KeyReused) -> Reply:
    """The first answer again. Raises ComandaError ``idempotency_key_reused`` for another request's key."""
    if isinstance(outcome, KeyReused):
        raise key_reused()
    headers = {"Idempotent-Replayed": "true", "Idempotency-Expires": iso_micros(outcome.expires_at)}
    return Reply(outcome.status, outcome.body.encode(), headers)


def key_headers(keyed: KeyedRequest | None, now: Micros) -> dict[str, str]:
    """Until when a first answer is kept under its key (contract 14.2); nothing for a request without one."""
    expires_at = Micros(now + limits.IDEMPOTENCY_WINDOW_S * 1_000_000)
    return {} if keyed is None else {"Idempotency-Expires": iso_micros(expires_at)}


def house_of(call: Call, hub: Hub) -> House:
    """The caller's brand and its catalogue as this process knows them."""
    brand = call.acting.brand
    return House(brand, hub.known.snapshot(brand.id))


def actor_of(caller: AnyCaller) -> By:
    """In which capacity a caller acts (contract 14.4, 14.10)."""
    if isinstance(caller, DeviceCaller):
        terminal_id = caller.device.id if caller.device.kind == "terminal" else None
        return By(Actor.TERMINAL, caller.actor, terminal_id)
    if isinstance(caller, StaffCaller):
        actor = Actor.MANAGER if caller.role == "manager" else Actor.STAFF
        return By(actor, caller.actor, caller.terminal_id, unconfirmed=not caller.strong)
    return By(Actor.INTEGRATOR, caller.actor)


def keyed_request(call: Call, actor: str, venue: str | None) -> KeyedRequest | None:
    """The request's ``Idempotency-Key`` with the digest of what must be equal for a repeat (contract 14.2).

    Raises ComandaError ``invalid_header`` for a key that is no 1 to 255 visible characters.
    """
    key = call.headers.get("idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        message = f"Idempotency-Key must be 1 to {limits.MAX_IDEMPOTENCY_KEY} visible characters"
        raise ComandaError(
            "invalid_header", message, details=(Problem("Idempotency-Key", "invalid_header", message, None),)
        )
    parts = (call.method, call.path, venue or "", content_sha256(call.body))
    return KeyedRequest(actor, key, hashlib.sha256("\n".join(parts).encode()).hexdigest())


def _unchanged_since(call: Call) -> int | None:
    """The event that ``If-Unchanged-Since-Event`` names. Raises ComandaError ``invalid_header``."""
    text = call.headers.get("if-unchanged-since-event")
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        message = "If-Unchanged-Since-Event must be the number of an event"
        raise ComandaError(
            "invalid_header", message, details=(Problem("If-Unchanged-Since-Event", "invalid_header", message, None),)
        )
    return int(text)


async def refused_body(call: Call, hub: Hub, refusal: ComandaError) -> Reply:
    """Answer a body that is refused: a key that is in use is looked at first (contract 14.2).

    What was good when the key was first used is answered as then, also where it would be refused now. Raises
    ``refusal``, or ComandaError ``idempotency_key_reused``.
    """
    caller = call.acting
    keyed = keyed_request(call, caller.actor, call.headers.get("x-venue"))
    known = keyed and await hub.store.find_replay(caller.brand.id, keyed, now_micros())
    if not known:
        raise refusal
    return kept_answer(known)
