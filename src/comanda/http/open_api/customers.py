"""Customers and their groups on the v2 wire (contract 9.18): list, read, create.

They are the brand's: a client's venues limit its orders and receipts, and not whom it knows.
"""

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import structlog
from msgspec import Meta, Struct

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.json import to_json
from comanda.base.reading import Reading, echo, read_struct
from comanda.catalogue.customer_names import digits_of
from comanda.catalogue.customer_view import RELATIONS, KnownCustomer, customer_object
from comanda.catalogue.model import Customer
from comanda.http.acting import kept_answer, key_headers, keyed_request, refused_body
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.open_api import query as queries
from comanda.http.open_api.lists import ListRules, as_text, list_reply, number_filters, read_listing, read_relations
from comanda.http.open_api.scope import check_header_venue
from comanda.orders.decode import parse_json
from comanda.orders.view import envelope
from comanda.store.customer_creation import CustomerWish, create_customer
from comanda.store.customer_reads import find_customer, list_customers

log = structlog.get_logger("comanda.customers")
Line = Annotated[str, Meta(max_length=limits.MAX_TEXT)]
_CID: Final = "^([0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})?$"
_DAY: Final = "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"


class CustomerRequest(Struct, frozen=True):
    """A new customer; ``phone``, ``code`` and ``cid`` are no other's. Null and, for texts, empty mean omitted."""

    name: Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT)]
    email: Line | None = None
    phone: Line | None = None
    code: Line | None = None
    cid: Annotated[str, Meta(pattern=_CID, description="A UUID; one is made where there is none")] | None = None
    description: Annotated[str, Meta(max_length=limits.MAX_NOTE)] | None = None
    group_id: Annotated[int, Meta(ge=0, le=limits.MAX_ID, description="0 is none")] | None = None
    gender: Annotated[Literal[1, 2], Meta(description="1 male, 2 female")] | None = None
    date_of_birth: Annotated[str, Meta(pattern=_DAY, description="YYYY-MM-DD")] | None = None


def _number_part(name: str, text: str) -> str:
    if not digits_of(text):
        queries.refuse_parameter(name, "must be a telephone number or a part of one", text)
    return text


RULES: Final = ListRules(
    sorts=("id", "cid", "group_id", "name", "email", "address", "created_at", "updated_at"),
    filters={"name": as_text, "phones": _number_part, **number_filters("group_id")},
    several=frozenset({"name", "phones"}),
    relations=RELATIONS,
)
"""What lists of customers take (contract 3, 9.18)."""


async def list_all(call: Call, hub: Hub) -> Reply:
    """A page of the brand's customers."""
    check_header_venue(call, hub)
    brand = call.caller.brand
    listing = read_listing(call, hub, RULES, None)
    found, total = await hub.store.read(lambda: list_customers(brand.id, brand.region, listing))
    data = [_shown(call, hub, known, listing.relations) for known in found]
    return list_reply(call, listing, RULES, found, data, total)


async def get_one(call: Call, hub: Hub) -> Reply:
    """One customer by its id."""
    check_header_venue(call, hub)
    wanted = read_relations(call, RULES)
    brand_id, customer_id = call.caller.brand.id, paths.number(call, 3, _not_found)
    known = await hub.store.read(lambda: find_customer(brand_id, customer_id))
    if known is None:
        raise _not_found()
    return Reply(200, _body(call, hub, known, wanted))


async def create(call: Call, hub: Hub) -> Reply:
    """Store a customer; a repeat under the same key gets the first answer."""
    caller, now, made = call.caller, now_micros(), list[int]()
    try:
        customer = _read_customer(call, hub)
    except ComandaError as refusal:
        return await refused_body(call, hub, refusal)

    def render(stored: Customer) -> bytes:
        made.append(stored.id)
        return _body(call, hub, KnownCustomer(stored), {})

    keyed = keyed_request(call, caller.actor, call.headers.get("x-venue"))
    wish = CustomerWish(caller.brand.id, caller.brand.region, customer, render, keyed)
    outcome = await hub.store.run(lambda: create_customer(wish, now))
    if not isinstance(outcome, bytes):
        return kept_answer(outcome)
    log.info(
        "customer.created",
        request_id=call.request_id,
        brand=caller.brand.id,
        client=caller.client.id,
        customer_id=made[-1],
    )
    return Reply(200, outcome, key_headers(keyed, now))


def _read_customer(call: Call, hub: Hub) -> Customer:
    """The customer that a body describes, without id and times. Raises ComandaError with every problem."""
    check_header_venue(call, hub)
    reading = Reading()
    body = read_struct(CustomerRequest, parse_json(call.body) if call.body.strip() else {}, "", reading)
    refused = {problem.field for problem in reading.problems}
    more = [] if "" in refused else _more_problems(body, call, hub)
    problems = [*reading.problems, *(problem for problem in more if problem.field not in refused)]
    if problems:
        raise _invalid(problems)
    return Customer(
        id=0,
        name=body.name,
        email=_given(body.email),
        phone=_given(body.phone),
        code=_given(body.code),
        cid=body.cid.lower() if body.cid else None,
        description=_given(body.description),
        group_id=body.group_id or None,
        gender=body.gender,
        date_of_birth=_given(body.date_of_birth),
    )


def _more_problems(body: CustomerRequest, call: Call, hub: Hub) -> list[Problem]:
    """What the types cannot say of a body."""
    problems = []
    if not body.name.strip():
        problems.append(Problem("name", "required", "name must not be empty", echo(body.name)))
    if body.group_id and body.group_id not in hub.known.snapshot(call.caller.brand.id).customer_groups:
        message = f"No customer group {body.group_id} in this brand"
        problems.append(Problem("group_id", "unknown_customer_group", message, body.group_id))
    if body.date_of_birth and not _is_day(body.date_of_birth):
        message = "date_of_birth must be a day such as 1990-01-19"
        problems.append(Problem("date_of_birth", "invalid_time", message, echo(body.date_of_birth)))
    if body.cid and not _is_uuid(body.cid):
        problems.append(Problem("cid", "invalid_text", "cid must be a UUID", echo(body.cid)))
    return problems


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _invalid(problems: list[Problem]) -> ComandaError:
    """The 400 of a customer; a missing name has the documented sentence (contract 7, 14.6)."""
    if any((problem.field, problem.code) == ("name", "required") for problem in problems):
        return ComandaError("validation_failed", "The name field is required.", details=tuple(problems))
    return invalid(problems)


def _given(text: str | None) -> str | None:
    """A text that says something; blank ones mean omitted."""
    return text if text and text.strip() else None


def _body(call: Call, hub: Hub, known: KnownCustomer, wanted: dict[str, tuple[str, ...]]) -> bytes:
    return to_json(envelope(_shown(call, hub, known, wanted), started=call.started, now=now_micros()))


def _shown(call: Call, hub: Hub, known: KnownCustomer, wanted: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    brand = call.caller.brand
    snapshot = hub.known.snapshot(brand.id)
    return customer_object(
        known,
        decimals=brand.decimals,
        main_venue_id=snapshot.main_venue_id(),
        groups=snapshot.customer_groups,
        relations=wanted,
    )


def _not_found() -> ComandaError:
    return ComandaError("resource_not_found", "Customer not found")
