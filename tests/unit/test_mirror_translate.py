"""Rows of another v2 server as a catalogue document: ids kept, money exact, and never a crash whatever the JSON is."""

import copy
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comanda.base.numbers import Stock
from comanda.catalogue.document import Document, check_document, parse_document, write_document
from comanda.catalogue.model import (
    AcceptDeadline,
    Customer,
    DeadlineStep,
    Product,
    StopListEntry,
    Terminal,
    Unit,
    User,
    Venue,
)
from comanda.catalogue.snapshot import Snapshot, with_changes
from comanda.mirror.connection import parse_json
from comanda.mirror.context import Here
from comanda.mirror.difference import difference, with_retired
from comanda.mirror.media import originals_in
from comanda.mirror.source import Fetched, Remarks
from comanda.mirror.translate import translate

TIMES = {"created_at": "2026-02-02T13:45:53.000000Z", "updated_at": "2026-02-02T17:46:02.000000Z"}
MEDIUM = {
    "uuid": "1d76f22b-c209-4fac-be3a-cfde7b8f0d74",
    "mime_type": "image/jpeg",
    "size": 87281,
    "urls": {
        "original": "https://cdn.example/omega/1d76f22b/original.jpg",
        "extra_large": "https://cdn.example/omega/1d76f22b/extra_large.jpg",
    },
    "blur_hash": "LEIpFsE%t1}TxpENEgaK0iowRktQ",
    "dimensions": {"width": 612, "height": 459},
}
TOMATO = {
    "id": 1, "parent_id": None, "station_id": None, "category_id": None, "unit_id": 1, "type": "INGREDIENT",
    "name": "Test_Tomato", "parent_name": "", "full_name": "Test_Tomato", "position": None, "barcode": None,
    "gov_code": None, "status": 1, "hidden": 0, "sold_by_weight": False, "discountable": True,
    "giftable": False, "has_modifications": False, "description": None, "price": 0, "cost_price": 0,
    "cooking_time": 0, "inventory_behavior": 0, "low_stock": 0, "unit_weight": 0, "venues": [], "media": [],
    "created_at": "2026-01-13 20:04:05", "updated_at": "2026-01-13 20:04:05",
}  # fmt: skip
"""The product of contract 15 G, key by key."""


