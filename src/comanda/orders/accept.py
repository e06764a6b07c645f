"""Accepting an order: its receipt opens and, when it is sent, its tickets are made, all in one change. Pure."""

import random
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from comanda.base.clock import Micros, business_day
from comanda.kitchen.model import PrintKind, Ticket, TicketLine, TicketModifier, TicketStatus
from comanda.kitchen.route import REVISION, route_lines
from comanda.orders.dossier import By, Change, Dossier, House, Telling
from comanda.orders.lifecycle import Actor, Status, moves
from comanda.orders.model import CheckedLine, Paper, StoredOrder
from comanda.orders.places import modifier_place
from comanda.receipts.model import OPEN, OrderStatus, Receipt, receipt_cid


class Acceptance(Struct, frozen=True):
    """How an order is accepted. ``sends`` None leaves it to the order's flag and the venue's policy."""

    sends: bool | None = None
    minutes: int | None = None


class Cooking(Struct, frozen=True):
    """What the kitchen needs of an order: its lines, its comment, whether it was to be sent once accepted."""

    lines: tuple[TicketLine, ...]
    comment: str | None
    flagged: bool


def accept(
    dossier: Dossier, house: House, by: By, at: Micros, wish: Acceptance, cooking: Cooking | None = None
) -> Change:
    """Move a pending order to RECEIVED, or leave an accepted one as it is.

    ``cooking`` spares reading the order's payload. Raises ComandaError ``validation_failed`` where the lifecycle
    forbids it.
    """
    order = dossier.order
    if order.status is Status.DELIVERED:
        return Change(dossier)
    if not moves(present=order.status, wanted=Status.RECEIVED, actor=by.actor):
        return Change(dossier)
    cooking = cooking or _cooking_of(order)
    venue = house.venue(order.venue_id)
    routed = route_lines(cooking.lines, venue, house.snapshot)
    sends = (cooking.flagged or venue.send_on_accept == "always") if wish.sends is None else wish.sends
    accepted = replace(
        order,
        status=Status.RECEIVED,
        open=True,
        needs_attention=False,
        accepted_by=by.name,
        # Whoever works at one venue's till may accept another's orders; no till of that one has.
        receive_terminal_id=_terminal_at(order.venue_id, by, house),
        received_at=at,
        promised_at=None if wish.minutes is None else Micros(at + wish.minutes * 60_000_000),
        sent_at=at if sends or not routed else None,
        # What no station makes is ready as it is.
        ready_at=None if routed else at,
        updated_at=at,
    )
    receipt = _open_receipt(accepted, house, at)
    telling = Telling(house, by)
    telling.order("order.received", accepted)
    telling.receipt("receipt.opened", receipt)
    tickets = _make_tickets(accepted, receipt.order_number, routed, cooking, telling) if sends else ()
    return Change(Dossier(accepted, receipt, tickets), tuple(telling.events))


def send(order: StoredOrder, receipt: Receipt, house: House, at: Micros, telling: Telling) -> Dossier:
    """An accepted order with the tickets it had not; it is on the screens again if it had been left behind."""
    cooking = _cooking_of(order)
    routed = route_lines(cooking.lines, house.venue(order.venue_id), house.snapshot)
    sent = replace(order, sent_at=at, ready_at=None if routed else at, open=True, updated_at=at)
    telling.order("order.sent_to_station", sent)
    if not order.open:
        # Screens have forgotten it together with the order.
        telling.receipt("receipt.changed", receipt)
    return Dossier(sent, receipt, _make_tickets(sent, receipt.order_number, routed, cooking, telling))


def cooking_of(lines: Sequence[CheckedLine], comment: str | None, *, flagged: bool) -> Cooking:
    """What the kitchen needs of an order that is being placed."""
    wanted = tuple(
        TicketLine(
            line=position,
            product_id=line.product_id,
            name=_name_of(line.name, line.product_id),
            count=line.count,
            portion_size=line.portion_size,
            note=line.note,
            # What nobody knows stands in the note.
            modifiers=tuple(
                _modifier(m.name, m.modifier_id, m.count, m.portion_size) for m in line.modifiers if m.known
            ),
        )
        for position, line in enumerate(lines)
    )
    return Cooking(wanted, comment, flagged)


def paper_for(ticket: Ticket, house: House, kind: PrintKind) -> Paper | None:
    """The paper for a ticket's station; None where the station has a screen only, or no printer at the venue."""
    if not house.snapshot.prints(ticket.station_id):
        return None
    printer = house.snapshot.printer_at.get((ticket.venue_id, ticket.station_id))
    return None if printer is None else Paper(printer.id, ticket, kind)


