"""``/hub/v1/customers`` for those who take orders: who calls, what they had before."""

from typing import Any

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import major_json, number_json, to_json
from comanda.catalogue.customer_names import digits_of
from comanda.catalogue.snapshot import Snapshot
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.house_venues import asked_venue, seen_venues
from comanda.http.hub_api.orders_of_house import summaries_reply
from comanda.http.open_api import query as queries
from comanda.orders.view import envelope
from comanda.store.customer_reads import KnownGuest, find_customer, find_guests
from comanda.store.order_summaries import read_customers_orders


async def list_guests(call: Call, hub: Hub) -> Reply:
    """The brand's customers with a phone, or with a part of a name or number; the whole number's owner first."""
    query = queries.parse_query(call.query)
    phone, text = query.plain.get("phone", "").strip(), query.plain.get("search", "").strip()
    name = "phone" if phone else "search"
    if bool(phone) == bool(text):
        queries.refuse_parameter("phone", "or search is required, and only one of them", None)
    if len(phone or text) > limits.MAX_SEARCH:
        queries.refuse_parameter(name, f"must be at most {limits.MAX_SEARCH} characters", phone or text)
    if phone and not digits_of(phone):
        queries.refuse_parameter("phone", "must be a telephone number or a part of one", phone)
    limit = queries.bounded_number(query, "limit", limits.DEFAULT_GUESTS, 1, limits.MAX_ORDER_PAGE_SIZE)
    brand = call.acting.brand
    found = await hub.store.read(lambda: find_guests(brand.id, brand.region, phone or text, limit, by_name=bool(text)))
    snapshot = hub.known.snapshot(brand.id)
    data = [_guest_json(guest, snapshot, brand.decimals) for guest in found]
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))


async def list_guests_orders(call: Call, hub: Hub) -> Reply:
    """A customer's last orders, at the venues that the caller may see."""
    query = queries.parse_query(call.query)
    venues = frozenset({asked_venue(call, hub)}) if "venue" in query.plain else seen_venues(call)
    limit = queries.bounded_number(query, "limit", limits.DEFAULT_PAST_ORDERS, 1, limits.MAX_ORDER_PAGE_SIZE)
    brand_id, customer_id = call.acting.brand.id, paths.number(call, 3, _no_customer)
    if await hub.store.read(lambda: find_customer(brand_id, customer_id)) is None:
        raise _no_customer()
    found = await hub.store.read(lambda: read_customers_orders(brand_id, customer_id, venues, limit))
    return summaries_reply(call, hub, found)


def _guest_json(guest: KnownGuest, snapshot: Snapshot, decimals: int) -> dict[str, Any]:
    customer = guest.known.customer
    group = snapshot.customer_groups.get(customer.group_id or 0)
    return {
        "id": customer.id,
        "name": customer.name,
        "phone": customer.phone,
        "address": customer.address,
        "email": customer.email,
        "group": None
        if group is None
        else {
            "id": group.id,
            "name": group.name,
            "discount_type": group.discount_type,
            "discount_value": number_json(group.discount_value),
        },
        "orders": guest.orders,
        "spent": major_json(guest.known.spending.total_minor, decimals),
        "note": customer.description,
    }


def _no_customer() -> ComandaError:
    return ComandaError("resource_not_found", "Customer not found")