def rows() -> dict:
    """A small account in the forms that contract 9 documents, with the extras it knows of live systems."""
    pizza = {
        **TOMATO, "id": 2, "type": "DISH", "name": "Pizza", "price": Decimal("8.5"), "category_id": 11,
        "station_id": 1, "inventory_behavior": 1, "media": [MEDIUM], "cooking_time": 12,
        "modificator_groups": [
            {
                "id": 50, "name": "Extras", "type": 0, "min_select": 0, "max_select": 5, "status": 1,
                "pivot": {"product_id": 2, "modificator_group_id": 50},
                "modificators": [
                    {"id": 501, "name": "Extra Cheese", "price": Decimal("0.5"), "ingredient": None},
                    {"id": 502, "name": "Truffle", "price": "3.20", "ingredient": None, "status": 0},
                ],
            }
        ],
        "recipe": [
            {"ingredient_id": 1, "name": "Test_Tomato", "gross": "0.150", "net": "0.120"},
            {**TOMATO, "pivot": {"dish_id": 2, "ingredient_id": 1, "net": "1.000", "gross": "1.100", "net_put": "1"}},
        ],
        "tags": [{"id": 7, "name": "Vegetarian"}],
        "taxes": [{"id": 1, "name": "VAT", "rate": 18}],
    }  # fmt: skip
    ayran = {**TOMATO, "id": 3, "type": "GOODS", "name": "Ayran", "has_modifications": True,
             "modifications": [{**TOMATO, "id": 31, "parent_id": 3, "type": "MODIFICATION", "name": "0.3 l", "price": Decimal("1.2")}]}  # fmt: skip
    billiard = {**TOMATO, "id": 4, "type": "TIMER", "name": "Billiard"}
    return {
        "venues": [{"id": 1, "name": "Main", "is_main": 1, "media": []}, {"id": 2, "name": "Baku", "is_main": 0, "media": []}],
        "stations": [
            {"id": 1, "name": "Kitchen", "status": 1, "type": 1, "printable": 1, **TIMES},
            {"id": 3, "name": "Tandir", "status": 1, "type": 1, "printable": 0, **TIMES},
        ],
        "sale_types": [
            {"id": 1, "name": "Yerinde", "system_type": "IN", "channel": "IN", "status": {"1": 1, "2": 0},
             "service_charge_rate": 10, "position": 1, "media": [], **TIMES},
            {"id": 3, "name": "Takeaway", "system_type": "TAKEAWAY", "channel": "TAKEAWAY", "status": [],
             "service_charge_rate": None, "position": 2, "media": [], **TIMES},
        ],
        "payment_methods": [
            {"id": 1, "name": "Cash", "status": {"1": 1, "2": 1}, "split": 1, "position": 0, "customer_required": 0,
             "is_system": 1, "balance": {"id": 4, "system_type": "CASH", "name": "Till", "type": 1}, "service": None, **TIMES},
            {"id": 4, "name": "Cashback", "status": {"1": 0, "2": 1}, "split": 0, "position": 3, "customer_required": 1,
             "is_system": 1, "balance": None, "service": {"name": "loyalty", "check": [], "payload": []}, **TIMES},
        ],
        "categories": [
            {"id": 10, "name": "Menu", "status": 1, "hidden": False, "type": "PRODUCT", "position": 0, "parent_id": None,
             "depth": 0, "color": "00bcd4", "media": [], **TIMES,
             "children": [{"id": 11, "name": "Pizza", "status": 0, "hidden": True, "type": "PRODUCT", "position": None,
                           "parent_id": 10, "depth": 1, "color": None, "children": [], "media": [], **TIMES}]},
        ],
        "products": [TOMATO, pizza, ayran, billiard],
        "details": [
            {"id": 1, "unit": {"id": 1, "_lft": 1, "_rgt": 2, "parent_id": None, "name": "Kilogram", "type": "WEIGHT",
                               "symbol": "kg", "equal": 1, "deleted_at": None}},
            {"id": 4, "setting": {"interval": 60, "prices": [{"price": 5, "from": 0}, {"price": Decimal("3.5"), "from": 30}]}},
        ],
        "price_lists": [{"id": 1, "name": "Evening", "description": None, "status": True, **TIMES}],
        "prices": [{"id": 1, "list_id": 1, "product_id": 2, "price": Decimal("9.25")}],
        "customer_groups": [{"id": 1, "name": "Regulars", "discount_type": None, "discount_value": 0,
                             "system_type": "my_customers", **TIMES, "deleted_at": None}],
        "customers": [
            {"id": 5, "venue_id": 1, "cid": "2A7C0A34-5B5E-4D3C-9D0E-1E2F3A4B5C6D", "group_id": 1, "name": "Guest", "email": None,
             "phone": "+994501234567", "phones": ["+994501234567", "+994551234567"], "address": "Main St 1", "address_data": [],
             "description": None, "discount": 0, "spent": Decimal("1162.8"), "total_discount": 0, "total_bonus": 0,
             "receipt_count": 3, "gender": 2, "date_of_birth": "1990-05-01", "code": None, "source": None,
             "reference_id": None, "status": True, "can_use_loyalty_system": False, "is_verified": False, **TIMES},
        ],
        "users": [{"id": 9, "email": None, "username": "anna", "first_name": "Anna", "last_name": None, "mobile_number": None,
                   "owner": 1, "status": True, **TIMES}],
    }  # fmt: skip


def fetched(found: dict) -> Fetched:
    """Rows as if every one had come."""
    return Fetched(rows=found, stop_lists={1: [{"id": 2, "limit": 0, "timestamp": 1761202010781}]}, whole=set(found))


def sound(document: Document, here: Document | None = None) -> None:
    """Hold a document to its form and to what is there."""
    before = with_changes(Snapshot(), 1, [r for rows in (here or Document()).resources().values() for r in rows])
    check_document(document, before)
    assert parse_document(parse_json(write_document(document, as_json=True).encode())) == document


def said(remarks: Remarks) -> set[tuple[str, str]]:
    """What was said, without the ids."""
    return {(kind, text) for kind, text, _ in remarks}


EMPTY = Here(Document(), "AZ")


