"""docs/wire.md and Comanda, held against each other: types, examples, queries, refusals, and what servers answer.

Every departure stands in the page's table of deviations: one that is not there fails, and so does one that is gone.
"""

import copy
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from tests.conftest import DEMO_CREDENTIALS, Server
from tests.http import chain, published
from tests.http.documented import DOCUMENT, TERMINAL, manager_headers, problems, response_of
from tests.http.published import BODIES, COMPONENTS, ENUMERATIONS, OBJECTS, SCHEMAS, Example, schema_of

from comanda import demo
from comanda.access.routes import ROUTES, find_route

V2 = "/open-api/v2"
OURS = DOCUMENT["components"]["schemas"]
LEFT_OUT = {"time": 138, "timestamp": "2026-01-19 14:51:33", "unix": 1768820869}
FORBIDDEN = {"pin", "card", "salary", "hide", "password", "secret", "token", "password_hash", "secret_hash"}
HOLDING_CREDENTIALS = {
    "Token", "Credentials", "PersonCredentials", "KeptUser", "PinCredentials", "PinWish", "Confirmation", "DemoPersonCard",
}  # fmt: skip
"""Types that are for them: signing in; and a user's first password, in the answer to its making only."""
NEVER_KEPT = {"stock operation", "package"}
"""Objects of which Comanda keeps none; their types are held all the same."""


def deviations(what: str) -> set[str]:
    """Where the page says that Comanda deviates, for one kind of thing."""
    return {where for kind, where in published.DEVIATIONS if kind == what}


def schemas() -> Iterator[tuple[str, str, set[str]]]:
    """Every published name with one of our schemas, and the keys that are ours."""
    for name, (kinds, own) in SCHEMAS.items():
        yield from ((name, kind, own) for kind in kinds)


def test_the_page_names_every_published_object_and_only_known_deviations():
    """No table without a type of ours, no row of deviations that nothing holds."""
    assert SCHEMAS.keys() == BODIES.keys() | OBJECTS.keys()
    assert {what for what, _ in published.DEVIATIONS} == {"example", "null", "refusal"}
    assert len(published.EXAMPLES) == published.PAGE.count("```json")


@pytest.mark.parametrize(("name", "kind", "own"), schemas())
def test_our_types_have_the_published_keys_and_the_listed_ones_only(name, kind, own):
    """Each published key that is always there is required of our answers; no body requires more than is published."""
    fields, schema = {**BODIES, **OBJECTS}[name], OURS[kind]
    named = {key for key, value in schema["properties"].items() if value != {"not": {}}}
    always = {field.name for field in fields if not field.optional}
    assert named - {field.name for field in fields} == own
    assert always <= named
    required = set(schema.get("required", ()))
    if name in BODIES:
        assert {field.name for field in fields} <= named
        assert required <= always
    elif not kind.endswith("Columns"):  # those have what was asked for
        assert always <= required


def fields_of_ours() -> Iterator[tuple[str, published.Field, dict[str, Any]]]:
    """Every published field that one of our types has, with what our type says of it."""
    for name, kind, _ in schemas():
        for field in {**BODIES, **OBJECTS}[name]:
            if field.name in OURS[kind]["properties"]:
                yield name, field, OURS[kind]["properties"][field.name]


def test_our_types_take_each_published_example_and_value():
    """Of a field of an answer or a body; and an answer's enumerations have no value beyond the published ones."""
    for name, field, schema in fields_of_ours():
        shown = [json.loads(field.example)] if field.example else []
        values = ENUMERATIONS.get(field.type, [])
        for value in (*shown, *(values if name in BODIES else ())):
            assert (name, field.name, problems(schema, value)) == (name, field.name, [])
        if name in OBJECTS and values:
            assert _values(schema) <= {*values, None}, f"{name}.{field.name}"


def test_our_answers_are_null_where_that_is_published_only():
    """Or where the page says that Comanda deviates."""
    found = {
        f"{name}.{field.name}"
        for name, field, schema in fields_of_ours()
        if name in OBJECTS and not field.nullable and problems(schema, None) == []
    }
    assert found == deviations("null")


def _values(schema: dict[str, Any]) -> set[Any]:
    """The values that a schema of an enumeration lists."""
    if "anyOf" in schema:
        return set().union(*(_values(part) for part in schema["anyOf"]))
    return {None} if schema.get("type") == "null" else set(schema["enum"])


