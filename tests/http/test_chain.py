"""An order's way from acceptance to the door, over HTTP on both stores (contract 14.4)."""

import asyncio

import pytest
from tests.conftest import Server, document
from tests.events.folding import folded, shown
from tests.http.chain import DOCUMENTED, KITCHEN, MINIMAL, TILL, did, events, hub_get, manager, payment, place, post

from comanda import administration, demo

pytestmark = pytest.mark.anyio


async def test_the_documented_order_goes_all_the_way_to_delivered(server: Server):
    """Accepted and sent at once, cooked, paid, handed over: DELIVERED, and each step is told in order."""
    order_id = await place(server, DOCUMENTED)
    receipt = (await server.get(f"/receipts/{order_id}")).json()["data"]
    assert (receipt["status"], receipt["order_status"], receipt["remaining"]) == (1, "NEW", 19.51)
    ticket_id = f"{order_id}-1-1"
    await did(server, f"/tickets/{ticket_id}/start", headers=KITCHEN)
    cooked = await did(server, f"/tickets/{ticket_id}/lines/0/ready", headers=KITCHEN)
    assert (cooked["tickets"][0]["status"], cooked["receipt"]["order_status"]) == ("READY", "READY")
    paid = await did(server, f"/receipts/{order_id}/close", payment(19.51))
    assert paid["payment_methods"] == [{"id": 1, "name": "Cash", "amount": 19.51}]
    assert (await server.get(f"/orders/{order_id}")).json()["data"]["status"] == "DELIVERED"
    over = await did(server, f"/orders/{order_id}/hand-over")
    assert (over["order"]["open"], over["receipt"]["order_status"]) == (False, "COMPLETED")
    told = await events(server, order_id)
    assert [event["type"] for event in told] == [
        "order.created",
        "order.received",
        "receipt.opened",
        "ticket.created",
        "ticket.started",
        "receipt.changed",
        "order.changed",
        "ticket.ready",
        "receipt.changed",
        "order.changed",
        "receipt.closed",
        "order.delivered",
        "receipt.changed",
        "order.handed_over",
    ]
    assert [event["order_sequence"] for event in told] == list(range(1, len(told) + 1))
    assert (told[0]["actor"], told[1]["actor"], told[4]["actor"], told[10]["actor"]) == (
        "client:demo-client",
        "automatic",
        "device:1000001",
        "device:1",
    )


async def test_of_two_terminals_that_accept_at_once_one_wins_and_the_other_is_told_who(server: Server):
    """Both are answered 200; one changed something, and both name the same terminal. There is one receipt."""
    second, token = await administration.add_terminal(server.hub.store, demo.BRAND, venue_id=1, name="Second till")
    await server.hub.known.refresh()
    other = {"authorization": f"Bearer {token}"}
    for _ in range(5):
        order_id = await place(server)
        answers = await asyncio.gather(*(did(server, f"/orders/{order_id}/accept", {}, who) for who in (TILL, other)))
        assert sorted(answer["changed"] for answer in answers) == [False, True]
        winner = next(answer for answer in answers if answer["changed"])["order"]
        assert {answer["order"]["accepted_by"] for answer in answers} == {winner["accepted_by"]}
        assert winner["terminal_id"] in (1, second)
        told = [event["type"] for event in await events(server, order_id)]
        assert (told.count("order.received"), told.count("receipt.opened")) == (1, 1)


async def test_accepting_promises_a_time_and_sends_only_when_told(server: Server):
    """`minutes` becomes `promised_at`; without flag and policy nothing is sent until somebody sends it, once."""
    order_id = await place(server)
    accepted = await did(server, f"/orders/{order_id}/accept", {"minutes": 20})
    order = accepted["order"]
    assert (order["status"], order["sent_at"], accepted["tickets"]) == ("RECEIVED", None, [])
    assert order["promised_at"] > order["received_at"]
    sent = await did(server, f"/orders/{order_id}/send-to-station")
    assert [ticket["id"] for ticket in sent["tickets"]] == [f"{order_id}-1-1"]
    assert sent["tickets"][0]["promised_at"] == order["promised_at"]
    again = await did(server, f"/orders/{order_id}/send-to-station")
    assert (again["changed"], again["tickets"]) == (False, sent["tickets"])
    refused = await post(server, f"/orders/{await place(server)}/send-to-station")
    assert (refused.status_code, refused.json()["message"]) == (400, "Status is not allowed")


