"""The examples as their readers run them: processes against a real server on either store."""

import os
import subprocess
import sys

import httpx
import pytest
from benchmarks.servers import free_port
from tests.conftest import DEMO_CREDENTIALS, ROOT, STORES, fresh_database

WALK = ROOT / "examples" / "walk_catalogue.py"


def walk(url: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the walk to its end, against this server."""
    return subprocess.run(
        [sys.executable, str(WALK)],
        capture_output=True,
        text=True,
        env={**os.environ, "COMANDA_URL": url, **environment},
        timeout=120,
        check=False,
    )


def hold_account(url: str, customer: str, order: int, daily_number: str) -> None:
    """Walk, and hold all that the walk says of the demo."""
    done = walk(url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "Signed in to demo for 3600 seconds.",
        "Venues: Seaside, Main; ordering at Main.",
        "Sale types: Takeaway, Delivery, Dine in; taking Takeaway.",
        "Categories: Drinks, Pizza.",
        "Products:",
        "  Baklava: 14.90, 12 left",
        "  Ayran 1 l: 2.90",
        "  Ayran 0.3 l: 1.20",
        "  Pizza Margherita: 7.90, with Extras",
        "  Pizza: 8.50, with Extras",
        customer,
        "Quote: 2 x Pizza Margherita + Extra Cheese = 16.80",
        "Quote: total 16.80 AZN.",
        f"Order {order} is stored.",
        f"Sent again under the same key: still order {order}.",
        f"Order {order} is RECEIVED.",
        f"Receipt {order}, number {daily_number}, NEW:",
        "  2 x Pizza Margherita = 16.80",
        "  total 16.80, to be paid 16.80",
    ]


@pytest.mark.parametrize("store", STORES)
def test_the_walk_takes_an_order_from_the_menu_to_its_receipt(request, start_comanda, tmp_path, store):
    """Its whole account, twice: a new customer, then the same one; one order each, though each is sent two times."""
    where = ["--data-dir", str(tmp_path / "store")]
    if store == "postgresql":
        where += ["--database-url", fresh_database(request)]
    url = start_comanda("serve", "--demo", "--bare", *where).url
    hold_account(url, "New customer 1000000001.", 1, "001")
    # The repeat of the first order took an id and gave it up: ids are unique and not gapless.
    hold_account(url, "Known customer 1000000001 with 0 receipts.", 3, "002")
    token = httpx.post(f"{url}/open-api/v2/auth", json=DEMO_CREDENTIALS, timeout=10).json()["token"]
    found = httpx.get(f"{url}/open-api/v2/orders", headers={"x-token": token}, timeout=10).json()
    assert found["total"] == 2
    for order in found["data"]:
        assert (order["status"], order["customer_id"], order["total_amount"]) == ("RECEIVED", 1_000_000_001, 16.8)
        assert order["payload"]["products"][0]["product_modificators"][0]["modificator_id"] == 501


def test_the_walk_says_in_a_sentence_why_it_cannot_go_on(start_comanda):
    """Refused credentials with status and words, a server that is not there; no traceback."""
    url = start_comanda("serve", "--demo").url
    refused = walk(url, COMANDA_INTEGRATOR_ID="nobody")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Refused: 400 Invalid integrator_id: ")
    nowhere = f"http://127.0.0.1:{free_port()}"
    lost = walk(nowhere)
    assert (lost.returncode, lost.stdout) == (1, "")
    assert lost.stderr.startswith(f"{nowhere} cannot be reached: ")
    assert "Traceback" not in refused.stderr + lost.stderr