def automatic(terminal_id: int | None) -> By:
    """The actor of an order that is accepted as it comes in."""
    return By(Actor.AUTOMATIC, "automatic", terminal_id)


def _terminal_at(venue_id: int, by: By, house: House) -> int | None:
    terminal = house.snapshot.terminals.get(by.terminal_id or 0)
    return by.terminal_id if terminal is None or terminal.venue_id == venue_id else None


def _open_receipt(order: StoredOrder, house: House, at: Micros) -> Receipt:
    """The receipt of an accepted order (contract 14.4); without a number until the transaction gives it one."""
    venue = house.venue(order.venue_id)
    return Receipt(
        brand_id=order.brand_id,
        id=order.id,
        venue_id=order.venue_id,
        order_id=order.id,
        cid=receipt_cid(order.id, random.getrandbits(68)),
        customer_id=order.customer_id,
        sale_type_id=order.sale_type_id,
        terminal_id=order.receive_terminal_id,
        status=OPEN,
        order_status=OrderStatus.NEW,
        order_number=order.order_number or "",
        locked=False,
        fiscal_id=None,
        subtotal_minor=order.subtotal_minor,
        discount_minor=order.discount_minor,
        service_minor=order.service_minor,
        delivery_minor=order.delivery_minor,
        total_minor=order.total_minor,
        remaining_minor=order.total_minor,
        payments=(),
        refund_due=False,
        closed_by=None,
        shift_date=business_day(at, venue.timezone, venue.day_start),
        created_at=at,
        updated_at=at,
        closed_at=None,
    )


def _make_tickets(
    order: StoredOrder, number: str, routed: dict[int, tuple[TicketLine, ...]], cooking: Cooking, telling: Telling
) -> tuple[Ticket, ...]:
    house = telling.house
    sale_type = house.snapshot.sale_types.get(order.sale_type_id)
    tickets = tuple(
        Ticket(
            brand_id=order.brand_id,
            order_id=order.id,
            station_id=station_id,
            revision=REVISION,
            venue_id=order.venue_id,
            status=TicketStatus.NEW,
            open=True,
            order_number=number,
            sale_type=sale_type.name if sale_type else "",
            comment=cooking.comment,
            promised_at=order.promised_at,
            lines=lines,
            created_at=order.updated_at,
            updated_at=order.updated_at,
        )
        for station_id, lines in routed.items()
    )
    for ticket in tickets:
        telling.ticket("ticket.created", ticket, paper_for(ticket, house, "ticket"))
    return tickets


class _KeptModifier(Struct):
    modificator_id: int
    name: str
    count: int
    portion_size: Decimal


class _KeptProduct(Struct):
    name: str


class _KeptOrderProduct(Struct):
    product: _KeptProduct


class _KeptLineMeta(Struct):
    order_product: _KeptOrderProduct


class _KeptLine(Struct):
    product_id: int
    count: Decimal
    portion_size: Decimal
    note: str | None
    product_modificators: list[_KeptModifier]
    meta: _KeptLineMeta


class _KeptMeta(Struct):
    comment: str | None


class _KeptWarning(Struct):
    code: str
    field: str


class _KeptPayload(Struct):
    """What the kitchen needs of a stored payload."""

    products: list[_KeptLine]
    meta: _KeptMeta
    auto_order_sent_to_station: bool
    warnings: list[_KeptWarning]


_kept = msgspec.json.Decoder(_KeptPayload)


def _cooking_of(order: StoredOrder) -> Cooking:
    """What the kitchen needs of a stored order."""
    kept = _kept.decode(order.payload)
    noted = {modifier_place(warning.field) for warning in kept.warnings if warning.code == "unknown_modifier"}
    lines = tuple(
        TicketLine(
            line=position,
            product_id=line.product_id,
            name=_name_of(line.meta.order_product.product.name, line.product_id),
            count=line.count,
            portion_size=line.portion_size,
            note=line.note,
            modifiers=tuple(
                _modifier(m.name, m.modificator_id, m.count, m.portion_size)
                for index, m in enumerate(line.product_modificators)
                if (position, index) not in noted
            ),
        )
        for position, line in enumerate(kept.products)
    )
    return Cooking(lines, kept.meta.comment, kept.auto_order_sent_to_station)


def _name_of(name: str, product_id: int) -> str:
    """What cooks read; a caller may have sent no name for what nobody knows."""
    return name or f"Product {product_id}"


def _modifier(name: str, modifier_id: int, count: int, portion_size: Decimal) -> TicketModifier:
    return TicketModifier(name or f"Modifier {modifier_id}", count, portion_size)