def test_every_documented_example_is_valid_but_for_those_that_deviate():
    """Bodies as our bodies; answers, with what they leave out on purpose, as our answers without our own keys."""
    found = set()
    for example in published.EXAMPLES:
        schema, value = _place_of(example)
        if problems(schema, value, components=_without_ours()):
            found.add(example.title)
    assert found == deviations("example")


def _place_of(example: Example) -> tuple[dict[str, Any], Any]:
    """The schema that an example belongs to, and the whole value to hold to it."""
    path = V2 + example.path.partition("?")[0]
    if example.part == "Body":
        route = find_route(example.method, path)
        assert route is not None, example
        operation = DOCUMENT["paths"][route.path][example.method.lower()]
        return operation["requestBody"]["content"]["application/json"]["schema"], example.value
    schema = response_of(example.method, path, example.status)["content"]["application/json"]["schema"]
    value = {"success": True, "data": [example.value], "total": 284} if example.part == "Item" else example.value
    if not value["success"]:
        return schema, {"message": "Free text", **value}
    sorts = {"sorts": ["id", "created_at", "updated_at"]} if isinstance(value.get("data"), list) else {}
    return schema, {**LEFT_OUT, **sorts, **value}


def _without_ours() -> dict[str, Any]:
    """Our schemas, requiring only what is published."""
    components = copy.deepcopy(DOCUMENT["components"])
    for name, kind, _ in schemas():
        always = {field.name for field in {**BODIES, **OBJECTS}[name] if not field.optional}
        schema = components["schemas"][kind]
        schema["required"] = [key for key in schema.get("required", ()) if key in always]
    return components


PIZZA = {
    "id": 101, "name": "Pizza", "price": 8.5, "category_id": 3, "modifier_groups": [50], "position": 1, "cooking_time": 12,
    "station_id": 1, "unit_id": 1, "tags": [1], "barcode": "4760000000032", "gov_code": "1905", "description": "Round",
    "cost_price": 2.15, "inventory_behavior": 0, "unit_weight": 0.4, "low_stock": 3,
    "venues": [{"venue_id": 2, "available": True, "price": 9}], "recipe": [{"ingredient_id": 201, "gross": 0.12, "net": 0.1}],
}  # fmt: skip
MORE = {
    "venues": [
        {"id": 1, "name": "Main", "is_main": True, "timezone": "Asia/Baku", "day_start": "06:00", "default_terminal_id": 1,
         "default_station_id": 1, "cash_method_id": 1, "card_method_id": 2, "address": "1 Sea Street", "phone": "+994120000000"},
    ],
    "stations": [{"id": 3, "name": "Tandir", "kitchen": False, "active": False, "description": "Bread"}],
    "payment_methods": [{"id": 4, "name": "Cashback", "service": "loyalty", "split": False, "disabled_venues": [2]}],
    "customer_groups": [{"id": 2, "name": "Mine", "system_type": "my_customers", "active": False}],
    "categories": [
        {"id": 3, "name": "Thin", "parent_id": 1, "color": "00bcd4", "position": 1},
        {"id": 4, "name": "Flour", "type": "INGREDIENT", "color": "ffffff", "hidden": True},
        {"id": 5, "name": "Gone", "type": "ACCOUNTING", "color": "000000", "active": False},
    ],
    "modifier_groups": [{"id": 51, "name": "Size", "single_choice": True, "min_select": 1, "max_select": 1, "modifiers": [{"id": 511, "name": "Large", "price": 2}]}],
    "products": [
        PIZZA,
        {"id": 201, "name": "Test_Tomato", "type": "INGREDIENT", "category_id": 4, "discountable": False, "giftable": True},
        {"id": 202, "name": "Dough", "type": "PREPARATION", "inventory_behavior": 1, "hidden": True, "active": False},
        {"id": 203, "name": "Billiards", "type": "TIMER", "sold_by_portion": True, "modifier_groups": [51],
         "timer": {"interval": 60, "prices": [{"price": 5, "from_minute": 0}, {"price": 4, "from_minute": 120}]}},
    ],
    "customers": [
        {"id": 10, "name": "Somebody Else", "phone": "+994501234568", "phones": ["+994501234569"], "group_id": 1, "email": "a@example.com",
         "address": "2 Main St", "venue_id": 2, "code": "C-10", "description": "Regular", "gender": 2, "date_of_birth": "1990-01-19",
         "source": "phone", "reference_id": "R-10"},
    ],
    "users": [
        {"id": 77, "name": "Cook", "username": "cook", "role": "cook", "first_name": "Anna", "last_name": "Cook", "email": "c@example.com",
         "mobile_number": "+994500000000", "owner": True},
    ],
}  # fmt: skip
ROWS = {
    "order": ("/orders?with[0]=receipt:id,service_notification_id,status&with[1]=customer", "/orders/{order}?with[0]=receipt"),
    "receipt": ("/receipts?with[0]=receipt_products.modificators&with[1]=receipt_products.product.unit", "/receipts/{receipt}", "/receipts/cid/{cid}"),
    "product": (
        "/products?with=category,station,modifications.codes,codes,modificator_groups,recipe,packages,tags,taxes",
        "/products/101?with[0]=unit&with[1]=media&with[2]=modificator_groups.modificators",
        "/products/203?with[0]=setting",
        "/products/110?with[0]=modifications",
    ),
    "stop list row": ("/products/stop-list",),
    "category": ("/categories?include_inactive=true", "/categories?include_children=true", "/categories/1?include_children=true"),
    "station": ("/stations", "/stations/1", "/stations/3"),
    "sale type": ("/sale-types",),
    "payment method": ("/payment-methods",),
    "venue": ("/venues",),
    "user": ("/users", "/users/77"),
    "customer": ("/customers?with[0]=group", "/customers/10?with[0]=group", "/customers/9"),
    "customer group": ("/customer-groups",),
    "price list": ("/price-lists?with[]=prices",),
    "price": ("/price-lists/prices?with[]=product&with[]=list",),
}  # fmt: skip
"""Where each object is read, in lists and one by one."""