async def test_a_paid_order_that_no_station_makes_is_delivered_once_it_is_sent(server: Server):
    """Its station was retired meanwhile: closed, sent, nothing left to finish (contract 14.4)."""
    order_id = await place(server)
    await did(server, f"/orders/{order_id}/accept", {"send_to_station": False})
    due = (await hub_get(server, f"/orders/{order_id}"))["chain"]["receipt"]["remaining"]
    paid = await post(
        server, f"/receipts/{order_id}/close", {"payment_methods": [{"id": 1, "name": "Cash", "amount": due}]}
    )
    assert paid.status_code == 200, paid.text
    await server.import_(
        {
            "stations": [{"id": 1, "name": "Kitchen", "active": False}],
            "venues": [{"id": 1, "name": "Main", "default_station_id": None}],
        }
    )
    sent = await did(server, f"/orders/{order_id}/send-to-station")
    assert (sent["tickets"], sent["order"]["status"]) == ([], "DELIVERED")
    told = [event["type"] for event in await events(server, order_id)]
    assert told[-2:] == ["order.sent_to_station", "order.delivered"]


async def test_the_venue_may_send_whatever_it_accepts(server: Server):
    """Policy `send_on_accept: always`; the person who accepts may still say no."""
    await server.import_({"venues": [{"id": 1, "name": "Main", "default_station_id": 1, "send_on_accept": "always"}]})
    sent = await did(server, f"/orders/{await place(server)}/accept", {})
    assert len(sent["tickets"]) == 1
    held = await did(server, f"/orders/{await place(server)}/accept", {"send_to_station": False})
    assert held["tickets"] == []


async def test_every_line_stands_on_the_ticket_of_its_station(server: Server):
    """By product, parent, category and venue; each line once, with modifiers, note and portion."""
    lines = [
        {**DOCUMENTED["products"][0], "portion_size": 0.5},
        {**MINIMAL["products"][0], "product_id": 111, "product_name": "Ayran", "price": 1.2},
        {**MINIMAL["products"][0], "product_id": 120, "product_name": "Baklava", "price": 14.9, "count": 0.35},
    ]
    order_id = await place(server, products=lines, auto_order_accept=True, auto_order_sent_to_station=True)
    tickets = {
        ticket["station_id"]: ticket for ticket in (await hub_get(server, f"/orders/{order_id}"))["chain"]["tickets"]
    }
    assert {station: [line["line"] for line in ticket["lines"]] for station, ticket in tickets.items()} == {
        1: [0, 2],
        2: [1],
    }
    assert tickets[1]["lines"][0] == {
        "line": 0,
        "product_id": 101,
        "name": "Pizza",
        "count": 2,
        "portion_size": 0.5,
        "note": "No onions",
        "modifiers": [{"name": "Extra Cheese", "count": 1, "portion_size": 1}],
        "ready_at": None,
    }
    assert (tickets[1]["sale_type"], tickets[1]["lines"][1]["count"]) == ("Delivery", 0.35)


async def test_a_refusal_names_its_reason_and_can_empty_the_stop_list(server: Server):
    """Reasons are a closed list; an out-of-stock line sets the product to 0 when asked, and is not given back."""
    order_id = await place(server)
    unknown = await post(server, f"/orders/{order_id}/refuse", {"reason": "bored"})
    assert (unknown.status_code, unknown.json()["details"][0]["field"]) == (400, "reason")
    misspelt = await post(server, f"/orders/{order_id}/refuse", {"reason": "other", "update_stoplist": True})
    assert misspelt.json()["details"][0]["code"] == "unknown_field"
    body = {
        "reason": "out_of_stock",
        "note": "no dough",
        "lines": [{"line": 0, "reason": "out_of_stock"}],
        "update_stop_list": True,
    }
    refused = await did(server, f"/orders/{order_id}/refuse", body)
    assert refused["order"]["status"] == "IGNORE"
    assert "note" not in refused["order"]["refusal"]
    assert (await hub_get(server, f"/orders/{order_id}"))["refusal"]["note"] == "no dough"
    assert refused["order"]["refusal"]["lines"] == [{"line": 0, "product_id": 101, "reason": "out_of_stock"}]
    told = await events(server)
    assert [event["data"] for event in told if event["type"] == "stop_list.changed"][-1] == {
        "venue_id": 1,
        "product_id": 101,
        "quantity": 0,
    }
    next_one = await server.create(MINIMAL)
    assert next_one.json()["details"][0]["code"] == "stop_listed"
    assert (await did(server, f"/orders/{order_id}/refuse", {"reason": "closed"}))["changed"] is False
    late = await post(server, f"/orders/{order_id}/accept", {})
    assert (late.status_code, late.json()["message"]) == (400, "Status is not allowed")


