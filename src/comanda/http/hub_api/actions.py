"""What people and devices do to orders and tickets: ``/hub/v1/orders/{id}/…`` and ``/hub/v1/tickets/{id}/…``."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.json import to_json
from comanda.http.acting import Action, act, actor_of, house_of, refused_body
from comanda.http.body import AnyStruct, read_body
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.orders.accept import Acceptance, accept
from comanda.orders.cards import order_card, receipt_card, ticket_card
from comanda.orders.deliver import cook, cook_line, hand_over, reprint, see, send_to_station
from comanda.orders.dossier import By, Change, Dossier, House
from comanda.orders.ignore import LineReason, LineRefusal, Reason, Refusal, ignore
from comanda.orders.map_item import map_item
from comanda.orders.request import EntityId
from comanda.orders.view import envelope, payload_part
from comanda.store.orders import order_not_found


class _Sold(Struct):
    product_id: int


_LINES = msgspec.json.Decoder(list[_Sold])


class AcceptBody(Struct, frozen=True):
    """How to accept; ``minutes`` is the preparation time promised, ``send_to_station`` overrides flag and policy."""

    minutes: Annotated[int, Meta(ge=1, le=limits.MAX_PREPARATION_MINUTES)] | None = None
    send_to_station: bool | None = None


class RefusedLine(Struct, frozen=True):
    """Why one line cannot be made; ``line`` is its position in the order, from 0."""

    line: Annotated[int, Meta(ge=0, le=limits.MAX_LINES)]
    reason: LineReason


class RefuseBody(Struct, frozen=True):
    """Why an order is refused. ``update_stop_list`` sets the lines that are out of stock to 0 at the venue."""

    reason: Reason
    note: Annotated[str, Meta(max_length=limits.MAX_TEXT)] | None = None
    lines: Annotated[tuple[RefusedLine, ...], Meta(max_length=limits.MAX_LINES)] = ()
    update_stop_list: bool = False


class MapBody(Struct, frozen=True):
    """The product of the menu that an unknown item is."""

    product_id: EntityId


class NoBody(Struct, frozen=True):
    """An action that takes nothing."""


async def accept_order(call: Call, hub: Hub) -> Reply:
    """Accept an order; for one that is accepted already the answer says by whom, and nothing changes."""
    body = await _body(call, hub, AcceptBody)
    wish = Acceptance(body.send_to_station, body.minutes)
    return await _on_order(call, hub, lambda dossier, house, by, at: accept(dossier, house, by, at, wish))


async def refuse_order(call: Call, hub: Hub) -> Reply:
    """Refuse an order with a reason, and lines with theirs."""
    body = await _body(call, hub, RefuseBody)
    return await _on_order(
        call, hub, lambda dossier, house, by, at: ignore(dossier, house, by, at, _refusal(body, dossier, house))
    )


async def map_order_item(call: Call, hub: Hub) -> Reply:
    """Make an item that nobody knew one of a product of the menu; the order goes on waiting to be accepted."""
    body = await _body(call, hub, MapBody)
    text = paths.part(call, 5)
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise order_not_found()
    line, product_id = int(text), body.product_id
    return await _on_order(call, hub, lambda dossier, house, by, at: map_item(dossier, house, by, at, line, product_id))


async def send_order(call: Call, hub: Hub) -> Reply:
    """Make the tickets of an accepted order that was not sent."""
    await _body(call, hub, NoBody)
    return await _on_order(call, hub, send_to_station)


async def see_order(call: Call, hub: Hub) -> Reply:
    """Note that a terminal shows the order."""
    await _body(call, hub, NoBody)
    return await _on_order(call, hub, see)


async def hand_order_over(call: Call, hub: Hub) -> Reply:
    """Give the food to the guest or the courier."""
    await _body(call, hub, NoBody)
    return await _on_order(call, hub, hand_over)


async def work_on_ticket(call: Call, hub: Hub) -> Reply:
    """Start, finish, recall, dismiss or reprint a ticket: the last part of the path says which."""
    await _body(call, hub, NoBody)
    ticket_id, action = paths.part(call, 3), paths.part(call, -1)
    if action == "reprint":
        return await _on_ticket(call, hub, lambda dossier, house, by, _: reprint(dossier, house, by, ticket_id))
    return await _on_ticket(call, hub, lambda dossier, house, by, at: cook(dossier, house, by, at, ticket_id, action))


async def finish_line(call: Call, hub: Hub) -> Reply:
    """Finish one line of a ticket."""
    await _body(call, hub, NoBody)
    ticket_id, text = paths.part(call, 3), paths.part(call, 5)
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise ticket_not_found()
    line = int(text)
    return await _on_ticket(
        call, hub, lambda dossier, house, by, at: cook_line(dossier, house, by, at, ticket_id, line)
    )


def dossier_json(dossier: Dossier, house: House) -> dict[str, Any]:
    """An order with all that hangs on it, by reference."""
    receipt = dossier.receipt
    return {
        "order": order_card(dossier.order, house.brand),
        "receipt": None if receipt is None else receipt_card(receipt, house.brand),
        "tickets": [ticket_card(ticket) for ticket in dossier.tickets],
    }


def ticket_parts(ticket_id: str) -> tuple[int, int, int]:
    """Order, station and revision of a ticket's id. Raises ComandaError ``resource_not_found``."""
    found = re.fullmatch(r"([0-9]{1,16})-([0-9]{1,16})-([0-9]{1,4})", ticket_id)
    if not found or max(int(part) for part in found.groups()) > limits.MAX_ID:
        raise ticket_not_found()
    order_id, station_id, revision = (int(part) for part in found.groups())
    return order_id, station_id, revision


