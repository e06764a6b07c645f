"""A venue's stop list for those who work there: what is left of what, and how much there is from now on."""

from decimal import Decimal

from msgspec import Struct

from comanda.base.clock import iso_micros, now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.base.numbers import Stock
from comanda.catalogue.document import Document
from comanda.catalogue.model import StopListEntry
from comanda.http.body import read_body
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.edits import apply_document, expected_version
from comanda.orders.view import envelope
from comanda.store.catalogue import apply_edit
from comanda.store.order_statements import MILLI
from comanda.store.stop_list import read_stop_list


class StopListQuantity(Struct, frozen=True):
    """How much is left, 0 for none; null takes the limit away."""

    quantity: Stock | None


async def list_stop_list(call: Call, hub: Hub) -> Reply:
    """The products of a venue that are limited, by id."""
    venue_id = _venue(call, hub)
    rows = await hub.store.read(lambda: read_stop_list(call.acting.brand.id, venue_id))
    data = [
        {
            "product_id": row.product_id,
            "quantity": Decimal(row.quantity_milli) / MILLI,
            "version": row.version,
            "updated_at": iso_micros(row.updated_at),
        }
        for row in rows
    ]
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros(), total=len(data))))


async def set_stop_list(call: Call, hub: Hub) -> Reply:
    """Set how much of a product a venue has left; with ``If-Match`` only of the version that was seen."""
    venue_id = _venue(call, hub)
    product_id = paths.number(call, 5, _no_product)
    if product_id not in hub.known.snapshot(call.acting.brand.id).products:
        raise _no_product()
    quantity = read_body(call, StopListQuantity).quantity
    wanted = expected_version(call) if "if-match" in call.headers else None
    expected = {} if wanted is None else {(f"stop_list/{venue_id}", product_id): wanted}
    entry = StopListEntry(venue_id=venue_id, product_id=product_id, quantity=quantity)
    brand_id = call.acting.brand.id
    document = Document(stop_list=(entry,))
    await apply_document(call, hub, lambda _: document, expected, lambda edit: apply_edit(brand_id, edit, now_micros()))
    data = {"venue_id": venue_id, "product_id": product_id, "quantity": quantity}
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))


def _venue(call: Call, hub: Hub) -> int:
    venue_id = paths.number(call, 3, _no_venue)
    if venue_id not in hub.known.snapshot(call.acting.brand.id).venues or not call.acting.may_see(venue_id):
        raise _no_venue()
    return venue_id


def _no_venue() -> ComandaError:
    return ComandaError("resource_not_found", "Venue not found")


def _no_product() -> ComandaError:
    return ComandaError("resource_not_found", "Product not found")