async def test_what_an_ignored_order_held_is_given_back_unless_a_station_began(server: Server):
    """Contract 14.1.7; every change of the quantity is told."""
    await server.import_({"stop_list": [{"venue_id": 1, "product_id": 101, "quantity": 10}]})
    held = await place(server, DOCUMENTED)
    await server.ignore(held)
    begun = await place(server, DOCUMENTED)
    await did(server, f"/tickets/{begun}-1-1/start")
    assert (await server.ignore(begun)).status_code == 400
    await did(server, f"/orders/{begun}/refuse", {"reason": "customer_request"})
    told = [event["data"]["quantity"] for event in await events(server) if event["type"] == "stop_list.changed"]
    assert told[-4:] == [10, 8, 10, 8]


async def test_an_ignored_order_cancels_its_tickets_where_cooks_see_it(server: Server):
    """The ticket stays on the station until somebody dismisses it; the receipt is closed at zero."""
    order_id = await place(server, DOCUMENTED)
    await server.ignore(order_id)
    station = await hub_get(server, "/stations/1/tickets", KITCHEN)
    assert [(ticket["id"], ticket["status"]) for ticket in station["tickets"]] == [(f"{order_id}-1-1", "CANCELLED")]
    receipt = (await server.get(f"/receipts/{order_id}")).json()["data"]
    assert (receipt["status"], receipt["order_status"], receipt["total"], receipt["remaining"]) == (
        2,
        "CANCELLED",
        0,
        0,
    )
    assert receipt["payment_methods"] == []
    assert receipt["closed_at"] is not None
    started = await post(server, f"/tickets/{order_id}-1-1/start")
    assert (started.status_code, started.json()["error"]) == (409, "ticket_not_allowed")
    await did(server, f"/tickets/{order_id}-1-1/dismiss", headers=KITCHEN)
    assert (await hub_get(server, "/stations/1/tickets", KITCHEN))["tickets"] == []


async def test_a_paid_order_is_cancelled_by_a_manager_only_and_marked_for_refund(server: Server):
    """Staff and terminals may while it is unpaid; afterwards a manager, and the receipt says so."""
    order_id = await place(server, DOCUMENTED)
    await did(server, f"/receipts/{order_id}/close", payment("19.51"))
    at_till = await post(server, f"/orders/{order_id}/refuse", {"reason": "customer_request"})
    assert (at_till.status_code, at_till.json()["message"]) == (400, "Status is not allowed")
    refused = await did(server, f"/orders/{order_id}/refuse", {"reason": "customer_request"}, await manager(server))
    assert (refused["order"]["status"], refused["receipt"]["refund_due"]) == ("IGNORE", True)
    assert refused["receipt"]["payment_methods"] == []


async def test_cooking_can_be_recalled_and_the_receipt_follows(server: Server):
    """NEW, IN_PROGRESS, READY, back to IN_PROGRESS; repeats change nothing."""
    order_id = await place(server, DOCUMENTED)
    path = f"/tickets/{order_id}-1-1"
    states = []
    for action in ("start", "start", "ready", "ready", "recall", "recall", "ready"):
        done = await did(server, f"{path}/{action}", headers=KITCHEN)
        states.append((done["changed"], done["tickets"][0]["status"], done["receipt"]["order_status"]))
    assert states == [
        (True, "STARTED", "IN_PROGRESS"),
        (False, "STARTED", "IN_PROGRESS"),
        (True, "READY", "READY"),
        (False, "READY", "READY"),
        (True, "STARTED", "IN_PROGRESS"),
        (False, "STARTED", "IN_PROGRESS"),
        (True, "READY", "READY"),
    ]
    await did(server, f"/orders/{order_id}/hand-over")
    left = await post(server, f"{path}/recall", headers=KITCHEN)
    assert (left.status_code, left.json()["error"]) == (409, "ticket_not_allowed")
    missing = await post(server, f"/tickets/{order_id}-7-1/start")
    assert (missing.status_code, missing.json()["error"]) == (404, "resource_not_found")
    line = await post(server, f"{path}/lines/9/ready")
    assert line.status_code == 404


