"""A table's call for the waiter, or for the bill (contract 9.20): told to the screens of its venue as an event."""

from typing import Annotated, Literal

import structlog
from msgspec import Meta, Struct

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.json import to_json
from comanda.catalogue.model import DiningTable
from comanda.http.acting import kept_answer, key_headers, keyed_request, refused_body
from comanda.http.body import read_body
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.open_api.scope import sees
from comanda.orders.view import envelope
from comanda.store.waiter_calls import tell_call

log = structlog.get_logger("comanda.waiter_calls")
EntityId = Annotated[int, Meta(ge=1, le=limits.MAX_ID)]


class WaiterCall(Struct, frozen=True):
    """Who calls and what for. ``payment_method`` goes with PAY, and is the venue's method for cash or for cards."""

    table_id: EntityId
    type: Literal["WAITER", "PAY"]
    payment_method: EntityId | None = None


async def call_waiter(call: Call, hub: Hub) -> Reply:
    """Tell a table's call to its venue; a repeat under the same key gets the first answer and tells nothing."""
    caller, now = call.caller, now_micros()
    try:
        body = read_body(call, WaiterCall, unknown=True)
        table = _table(body, call, hub)
    except ComandaError as refusal:
        return await refused_body(call, hub, refusal)
    data = {
        "venue_id": table.venue_id,
        "table_id": table.id,
        "table": table.name,
        "type": body.type,
        "payment_method": body.payment_method,
    }
    told, answer = to_json(data).decode(), to_json(envelope(data, started=call.started, now=now))
    keyed = keyed_request(call, caller.actor, call.headers.get("x-venue"))
    outcome = await hub.store.run(
        lambda: tell_call(caller.brand.id, table.venue_id, told, caller.actor, answer, keyed, now)
    )
    if not isinstance(outcome, bytes):
        return kept_answer(outcome)
    log.info(
        "waiter.called",
        request_id=call.request_id,
        brand=caller.brand.id,
        client=caller.client.id,
        venue_id=table.venue_id,
        table_id=table.id,
    )
    return Reply(200, outcome, key_headers(keyed, now))


def _table(body: WaiterCall, call: Call, hub: Hub) -> DiningTable:
    """The table that calls. Raises ComandaError ``validation_failed`` with every problem of the call."""
    snapshot = hub.known.snapshot(call.caller.brand.id)
    table, may_see = snapshot.tables.get(body.table_id), sees(call, hub)
    problems = []
    if table is None or not table.active or not may_see(table.venue_id):
        message = f"No table {body.table_id} that takes calls"
        problems.append(Problem("table_id", "unknown_table", message, body.table_id))
        table = None
    if body.type == "PAY" and body.payment_method is None:
        problems.append(Problem("payment_method", "required", "payment_method is required to pay"))
    if body.type == "WAITER" and body.payment_method is not None:
        message = "payment_method must not be there to call the waiter"
        problems.append(Problem("payment_method", "not_allowed", message, body.payment_method))
    if table is not None and body.type == "PAY" and body.payment_method is not None:
        venue = snapshot.venues[table.venue_id]
        if body.payment_method not in (venue.cash_method_id, venue.card_method_id):
            message = "payment_method must be the venue's method for cash or for cards"
            problems.append(Problem("payment_method", "unknown_payment_method", message, body.payment_method))
    if problems or table is None:
        raise invalid(problems)
    return table
