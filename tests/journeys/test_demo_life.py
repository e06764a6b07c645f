"""The demo alive: a real server whose guests order and whose robot house cooks, as far as somebody switched it on."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from benchmarks.servers import free_port
from tests.conftest import DEMO_CREDENTIALS, fresh_database

from comanda import demo
from comanda.base.json import to_json
from comanda.catalogue.document import read_document
from comanda.catalogue.snapshot import Snapshot, with_changes
from comanda.demo.guests import compose_order
from comanda.demo.robot import Robot

TILL = {"authorization": f"Bearer {demo.TERMINAL_TOKEN}"}


def manager(url: str) -> httpx.Client:
    """A client signed in as the demo's manager, with the session's CSRF token."""
    http = httpx.Client(base_url=url, timeout=30)
    who = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
    answer = http.post("/hub/v1/session", json=who)
    assert answer.status_code == 200, answer.text
    http.headers["x-csrf-token"] = answer.json()["data"]["csrf_token"]
    return http


def orders(url: str) -> list[dict]:
    """The orders of the demo's venue."""
    token = httpx.post(f"{url}/open-api/v2/auth", json=DEMO_CREDENTIALS, timeout=60).json()["token"]
    return httpx.get(f"{url}/open-api/v2/orders", params={"limit": 200}, headers={"x-token": token}, timeout=60).json()[
        "data"
    ]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_demo_lives_while_it_is_switched_on(kind, tmp_path, request, start_comanda):
    """Quiet at first; switched on, guests order and the house answers them; off again, nobody comes; it stops at once."""
    where = ["--database-url", fresh_database(request)] if kind == "postgresql" else []
    server = start_comanda("serve", "--demo", "--data-dir", str(tmp_path / "data"), *where)
    quiet = {"orders": False, "house": False, "per_minute": 6}
    assert httpx.get(f"{server.url}/hub/v1/demo", timeout=60).json()["data"] == quiet
    assert httpx.put(f"{server.url}/hub/v1/demo", json=quiet, timeout=60).status_code == 401
    http = manager(server.url)
    assert orders(server.url) == []
    wish = {"orders": True, "house": True, "per_minute": 120}
    assert http.put("/hub/v1/demo", json=wish).json()["data"] == wish
    until = time.monotonic() + 180
    while time.monotonic() < until:
        found = orders(server.url)
        answered = {order["status"] for order in found} - {"PENDING"}
        if len(found) >= 12 and answered:
            break
        time.sleep(0.5)
    assert len(found) >= 12
    assert "RECEIVED" in answered
    assert {order["payload"]["customer"]["name"] for order in found} > {found[0]["payload"]["customer"]["name"]}
    assert all("+99450555" in order["payload"]["customer"]["phone"].replace(" ", "").replace("050555", "+99450555")
               for order in found)  # fmt: skip
    assert http.put("/hub/v1/demo", json=quiet).json()["data"] == quiet
    before, now = -1, len(orders(server.url))
    for _ in range(20):
        if now == before:
            break
        time.sleep(2.5)
        before, now = now, len(orders(server.url))
    assert now == before
    http.put("/hub/v1/demo", json=wish)
    time.sleep(1)
    began = time.monotonic()
    server.popen.send_signal(signal.SIGTERM)
    assert server.popen.wait(30) == 0
    assert time.monotonic() - began < 30
    logged = server.output.read_text()
    assert '"level":"error"' not in logged
    assert "Traceback" not in logged


def test_the_demo_begins_alive_with_one_address_to_open(tmp_path):
    """``comanda demo`` prints where to go and who to be; orders are on from the start, and with --no-life they are not."""
    for words, expected in ((["--no-life"], False), ([], True)):
        port, output = free_port(), tmp_path / f"out-{expected}"
        with output.open("w") as file:
            command = [sys.executable, "-m", "comanda", "demo", "--port", str(port), "--metrics-port", "0", *words]
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=tmp_path)
        try:
            until = time.monotonic() + 180
            while "Ctrl-C stops it" not in output.read_text() and time.monotonic() < until:
                time.sleep(0.1)
            text = output.read_text()
            assert text.count("http://") == 1
            assert f"Open http://127.0.0.1:{port}" in text
            for person in demo.PEOPLE:
                assert person.username in text
            time.sleep(0.3)
            state = httpx.get(f"http://127.0.0.1:{port}/hub/v1/demo", timeout=60).json()["data"]
            assert state == {"orders": expected, "house": expected, "per_minute": 6}
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
            assert "Traceback" not in output.read_text()
        finally:
            process.kill()
            process.wait()