async def test_what_cannot_be_made_is_stopped_also_when_somebody_else_was_faster(server: Server):
    """The order is refused already: the product is off sale all the same, and is told so once."""
    order_id = await place(server)
    await did(server, f"/orders/{order_id}/refuse", {"reason": "too_busy"})
    gone = [{"line": 0, "reason": "out_of_stock"}]
    body = {"reason": "out_of_stock", "lines": gone, "update_stop_list": True}
    late = await did(server, f"/orders/{order_id}/refuse", body)
    assert (late["changed"], late["order"]["refusal"]["reason"]) == (False, "too_busy")
    product = MINIMAL["products"][0]["product_id"]
    told = [event["data"] for event in await events(server) if event["type"] == "stop_list.changed"]
    assert [(one["product_id"], one["quantity"]) for one in told if one["product_id"] == product] == [(product, 0)]
    assert (await server.create(MINIMAL)).status_code == 400


async def test_an_order_that_cost_nothing_owes_no_refund(server: Server):
    """Its receipt was closed with a payment of nothing: whoever may cancel an unpaid order may cancel it."""
    order_id = await place(server, {**MINIMAL, "discount": {"discount_type": 1, "discount_value": 100}})
    accepted = await did(server, f"/orders/{order_id}/accept", {})
    assert accepted["receipt"]["total"] == 0
    path = f"/open-api/v2/receipts/{order_id}/close"
    closed = await server.http.post(path, json=payment(0), headers=server.headers)
    assert closed.status_code == 200, closed.text
    refused = await did(server, f"/orders/{order_id}/refuse", {"reason": "customer_request"})
    assert (refused["order"]["status"], refused["receipt"]["refund_due"]) == ("IGNORE", False)


async def test_an_unpaid_order_is_picked_up_and_delivered_when_it_is_paid(server: Server):
    """PICKED_UP at hand-over, COMPLETED and DELIVERED with the payment."""
    order_id = await place(server, DOCUMENTED)
    await did(server, f"/tickets/{order_id}-1-1/ready")
    over = await did(server, f"/orders/{order_id}/hand-over")
    assert (over["order"]["status"], over["receipt"]["order_status"]) == ("RECEIVED", "PICKED_UP")
    closed = await server.http.post(
        f"/open-api/v2/receipts/{order_id}/close", json=payment(19.51), headers=server.headers
    )
    assert closed.json()["message"] == "Receipt closed"
    order = await hub_get(server, f"/orders/{order_id}")
    assert (order["status"], order["chain"]["receipt"]["order_status"], order["chain"]["order"]["open"]) == (
        "DELIVERED",
        "COMPLETED",
        False,
    )


async def test_an_order_paid_before_it_was_sent_still_waits_for_its_cooking(server: Server):
    """It stays RECEIVED and visibly unsent; sent and cooked it is DELIVERED, and on the board until it is handed over."""
    order_id = await place(server, auto_order_accept=True)
    total = (await hub_get(server, f"/orders/{order_id}"))["total_amount"]
    await did(server, f"/receipts/{order_id}/close", payment(total))
    order = (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]
    assert (order["status"], order["open"], order["sent_at"]) == ("RECEIVED", True, None)
    sent = await did(server, f"/orders/{order_id}/send-to-station")
    assert (len(sent["tickets"]), sent["order"]["status"]) == (1, "RECEIVED")
    cooked = await did(server, f"/tickets/{order_id}-1-1/ready")
    assert (cooked["order"]["status"], cooked["order"]["open"]) == ("DELIVERED", True)
    over = await did(server, f"/orders/{order_id}/hand-over")
    assert (over["order"]["status"], over["order"]["open"]) == ("DELIVERED", False)


async def test_actions_are_kept_under_their_key(server: Server):
    """A lost reply is asked for again: the same answer, marked; the key with another body is refused."""
    order_id = await place(server)
    key = {"Idempotency-Key": "tap-1"}
    first = await post(server, f"/orders/{order_id}/accept", {"minutes": 5}, **key)
    await did(server, f"/orders/{order_id}/hand-over")
    again = await post(server, f"/orders/{order_id}/accept", {"minutes": 5}, **key)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await post(server, f"/orders/{order_id}/accept", {"minutes": 6}, **key)
    assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")