def test_a_documented_account_is_taken_whole():
    """Each kind with its ids, exact money, venue maps, nested categories, variants, groups, recipes, units, timers."""
    translation = translate(fetched(rows()), EMPTY, timezone="Asia/Baku")
    document = translation.document
    sound(document)
    assert [(v.id, v.name, v.is_main, v.timezone, v.default_terminal_id) for v in document.venues] == [
        (1, "Main", True, "Asia/Baku", 1), (2, "Baku", False, "Asia/Baku", 2)]  # fmt: skip
    assert [(t.id, t.name, t.venue_id) for t in document.terminals] == [
        (1, "Mirrored till", 1),
        (2, "Mirrored till", 2),
    ]
    assert [(s.id, s.kitchen, s.printable) for s in document.stations] == [(1, True, True), (3, True, False)]
    assert [(s.id, s.system_type, s.service_charge_rate, s.disabled_venues) for s in document.sale_types] == [
        (1, "IN", 10, (2,)), (3, "TAKEAWAY", None, ())]  # fmt: skip
    assert [(p.id, p.disabled_venues, p.split, p.customer_required, p.service) for p in document.payment_methods] == [
        (1, (), True, False, None), (4, (1,), False, True, "loyalty")]  # fmt: skip
    assert [(c.id, c.parent_id, c.active, c.hidden, c.color) for c in document.categories] == [
        (10, None, True, False, "00bcd4"), (11, 10, False, True, None)]  # fmt: skip
    products = {product.id: product for product in document.products}
    assert list(products) == [1, 2, 3, 4, 31]
    assert (products[2].price, products[2].category_id, products[2].modifier_groups) == (Decimal("8.5"), 11, (50,))
    assert [(i.ingredient_id, i.gross, i.net) for i in products[2].recipe] == [
        (1, Decimal("0.150"), Decimal("0.120")), (1, Decimal("1.1"), 1)]  # fmt: skip
    assert (products[31].parent_id, products[31].type, products[31].price) == (3, "MODIFICATION", Decimal("1.2"))
    assert products[1].created_at == "2026-01-13T20:04:05.000000Z"
    assert [(p.from_minute, p.price) for p in products[4].timer.prices] == [(0, 5), (30, Decimal("3.5"))]
    assert [(u.id, u.symbol) for u in document.units] == [(1, "kg")]
    assert {product.unit_id for product in document.products} == {1}
    assert [(t.id, t.name) for t in document.tags] == [(7, "Vegetarian")]
    (group,) = document.modifier_groups
    assert (group.single_choice, group.max_select) == (False, 5)
    assert [(m.id, m.price, m.active) for m in group.modifiers] == [
        (501, Decimal("0.5"), True),
        (502, Decimal("3.2"), False),
    ]
    assert [(p.id, p.product_id, p.price) for p in document.price_lists[0].prices] == [(1, 2, Decimal("9.25"))]
    (customer,) = document.customers
    assert (customer.phone, customer.phones, customer.cid) == (
        "+994501234567", ("+994551234567",), "2a7c0a34-5b5e-4d3c-9d0e-1e2f3a4b5c6d")  # fmt: skip
    assert [(u.id, u.username, u.role, u.name) for u in document.users] == [(9, "anna", "manager", "Anna")]
    assert [(e.venue_id, e.product_id, e.quantity) for e in document.stop_list] == [(1, 2, 0)]
    assert said(translation.remarks) == {
        ("products", "taxes has no place here"),
        ("products", "has pictures, which only --with-pictures takes"),
        ("payment_methods", "balance has no place here"),
        (
            "venues",
            "is new and v2 tells no default station: products without a station make no ticket until it has one",
        ),
        ("users", "is taken as manager, which v2 does not tell; has no password yet"),
    }


def test_nothing_differs_from_what_was_taken():
    """Translating the same rows onto what they made changes nothing, times aside."""
    first = translate(fetched(rows()), EMPTY).document
    second = translate(fetched(rows()), Here(first, "AZ")).document
    assert difference(second, first) == {}