def test_a_furnished_demo_is_a_restaurant_and_other_servers_know_nobody_of_it(tmp_path, start_comanda):
    """Menu, pictures, people and channels; a server without --demo lets none of them in."""
    server = start_comanda("serve", "--demo", "--data-dir", "data")
    token = httpx.post(f"{server.url}/open-api/v2/auth", json=DEMO_CREDENTIALS, timeout=60).json()["token"]
    listed = httpx.get(
        f"{server.url}/open-api/v2/products", params={"limit": 100}, headers={"x-token": token}, timeout=60
    )
    products = listed.json()["data"]
    assert len(products) >= 40
    pictured = [product["media"][0]["urls"]["thumb"] for product in products if product.get("media")]
    assert len(pictured) >= 30
    for person in demo.PEOPLE:
        who = {"brand": demo.BRAND, "username": person.username, "password": person.password}
        answer = httpx.post(f"{server.url}/hub/v1/session", json=who, timeout=60)
        assert (answer.status_code, answer.json()["data"]["role"]) == (200, person.role)
    server.popen.send_signal(signal.SIGTERM)
    assert server.popen.wait(30) == 0
    plain = start_comanda("serve", "--data-dir", "data")
    assert httpx.get(f"{plain.url}/hub/v1/demo", timeout=60).status_code == 404
    for person in demo.PEOPLE:
        who = {"brand": demo.BRAND, "username": person.username, "password": person.password}
        assert httpx.post(f"{plain.url}/hub/v1/session", json=who, timeout=60).status_code == 401
    for channel in demo.CHANNELS:
        who = {**DEMO_CREDENTIALS, "client_id": channel.client_id, "client_secret": channel.secret}
        assert httpx.post(f"{plain.url}/open-api/v2/auth", json=who, timeout=60).status_code == 401


def snapshot() -> Snapshot:
    """The demo's menu, furnished."""
    found = Snapshot()
    for name in ("catalogue.yaml", "house.yaml"):
        document = read_document(Path(demo.__file__).parent / name)
        found = with_changes(found, 1, [one for kind in document.resources().values() for one in kind])
    return found


def test_guests_order_what_is_on_the_menu_within_its_rules():
    """Of 400 orders: every modifier group is kept to, prices are the menu's, and a few have something unknown."""
    menu, chance, unknown = snapshot(), random.Random(1), 0
    for _ in range(400):
        order = compose_order(menu, chance)
        assert order is not None
        assert to_json(order.body)
        for line in order.body["products"]:
            product = menu.products.get(line["product_id"])
            if product is None:
                unknown += 1
                continue
            assert product.id not in menu.parents
            assert line["price"] == product.price
            for group_id in menu.groups_of(product):
                group = menu.modifier_groups[group_id]
                chosen = [m for m in line["modifiers"] if m["modifier_id"] in menu.modifiers[group_id]]
                assert group.min_select <= len(chosen)
                assert not group.max_select or len(chosen) <= group.max_select
    assert 5 < unknown < 40


def test_a_menu_with_nothing_on_it_brings_no_order():
    """Somebody emptied it."""
    assert compose_order(Snapshot(), random.Random(1)) is None


def test_the_robot_leaves_what_must_be_mapped_and_takes_its_time():
    """An order with something unknown is never answered by it; others are, once, after some seconds."""
    order = {"id": 1, "status": "PENDING", "needs_attention": True, "sent_at": None, "ready_at": None}
    board = {"orders": [order], "receipts": [], "tickets": []}
    robot = Robot(random.Random(3))
    assert all(robot.next_acts(board, now) == [] for now in range(0, 100, 5))
    plain = {**board, "orders": [{**order, "id": number, "needs_attention": False} for number in range(2, 40)]}
    assert robot.next_acts(plain, 100.0) == []
    due = robot.next_acts(plain, 130.0)
    assert 30 < len(due) <= 38
    assert {act.path.rsplit("/", 1)[1] for act in due} == {"accept", "refuse"}
    for act in due:
        robot.done(act, 130.0)
    assert robot.next_acts(plain, 131.0) == []