async def test_the_timeline_has_every_step_and_the_venue_its_percentiles(server: Server):
    """Stored, seen, accepted, sent, started, ready, handed over, with rising times."""
    order_id = await place(server)
    await did(server, f"/orders/{order_id}/seen")
    assert (await did(server, f"/orders/{order_id}/seen"))["changed"] is False
    await did(server, f"/orders/{order_id}/accept", {"send_to_station": True})
    await did(server, f"/tickets/{order_id}-1-1/start")
    await did(server, f"/tickets/{order_id}-1-1/ready")
    await did(server, f"/orders/{order_id}/hand-over")
    steps = (await hub_get(server, f"/orders/{order_id}/timeline", server.headers))["steps"]
    assert [step["step"] for step in steps] == [
        "stored",
        "seen",
        "accepted",
        "sent_to_station",
        "started",
        "ready",
        "handed_over",
    ]
    assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)
    found = await hub_get(server, "/venues/1/performance", server.headers)
    assert {leg: values["orders"] for leg, values in found["legs"].items()} == dict.fromkeys(found["legs"], 1)
    meter = server.hub.metrics.registry.get_sample_value(
        "comanda_leg_seconds_count", {"brand": "demo", "venue": "1", "leg": "started_to_ready"}
    )
    assert meter == 1


async def test_an_order_with_unknown_items_is_accepted_by_people_only(server: Server):
    """It waits with `needs_attention`; once a person accepts it, the default station makes what nobody knows."""
    venue = {"id": 1, "name": "Main", "default_station_id": 1, "unknown_item_policy": "quarantine"}
    await server.import_({"venues": [venue]})
    line = {**MINIMAL["products"][0], "product_id": 4711, "product_name": "Mystery"}
    order_id = await place(server, products=[line], auto_order_accept=True)
    order = (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]
    assert (order["status"], order["needs_attention"]) == ("PENDING", True)
    accepted = await did(server, f"/orders/{order_id}/accept", {"send_to_station": True})
    assert (accepted["order"]["needs_attention"], accepted["tickets"][0]["lines"][0]["name"]) == (False, "Mystery")


async def test_who_may_do_what(server: Server):
    """Integrators only read; a kitchen screen of another venue sees nothing of this one; roles count."""
    order_id = await place(server)
    for path in (f"/orders/{order_id}/accept", f"/orders/{order_id}/refuse", f"/receipts/{order_id}/close"):
        assert (await post(server, path, {}, server.headers)).status_code == 403
    _, token = await administration.add_terminal(server.hub.store, demo.BRAND, venue_id=2, name="Elsewhere")
    await server.hub.known.refresh()
    elsewhere = {"authorization": f"Bearer {token}"}
    answer = await post(server, f"/orders/{order_id}/accept", {}, elsewhere)
    assert (answer.status_code, answer.json()["error"]) == (404, "resource_not_found")
    assert (await server.http.get("/hub/v1/venues/1/board", headers=elsewhere)).status_code == 404
    assert (await server.http.get(f"/hub/v1/orders/{order_id}", headers=elsewhere)).status_code == 404


async def test_without_a_station_there_is_nothing_to_send(server: Server):
    """An order that no station makes counts as sent; paid it is DELIVERED, and on the board until it is handed over."""
    await server.import_(
        {
            "venues": [{"id": 1, "name": "Main"}],
            "stations": [{"id": 1, "name": "Kitchen", "active": False}],
        }
    )
    order_id = await place(server, auto_order_accept=True)
    before = (await hub_get(server, f"/orders/{order_id}"))["chain"]
    assert (before["tickets"], before["order"]["sent_at"] is None) == ([], False)
    assert before["order"]["ready_at"] == before["order"]["received_at"]
    await did(server, f"/receipts/{order_id}/close", payment(before["receipt"]["remaining"]))
    after = (await hub_get(server, f"/orders/{order_id}"))["chain"]
    assert (after["order"]["status"], after["receipt"]["order_status"], after["order"]["open"]) == (
        "DELIVERED",
        "NEW",
        True,
    )
    over = await did(server, f"/orders/{order_id}/hand-over")
    assert (over["receipt"]["order_status"], over["order"]["open"]) == ("COMPLETED", False)


def test_a_ladder_is_held_to_its_rules():
    """Rising steps, and only the last one decides."""
    from comanda.base.errors import SetupError
    from comanda.catalogue.document import check_document
    from comanda.catalogue.snapshot import Snapshot

    steps = [{"after_s": 60, "action": "accept"}, {"after_s": 30, "action": "remind"}]
    bad = document(venues=[{"id": 1, "name": "V", "accept_deadlines": [{"steps": steps}]}])
    with pytest.raises(SetupError, match="each step must come later") as refused:
        check_document(bad, Snapshot())
    assert "only the last step may accept or ignore" in str(refused.value)