def test_a_price_that_changed_at_the_source_is_named():
    """Of a product and of a price list's entry: the field, what it was, what it would be."""
    first = translate(fetched(rows()), EMPTY).document
    changed = rows()
    changed["products"][1]["price"] = 9
    changed["prices"][0]["price"] = Decimal("9.5")
    found = difference(translate(fetched(changed), Here(first, "AZ")).document, first)
    assert list(found) == ["products", "price_lists"]
    (line,) = found["products"].changed
    assert (line.id, line.name, [(f.name, f.old, f.new) for f in line.fields]) == (2, "Pizza", [("price", "8.5", "9")])
    (line,) = found["price_lists"].changed
    assert [(f.name, f.old, f.new) for f in line.fields] == [("prices[1].price", "9.25", "9.5")]


def test_what_is_ours_alone_stays():
    """A venue keeps zone, policies, deadlines and tills; a product keeps pictures; a person here is nobody else."""
    ladder = (AcceptDeadline(steps=(DeadlineStep(after_s=60, action="remind"),)),)
    venue = Venue(
        id=1, name="Old", timezone="Asia/Baku", price_policy="reject", accept_deadlines=ladder, day_start="06:00"
    )
    here = Document(
        venues=(venue,),
        terminals=(Terminal(id=8, name="Till", venue_id=1),),
        products=(Product(id=2, name="Pizza", pictures=("11111111-2222-3333-4444-555555555555",)),),
        users=(User(id=9, name="Boss", username="boss", role="manager"),),
        customers=(Customer(id=70, name="Ours", phone="+994 50 123 45 67"),),
    )
    translation = translate(fetched(rows()), Here(here, "AZ", frozenset({9})), timezone="Europe/Rome")
    document = translation.document
    sound(document, here)
    assert document.venues[0] == msgspec.structs.replace(venue, name="Main", is_main=True)
    assert [(t.id, t.venue_id) for t in document.terminals] == [(10, 2)]
    assert next(p for p in document.products if p.id == 2).pictures == here.products[0].pictures
    assert document.users == ()
    assert (document.customers[0].phone, document.customers[0].phones) == (None, ("+994501234567", "+994551234567"))
    assert ("users", "has the id or the user name of somebody else here; skipped") in said(translation.remarks)
    assert ("customers", "phone is another customer's already; left out") in said(translation.remarks)


def test_retiring_needs_a_whole_reading_and_spares_people_and_equipment():
    """What is here and not there becomes inactive, in kinds that were read to the last row."""
    here = Document(
        venues=(Venue(id=1, name="Main"),),
        terminals=(Terminal(id=8, name="Till", venue_id=1),),
        products=(Product(id=77, name="Gone"), Product(id=78, name="Retired", active=False)),
        customers=(Customer(id=70, name="Ours"),),
        users=(User(id=1, name="Boss", username="boss", role="manager"),),
    )
    source = fetched(rows())
    document = translate(source, Here(here, "AZ")).document
    found = difference(with_retired(document, here, source.whole), here)
    assert [line.id for kind in found.values() for line in kind.retired] == [77]
    sound(with_retired(document, here, source.whole), here)
    assert not any(kind.retired for kind in difference(with_retired(document, here, set()), here).values())
    assert with_retired(Document(), here, source.whole) == Document()


def test_a_limit_that_the_source_does_not_have_is_taken_away_only_when_asked():
    """Of venues whose list was read whole."""
    here = Document(stop_list=(StopListEntry(venue_id=1, product_id=3, quantity=Stock(5)),))
    document = translate(fetched(rows()), Here(here, "AZ")).document
    kept, freed = (
        difference(with_retired(document, here, whole), here) for whole in ({"stop_list_2"}, {"stop_list_1"})
    )
    assert [(line.id, line.fields[0].new) for line in kept["stop_list"].changed] == [(2, "0")]
    assert [(line.id, line.fields[0].new) for line in freed["stop_list"].changed] == [(2, "0"), (3, "unlimited")]