async def enrich(server: Server) -> dict[str, str]:
    """Fill the demo with what it lacks: pictures, every kind of product, orders in each state; the ids to read by."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 60, 20)).save(file, "PNG")
    manager = await manager_headers(server)
    sent = {**manager, "content-type": "image/png"}
    kept = await server.http.post("/hub/v1/admin/pictures", content=file.getvalue(), headers=sent)
    assert kept.status_code == 201, kept.text
    picture = kept.json()["data"]["uuid"]
    more = copy.deepcopy(MORE)
    for resource in (more["venues"][0], more["categories"][0], more["products"][0]):
        resource["pictures"] = [picture]
    more["sale_types"] = [
        {"id": 1, "name": "Dine in", "system_type": "IN", "service_charge_rate": 10, "pictures": [picture]}
    ]
    await server.import_(json.loads(json.dumps(more), parse_float=Decimal))
    await chain.place(server)
    await chain.place(server, customer={**chain.MINIMAL["customer"], "id": 0}, integration_id="X-1")
    ignored = await chain.place(server)
    assert (await server.ignore(ignored)).status_code == 200
    closed = await chain.place(server, chain.DOCUMENTED)
    answer = await server.http.post(f"{V2}/receipts/{closed}/close", json=chain.payment(19.51), headers=server.headers)
    assert answer.status_code == 200, answer.text
    order = await chain.place(server, chain.DOCUMENTED)
    cid = (await server.get(f"/receipts/{order}")).json()["data"]["cid"]
    ticket = (await chain.hub_get(server, f"/orders/{order}"))["chain"]["tickets"][0]["id"]
    return {"order": str(order), "receipt": str(order), "cid": cid, "ticket": ticket, "picture": picture}


async def read(server: Server, path: str, **ids: str) -> Any:
    """The JSON of a v2 read that is answered 200."""
    answer = await server.get(path.format(**ids))
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return answer.json()


@pytest.mark.anyio
async def test_real_answers_are_what_is_published(server: Server):
    """Every resource, in lists and single reads: each published key with its published type and nullability."""
    ids = await enrich(server)
    met: set[str] = set()
    for name, paths in ROWS.items():
        for path in paths:
            answer = await read(server, path, **ids)
            rows = answer["data"] if isinstance(answer["data"], list) else [answer["data"]]
            kind = "answer" if rows is not answer["data"] else "price list answer" if "price" in name else "list answer"
            assert (path, _published_problems(kind, answer)) == (path, [])
            assert rows, path
            for row in rows:
                assert (path, _published_problems(name, row)) == (path, [])
                met |= _objects_in(name, row)
    assert met == _reachable(ROWS) - NEVER_KEPT
    assert (await read(server, "/receipts/{receipt}/stock-operations", **ids))["data"] == []


def _published_problems(name: str, value: Any) -> list[str]:
    """What of a value is not as the table of that name says."""
    return problems(schema_of(name), value, components=COMPONENTS)


def _objects_in(name: str, value: Any) -> set[str]:
    """The published objects that a value of one of them is made of."""
    found = {name}
    for field in OBJECTS[name]:
        inner = value.get(field.name)
        kind = field.type.removeprefix("list of ")
        for part in inner if isinstance(inner, list) else [inner]:
            if kind in OBJECTS and part is not None:
                found |= _objects_in(kind, part)
    return found


def _reachable(names: Any) -> set[str]:
    """The published objects that these have in them."""
    found, pending = set(), list(names)
    while pending:
        name = pending.pop()
        if name in OBJECTS and name not in found:
            found.add(name)
            pending += [field.type.removeprefix("list of ") for field in OBJECTS[name]]
    return found


@pytest.mark.anyio
async def test_writes_answer_what_is_published(server: Server):
    """Create, update, patch, close, a new customer, a waiter call, a sign-in: envelopes and objects."""
    ids = await enrich(server)

    async def write(method: str, path: str, body: Any, kind: str, name: str | None, status: int = 200) -> None:
        answer = await server.http.request(method, V2 + path.format(**ids), json=body, headers=server.headers)
        assert (path, answer.status_code) == (path, status), answer.text
        assert (path, _published_problems(kind, answer.json())) == (path, [])
        if name is not None:
            assert (path, _published_problems(name, answer.json()["data"])) == (path, [])

    await write("POST", "/auth", DEMO_CREDENTIALS, "token", None)
    await write("POST", "/orders", chain.MINIMAL, "write answer", "order head", 201)
    await write("PATCH", "/receipts/{receipt}", {"fiscal_id": "F"}, "write answer", "receipt")
    await write("POST", "/receipts/{receipt}/close", chain.payment(19.51), "write answer", "closed receipt")
    await write("PUT", f"/orders/{await chain.place(server)}", {"status": "IGNORE"}, "answer", "order")
    await write("POST", "/customers", {"name": "Somebody"}, "answer", "customer")
    await write("POST", "/waiter-call", {"table_id": 1, "type": "WAITER"}, "waiter call answer", None)


@pytest.mark.anyio
async def test_every_published_query_is_taken(server: Server):
    """Filters with each of their values, sorts both ways, relations, page sizes."""
    await enrich(server)
    asked = [(path, question) for path, name, values in published.QUERIES for question in _questions(name, values)]
    assert len(asked) > 150
    for path, question in asked:
        answer = await server.get(f"{path}?{question}")
        assert answer.status_code == 200, f"{path}?{question}: {answer.text}"
    for path in {path for path, name, _ in published.QUERIES if name == "`limit`"}:
        most = max(
            int(value) for p, name, values in published.QUERIES if (p, name) == (path, "`limit`") for value in values
        )
        assert (await server.get(f"{path}?limit={most + 1}")).status_code == 400


def _questions(name: str, values: list[str]) -> Iterator[str]:
    """The query strings that ask for each published name or value."""
    parameter = next(iter(re.findall("`(.+)`", name)), None)
    for value in (value.replace("+", "%2B") for value in values):
        if name == "with":
            yield from (f"with[0]={value}", f"with[]={value}")
        elif name == "sort":
            yield from (f"sort[0]={value}&sort[1]={direction}" for direction in ("1", "-1"))
        elif name.startswith("filter"):
            yield from (
                f"filters[0][0]={parameter}&filters[0][1]={value}",
                f"filters[7][0]={parameter}&filters[7][1][0]={value}",
            )
        else:
            yield f"{parameter}={value}"


@pytest.mark.anyio
async def test_filters_by_an_enumeration_find_only_what_they_name(server: Server):
    """Each published value of each of them finds something in a rich catalogue, and nothing else."""
    await enrich(server)
    asked = {
        ("/products", "type"),
        ("/products", "inventory_behavior"),
        ("/categories", "type"),
        ("/receipts", "status"),
    }
    for path, name, values in published.QUERIES:
        field = next(iter(re.findall("filter `(.+)`", name)), None)
        for value in values if (path, field) in asked else ():
            rows = (await read(server, f"{path}?filters[0][0]={field}&filters[0][1]={value}&include_inactive=true"))[
                "data"
            ]
            assert {str(row[field]) for row in rows} == {value}, f"{path} {field} {value}"
    for status in ENUMERATIONS["order status"]:
        found = {row["status"] for row in (await read(server, f"/orders?status={status}"))["data"]}
        assert found == ({status} if status != "DELIVERED" else set())


@pytest.mark.anyio
async def test_refusals_are_the_published_ones(server: Server):
    """Status, ``error`` and ``message``, word for word; what deviates stands in the page's table."""
    ids = await enrich(server)
    found = set()
    for call, sends, status, error, message in published.REFUSALS:
        method, _, path = call.format(**ids).partition(" ")
        headers, body = _sent(sends, server)
        answer = await server.http.request(method, V2 + path, json=body, headers=headers)
        refusal = answer.json()
        assert (call, answer.status_code) == (call, status), refusal
        assert (call, _published_problems("refusal", refusal)) == (call, [])
        if error not in (None, refusal.get("error")) or message not in (None, refusal["message"]):
            found.add(f"{call} {sends.strip('`')}".strip())
    assert found == deviations("refusal")