async def test_food_that_left_before_it_was_paid_for_on_paper_is_completed_either_way(server: Server):
    """Paid first, then PICKED_UP by the integrator: COMPLETED and DELIVERED, never off the screens and undone."""
    order_id = await place(server, DOCUMENTED)
    await did(server, f"/receipts/{order_id}/close", payment(19.51))
    picked_up = await server.http.patch(
        f"/open-api/v2/receipts/{order_id}", json={"order_status": "PICKED_UP"}, headers=server.headers
    )
    assert picked_up.json()["data"]["order_status"] == "COMPLETED"
    order = (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]
    assert (order["status"], order["open"]) == ("DELIVERED", False)


async def test_a_recall_takes_nothing_back_on_a_closed_receipt(server: Server):
    """The ticket is in work again; the receipt, paid and READY, stays so."""
    order_id = await place(server, DOCUMENTED)
    await did(server, f"/tickets/{order_id}-1-1/ready")
    await did(server, f"/receipts/{order_id}/close", payment(19.51))
    recalled = await did(server, f"/tickets/{order_id}-1-1/recall")
    assert (recalled["tickets"][0]["status"], recalled["receipt"]["order_status"]) == ("STARTED", "READY")
    assert recalled["order"]["status"] == "DELIVERED"


async def test_what_the_catalogue_does_not_know_never_gets_on_the_stop_list(server: Server):
    """A quarantined line refused as out of stock leaves no row behind that an export could not import."""
    venue = {"id": 1, "name": "Main", "default_station_id": 1, "unknown_item_policy": "quarantine"}
    await server.import_({"venues": [venue]})
    line = {**MINIMAL["products"][0], "product_id": 4711, "product_name": "Mystery"}
    order_id = await place(server, products=[line, MINIMAL["products"][0]])
    gone = [{"line": line, "reason": "out_of_stock"} for line in (0, 1)]
    await did(server, f"/orders/{order_id}/refuse", {"reason": "out_of_stock", "lines": gone, "update_stop_list": True})
    whole = await server.hub.store.whole_catalogue(demo.BRAND)
    assert {entry.product_id for entry in whole.stop_list} == {101, 120}


async def test_a_board_that_is_too_long_shows_the_newest(server: Server, monkeypatch):
    """And says that it is cut; so does a station."""
    from comanda.store import boards

    for name in ("_SELECT_OPEN", "_SELECT_STATION", "_SELECT_OPEN_TICKETS"):
        statement = getattr(boards, name)
        monkeypatch.setattr(boards, name, type(statement)(statement.element.limit(2)))
    placed = [await place(server, DOCUMENTED) for _ in range(3)]
    board = await hub_get(server, "/venues/1/board")
    assert [order["id"] for order in board["orders"]] == placed[1:]
    assert [ticket["order_id"] for ticket in board["tickets"]] == placed[1:]
    station = await hub_get(server, "/stations/1/tickets")
    assert [ticket["order_id"] for ticket in station["tickets"]] == placed[1:]