def test_values_beyond_our_bounds_become_remarks():
    """Rounded, cut, skipped, left out: each says so, and no product is sold for nothing."""
    found = rows()
    found["products"] += [
        {**TOMATO, "id": 60, "type": "DISH", "name": "N" * 300, "price": Decimal("7.199999999999999"), "category_id": 999,
         "modificator_groups": [{"id": 51, "name": "Crossed", "min_select": 3, "max_select": 2, "modificators": []}]},
        {**TOMATO, "id": 61, "type": "MODIFIER", "name": "Sauce", "price": -1, "parent_id": 61, "cost_price": "1e400"},
        {**TOMATO, "id": 62, "type": "DISH", "name": None, "price": None, "venues": [{"shape": "unknown"}, {"venue_id": 2, "available": 0}]},
        {**TOMATO, "id": 2**60}, {"name": "no id"}, None, [],
    ]  # fmt: skip
    found["categories"] += [{"id": 20, "name": "a", "parent_id": 21}, {"id": 21, "name": "b", "parent_id": 20}]
    translation = translate(fetched(found), EMPTY)
    sound(translation.document)
    again = translate(fetched(found), Here(translation.document, "AZ")).document
    assert difference(again, translation.document) == {}
    products = {product.id: product for product in translation.document.products}
    assert (len(products[60].name), products[60].price, products[60].category_id) == (255, Decimal("7.2"), None)
    assert [g.max_select for g in translation.document.modifier_groups if g.id == 51] == [0]
    assert (products[61].active, products[61].parent_id, products[61].type) == (False, None, "MODIFICATION")
    assert (products[62].name, products[62].active) == ("Product 62", False)
    assert [(offer.venue_id, offer.available) for offer in products[62].venues] == [(2, False)]
    assert {c.id: c.parent_id for c in translation.document.categories if c.id >= 20} in (
        {20: None, 21: 20}, {20: 21, 21: None})  # fmt: skip
    assert said(translation.remarks) >= {
        ("products", "name is cut to 255 characters"),
        ("modifier_groups", "max_select is below min_select; taken as no bound"),
        ("products", "price is rounded: it has more digits than are kept"),
        ("products", "category_id names a category that the source does not have; left out"),
        ("products", "type MODIFIER is not known here: taken as MODIFICATION"),
        ("products", "has no price that can be kept: taken as not active"),
        ("products", "parent_id makes a variant of a variant; left out"),
        ("products", "cost_price cannot be taken; skipped"),
        ("products", "has no name, and is called by its id"),
        ("products", "venues has entries of another form; left out"),
        ("products", "a row without an id that can be kept is skipped"),
        ("categories", "parent_id leads back to itself; left out"),
        ("venues", "is new and v2 tells no time zone: taken as UTC; --timezone says another"),
    }


def test_parents_that_only_go_wrong_with_what_is_here_are_left_out():
    """A variant of a variant and a circle of units, closed by what the source does not show."""
    unit = {"name": "u", "type": "WEIGHT", "symbol": "u", "equal": 1, "deleted_at": None}
    dish = {**TOMATO, "type": "DISH"}
    here = Here(
        Document(
            units=(Unit(id=70, name="u"), Unit(id=71, name="u", parent_id=70)),
            products=(Product(id=80, name="a"), Product(id=81, name="b", parent_id=80)),
        ),
        "AZ",
    )
    found = rows()
    found["products"] += [
        {**dish, "id": 79, "name": "top"},
        {**dish, "id": 80, "name": "a", "parent_id": 79, "unit_id": 70, "unit": {**unit, "id": 70, "parent_id": 71}},
        {**dish, "id": 82, "name": "c", "parent_id": 83},
        {**dish, "id": 83, "name": "d", "parent_id": 79},
    ]
    translation = translate(fetched(found), here)
    sound(translation.document, here.document)
    parents = {product.id: product.parent_id for product in translation.document.products if product.id >= 79}
    assert parents == {79: None, 80: None, 82: None, 83: 79}
    assert {unit.id: unit.parent_id for unit in translation.document.units if unit.id >= 70} == {70: None}
    ids = {(kind, text): numbers for kind, text, numbers in translation.remarks}
    assert ids["products", "parent_id makes a variant of a variant; left out"] == [80, 82]
    assert ids["units", "parent_id leads back to itself; left out"] == [70]