def _sent(sends: str, server: Server) -> tuple[dict[str, str], Any]:
    """Headers and body of a row of the refusals."""
    if sends == "unknown integrator":
        return {}, {**DEMO_CREDENTIALS, "integrator_id": "nobody"}
    if sends == "wrong secret":
        return {}, {**DEMO_CREDENTIALS, "client_secret": "guessed"}
    if sends in ("no token", "bad token"):
        return ({} if sends == "no token" else {"x-token": "bad"}), None
    return server.headers, json.loads(sends.strip("`")) if sends else None


@pytest.mark.anyio
async def test_no_read_answers_a_credential_or_what_v2_took_out(server: Server):
    """Every GET of v2 and the hub, as its callers read it: no key named pin, card, salary, hide, password, secret, token."""
    ids = await enrich(server)
    manager = await manager_headers(server)
    wish = {"brand": demo.BRAND, "kind": "kitchen"}
    ids["code"] = (await server.http.post("/hub/v1/pairings", json=wish)).json()["data"]["code"]
    walked = 0
    for route in ROUTES:
        if (
            route.method != "GET"
            or not route.path.startswith((V2, "/hub/"))
            or route.path.endswith(("/stream", ".png", ".csv", ".crt"))
        ):
            continue
        headers = server.headers if "integrator" in route.callers else manager
        headers = TERMINAL if route.callers == ("device",) else headers
        answer = await server.http.get(_fill(route.path, ids), headers=headers)
        assert answer.status_code == 200, f"{route.name}: {answer.text}"
        assert answer.json()["success"] is True
        meant = {"password"} if route.path == "/hub/v1/hello" else set()  # of the demo's people, who stand on paper
        assert (route.name, FORBIDDEN & _keys(answer.json()) - meant) == (route.name, set())
        walked += 1
    assert walked > 50
    for name, schema in OURS.items():
        if name not in HOLDING_CREDENTIALS:
            assert (name, FORBIDDEN & schema.get("properties", {}).keys()) == (name, set())


def _fill(path: str, ids: dict[str, str]) -> str:
    """A route's path with the ids of something that is there."""
    one = {"orders": ids["order"], "tickets": ids["ticket"], "receipts": ids["receipt"], "users": "77", "customers": "10",
           "products": "101", "modifier-groups": "50"}  # fmt: skip
    parts = path.format(id="{id}", cid=ids["cid"], code=ids.get("code")).split("/")
    parts = [one.get(parts[at - 1], "1") if part == "{id}" else part for at, part in enumerate(parts)]
    of_venue = ("/hub/v1/stations", "/hub/v1/menu", "/hub/v1/insights", "/hub/v1/customers/")
    asked = {"/hub/v1/orders": "?venue=1&done=1", "/hub/v1/customers": "?search=a"}
    return "/".join(parts) + asked.get(path, "?venue=1" if path.startswith(of_venue) else "")


def _keys(value: Any) -> set[str]:
    """Every key of an answer, however deep."""
    if isinstance(value, dict):
        return set(value).union(*(_keys(inner) for inner in value.values()))
    return set().union(*map(_keys, value)) if isinstance(value, list) else set()