async def test_what_nobody_touches_for_days_leaves_the_screens_and_nothing_else(server: Server):
    """Orders and cancelled tickets; boards and events still agree, and who is accepted late is on the board again."""
    from sqlalchemy import text

    from comanda.duties.housekeeping import clear_brand
    from comanda.orders.dossier import House
    from comanda.store.transaction import Statement, one

    old, cancelled, pending = await place(server, DOCUMENTED), await place(server, DOCUMENTED), await place(server)
    await server.ignore(cancelled)
    fresh = await place(server, DOCUMENTED)
    paid = await place(server)
    await did(server, f"/orders/{paid}/accept", {"send_to_station": False})
    before = shown(await hub_get(server, "/venues/1/board"))

    def age(ids: str, *tables: str):
        for table, key in (("orders", "id"), ("tickets", "order_id"), ("receipts", "id")):
            if table in tables:
                yield one(Statement(text(f"UPDATE {table} SET updated_at = 1 WHERE {key} IN {ids}"), returns=False))

    await server.hub.store.run(lambda: age(f"({old}, {cancelled}, {pending})", "orders", "tickets", "receipts"))
    await server.hub.store.run(lambda: age(f"({paid}, {paid})", "orders"))
    directory = await server.hub.known.directory()
    house = House(directory.brands[demo.BRAND], server.hub.known.snapshot(demo.BRAND))
    await clear_brand(server.hub.store, house, server.hub.settings)
    after = shown(await hub_get(server, "/venues/1/board"))
    assert (set(after["orders"]), set(after["tickets"])) == ({fresh, paid}, {f"{fresh}-1-1"})
    state = before
    for event in (await events(server))[before["number"] :]:
        state = folded(state, event)
    assert state["tickets"] == after["tickets"]
    assert set(state["orders"]) == set(after["orders"])
    order = (await hub_get(server, f"/orders/{old}"))["chain"]
    assert (order["order"]["status"], order["receipt"]["status"]) == ("RECEIVED", 1)
    late = await did(server, f"/orders/{pending}/accept", {"send_to_station": False})
    assert (late["order"]["status"], late["order"]["open"]) == ("RECEIVED", True)
    await server.hub.store.run(lambda: age(f"({pending})", "orders", "receipts"))
    await clear_brand(server.hub.store, house, server.hub.settings)
    # What is not sent waits to be, however long (contract 14.1.9); older stores have let such orders go.
    assert pending in shown(await hub_get(server, "/venues/1/board"))["orders"]
    gone = text(f"UPDATE orders SET open = :no WHERE id = {pending}").bindparams(no=False)
    await server.hub.store.run(lambda: (yield one(Statement(gone, returns=False))))
    sent = await did(server, f"/orders/{pending}/send-to-station")
    assert (sent["order"]["open"], len(sent["tickets"])) == (True, 1)
    fresh_board = shown(await hub_get(server, "/venues/1/board"))
    for event in (await events(server))[state["number"] :]:
        state = folded(state, event)
    assert [state["orders"].keys(), state["receipts"], state["tickets"]] == [
        fresh_board["orders"].keys(),
        fresh_board["receipts"],
        fresh_board["tickets"],
    ]


async def test_a_long_poll_over_many_events_of_no_interest_is_answered_at_once(server: Server):
    """It says where to go on; only at the end of the log does it wait."""
    await place(server, DOCUMENTED)
    answer = await server.http.get(
        "/hub/v1/events",
        params={"venue": 1, "after": 0, "types": "terminal.absent", "wait": 1, "limit": 1},
        headers=server.headers,
    )
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert answer.json()["next_after"] == answer.json()["last"]


async def test_one_caller_cannot_take_every_viewers_place(server: Server, monkeypatch):
    """The till still gets in when an integrator has all it may have."""
    from comanda.base import limits

    monkeypatch.setattr(limits, "MAX_VIEWERS_EACH", 1)
    async with server.http.stream("GET", "/hub/v1/stream?venues=1", headers=server.headers) as first:
        assert first.status_code == 200
        second = await server.http.get("/hub/v1/stream?venues=1", headers=server.headers)
        assert (second.status_code, second.json()["error"]) == (503, "too_many_viewers")
        async with server.http.stream("GET", "/hub/v1/stream?venues=1", headers=TILL) as till:
            assert till.status_code == 200


async def test_lapsed_keys_are_cleared_in_small_steps(server: Server, monkeypatch):
    """However many there are, and only those that have lapsed."""
    from sqlalchemy import text

    from comanda.base import limits
    from comanda.store.lapsed import find_lapsed
    from comanda.store.transaction import Statement, one

    monkeypatch.setattr(limits, "PURGE_STEP", 2)
    for number in range(5):
        await server.create({**MINIMAL, "order_number": str(number)}, **{"Idempotency-Key": f"k{number}"})

    def lapse():
        yield one(Statement(text("UPDATE idempotency SET expires_at = 1 WHERE key <> 'k4'"), returns=False))

    await server.hub.store.run(lapse)
    assert len(await server.hub.store.read(lambda: find_lapsed("keys", demo.BRAND, 10))) == 2
    from comanda.duties.housekeeping import clear_brand
    from comanda.orders.dossier import House

    directory = await server.hub.known.directory()
    house = House(directory.brands[demo.BRAND], server.hub.known.snapshot(demo.BRAND))
    await clear_brand(server.hub.store, house, server.hub.settings)
    kept = await server.create({**MINIMAL, "order_number": "4"}, **{"Idempotency-Key": "k4"})
    gone = await server.create({**MINIMAL, "order_number": "3"}, **{"Idempotency-Key": "k3"})
    assert (kept.headers.get("Idempotent-Replayed"), gone.headers.get("Idempotent-Replayed")) == ("true", None)