Do = Callable[[Dossier, House, By, Micros], Change]


async def _on_order(call: Call, hub: Hub, do: Do) -> Reply:
    return await _act(call, hub, paths.number(call, 3, order_not_found), do, order_not_found)


async def _on_ticket(call: Call, hub: Hub, do: Do) -> Reply:
    order_id, _, _ = ticket_parts(paths.part(call, 3))
    return await _act(call, hub, order_id, do, ticket_not_found)


async def _act(call: Call, hub: Hub, order_id: int, do: Do, missing: Callable[[], ComandaError]) -> Reply:
    house, by = house_of(call, hub), actor_of(call.acting)

    def decide(dossier: Dossier, at: Micros) -> Change:
        return do(dossier, house, by, at)

    def render(dossier: Dossier, changed: bool) -> bytes:
        data = {"changed": changed, **dossier_json(dossier, house)}
        return to_json(envelope(data, started=call.started, now=now_micros()))

    return await act(call, hub, Action(order_id, decide, render, missing, call.acting.may_see))


async def _body(call: Call, hub: Hub, kind: type[AnyStruct]) -> AnyStruct:
    try:
        return read_body(call, kind)
    except ComandaError as refusal:
        await refused_body(call, hub, refusal)
        raise


def _refusal(body: RefuseBody, dossier: Dossier, house: House) -> Refusal:
    """The refusal in terms of the order's products. Raises ComandaError for a line the order does not have."""
    products = [line.product_id for line in _LINES.decode(payload_part(dossier.order, "products"))]
    problems = [
        Problem(f"lines[{index}].line", "unknown_line", f"The order has no line {item.line}", item.line)
        for index, item in enumerate(body.lines)
        if item.line >= len(products)
    ]
    if problems:
        raise invalid(problems)
    lines = tuple(LineRefusal(item.line, products[item.line], item.reason) for item in body.lines)
    gone = {line.product_id for line in lines if line.reason == "out_of_stock"} if body.update_stop_list else set()
    listed = tuple(sorted(gone & house.snapshot.products.keys()))
    return Refusal(body.reason, body.note or None, lines, listed)


def ticket_not_found() -> ComandaError:
    """The 404 of tickets."""
    return ComandaError("resource_not_found", "Ticket not found")