def test_pictures_stand_where_their_addresses_did():
    """Those that were had; a failed one is told, and what was here stays."""
    found = rows()
    picture = "11111111-2222-3333-4444-555555555555"
    assert originals_in(fetched(found)) == {MEDIUM["urls"]["original"]: MEDIUM["uuid"]}
    had = translate(fetched(found), EMPTY, pictures={MEDIUM["urls"]["original"]: picture}).document
    assert next(p for p in had.products if p.id == 2).pictures == (picture,)
    missed = translate(fetched(found), Here(had, "AZ"), pictures={})
    assert next(p for p in missed.document.products if p.id == 2).pictures == (picture,)
    assert ("products", "has pictures that could not be taken") in said(missed.remarks)


def test_guests_and_erased_people_here_are_nobody_at_the_source():
    """An id of a guest here is somebody else's, whom was erased stays so, and a known guest is followed by the cid."""
    cid = "2a7c0a34-5b5e-4d3c-9d0e-1e2f3a4b5c6d"
    guests = [
        Customer(id=1_000_000_001, name="Guest", cid="00000000-5b5e-4d3c-9d0e-1e2f3a4b5c6d"),
        Customer(id=1_000_000_002, name="Known", cid=cid),
        Customer(id=5, name="erased", active=False),
    ]
    stated = {"name": "Them", "phone": None, "status": True}
    found = {"customers": [
        {**stated, "id": 1_000_000_001, "cid": "11111111-5b5e-4d3c-9d0e-1e2f3a4b5c6d"},
        {**stated, "id": 1_000_000_002, "cid": cid},
        {**stated, "id": 5, "cid": None},
        {**stated, "id": 6, "cid": None},
    ]}  # fmt: skip
    here = Document(customers=(*guests, Customer(id=6, name="Them", cid="66666666-5b5e-4d3c-9d0e-1e2f3a4b5c6d")))
    translation = translate(Fetched(rows=found), Here(here, "AZ"))
    assert [customer.id for customer in translation.document.customers] == [6, 1_000_000_002]
    assert [line.id for line in difference(translation.document, here)["customers"].changed] == [1_000_000_002]
    assert said(translation.remarks) == {
        ("customers", "has the id of a guest here, who is somebody else; skipped"),
        ("customers", "was erased here, and stays so; skipped"),
    }


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 60)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["", "0", "1", "1.5", "true", "9" * 400, "1e999999", "2026-01-01", "0000-00-00 00:00:00", "\x00", "x" * 2000, Decimal("1E+999999999"), 2**70]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "name", "price", "parent_id", "status", "venue_id", "1", "urls", "pivot"]) | st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@st.composite
def hostile(draw) -> dict:
    """The account with any JSON in some of its fields, however deep, and any rows beside its own."""
    found = copy.deepcopy(rows())
    for _ in range(draw(st.integers(1, 12))):
        place = found[draw(st.sampled_from(sorted(found)))]
        while isinstance(place, list | dict) and place:
            key = (
                draw(st.sampled_from(sorted(place)))
                if isinstance(place, dict)
                else draw(st.integers(0, len(place) - 1))
            )
            if not isinstance(place[key], list | dict) or not place[key] or draw(st.booleans()):
                place[key] = draw(JSON)
                break
            place = place[key]
    for kind in found:
        found[kind] += draw(st.lists(JSON, max_size=2))
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(hostile(), st.lists(JSON, max_size=3))
def test_whatever_the_json_is_it_ends_as_a_sound_document(found, stop_list):
    """From an empty brand, and again onto what came of it, where nothing then differs."""
    source = Fetched(rows=found, stop_lists={1: stop_list}, whole=set(found))
    first = translate(source, EMPTY, pictures={}).document
    sound(first)
    originals_in(source)
    here = Here(first, "AZ")
    second = with_retired(translate(source, here, pictures={}).document, first, source.whole)
    sound(second, first)
    assert difference(second, first) == {}


@pytest.mark.parametrize("kind", sorted(rows()))
def test_a_kind_that_cannot_be_read_leaves_what_is_here(kind):
    """References to it are good when they are here; nothing of it is in the document."""
    first = translate(fetched(rows()), EMPTY).document
    part = {name: value for name, value in rows().items() if name != kind}
    document = translate(Fetched(rows=part, whole=set(part)), Here(first, "AZ")).document
    sound(document, first)
    changed = difference(with_retired(document, first, set(part)), first)
    assert not any(kind.retired or kind.added for kind in changed.values())