async def test_an_action_may_leave_an_order_alone_that_something_happened_to(server: Server):
    """409 order_changed since the event that was seen, whoever it was; a known key is answered first; else it is done."""
    order_id = await place(server)
    seen = (await events(server, order_id))[-1]["number"]
    unless = {"If-Unchanged-Since-Event": str(seen)}
    await did(server, f"/orders/{order_id}/seen", {})
    accepted = await did(server, f"/orders/{order_id}/accept", {}, **unless, **{"Idempotency-Key": "a"})
    assert accepted["changed"] is True
    again = await post(server, f"/orders/{order_id}/accept", {}, **unless, **{"Idempotency-Key": "a"})
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    refusal = {"reason": "too_busy"}
    late = await post(server, f"/orders/{order_id}/refuse", refusal, **unless, **{"Idempotency-Key": "b"})
    assert (late.status_code, late.json()["error"], late.json()["order_id"]) == (409, "order_changed", order_id)
    now = late.json()["last"]
    assert now == (await events(server, order_id))[-1]["number"] > seen
    assert (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]["status"] == "RECEIVED"
    await place(server)
    fresh = {"If-Unchanged-Since-Event": str(now), "Idempotency-Key": "b"}
    assert (await did(server, f"/orders/{order_id}/refuse", refusal, **fresh))["changed"] is True
    for nonsense in ("-1", "1.5", "", "1" * 16):
        answer = await post(server, f"/orders/{order_id}/accept", {}, **{"If-Unchanged-Since-Event": nonsense})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_header")


async def test_each_event_tells_what_it_is_named_for_once(server: Server):
    """What is finished without a start is started first; handed over comes before delivered; paid is told as closed once."""
    order_id = await place(server, DOCUMENTED)
    await did(server, f"/tickets/{order_id}-1-1/ready", headers=KITCHEN)
    told = [(e["type"], e["data"]["status"]) for e in await events(server, order_id) if e["type"].startswith("ticket.")]
    assert told == [("ticket.created", "NEW"), ("ticket.started", "STARTED"), ("ticket.ready", "READY")]
    by_line = await place(server, DOCUMENTED)
    await did(server, f"/tickets/{by_line}-1-1/lines/0/ready", headers=KITCHEN)
    told = [(e["type"], e["data"]["status"]) for e in await events(server, by_line) if e["type"].startswith("ticket.")]
    assert told == [("ticket.created", "NEW"), ("ticket.started", "STARTED"), ("ticket.ready", "READY")]

    paid_first = await place(server, DOCUMENTED)
    await did(server, f"/receipts/{paid_first}/close", payment(19.51))
    await did(server, f"/orders/{paid_first}/hand-over")
    told = [
        (e["type"], e["data"]["status"]) for e in await events(server, paid_first) if e["type"].startswith("order.")
    ]
    assert told[-2:] == [("order.handed_over", "RECEIVED"), ("order.delivered", "DELIVERED")]

    cancelled = await place(server, DOCUMENTED)
    await did(server, f"/receipts/{cancelled}/close", payment(19.51))
    await did(server, f"/orders/{cancelled}/refuse", {"reason": "customer_request"}, await manager(server))
    told = [e["type"] for e in await events(server, cancelled)]
    assert told.count("receipt.closed") == told.count("order.ignored") == told.count("ticket.cancelled") == 1
    assert [e["data"]["refund_due"] for e in await events(server, cancelled) if e["type"] == "receipt.changed"] == [
        True
    ]


async def test_an_order_to_be_mapped_is_told_of(server: Server):
    """`order.needs_attention` follows its creation."""
    venue = {"id": 1, "name": "Main", "is_main": True, "unknown_item_policy": "quarantine"}
    await server.import_({"venues": [{**venue, "default_terminal_id": 1, "default_station_id": 1}]})
    line = {**MINIMAL["products"][0], "product_id": 4711, "product_name": "Mystery"}
    order_id = await place(server, products=[line])
    told = await events(server, order_id)
    assert [event["type"] for event in told] == ["order.created", "order.needs_attention"]
    assert (told[1]["data"]["status"], told[1]["data"]["needs_attention"]) == ("PENDING", True)
