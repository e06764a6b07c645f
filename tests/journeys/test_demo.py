"""What a newcomer does: the demo, then the command line, against real processes."""

import json
import signal
import subprocess
import sys
import time

import httpx
import pytest
from benchmarks.servers import free_port
from tests.conftest import DEMO_CREDENTIALS, REAL_ORDERS, fresh_database, run_comanda

from comanda import demo

MAP = "order=order_id,item=item_name,quantity=quantity,price=item_price,choices=choice_description"


def token(url: str) -> dict[str, str]:
    """Headers of a signed-in demo client."""
    return {"x-token": httpx.post(f"{url}/open-api/v2/auth", json=DEMO_CREDENTIALS, timeout=60).json()["token"]}


def test_the_demo_puts_a_first_order_through_and_stops_cleanly(tmp_path):
    """It prints the answer, the stored order with 19.51, the credentials; stays; Ctrl-C ends it with 0."""
    port, output = free_port(), tmp_path / "out"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "comanda", "demo", "--port", str(port), "--metrics-port", "0"],
            stdout=file, stderr=subprocess.STDOUT, cwd=tmp_path,
        )  # fmt: skip
    try:
        until = time.monotonic() + 180
        while "Ctrl-C stops it" not in output.read_text() and time.monotonic() < until:
            time.sleep(0.1)
        text = output.read_text()
        for wanted in (
            '"message": "Order created"',
            "19.51 AZN",
            "demo-client",
            "demo-secret",
            "test_demo",
            "RECEIVED",
        ):
            assert wanted in text
        assert process.poll() is None
        assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=60).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert "Stopped. Every order that was answered is stored." in output.read_text()
        assert "Traceback" not in output.read_text()
    finally:
        process.kill()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_file_of_past_orders_is_replayed_and_reconciled(kind, tmp_path, request, start_comanda):
    """All 1,834 real orders, over HTTP, to the cent. Where the real file is absent, a small one of ours is replayed."""
    where = ["--data-dir", str(tmp_path / "data")]
    if kind == "postgresql":
        where += ["--database-url", fresh_database(request)]
    server = start_comanda("serve", "--demo", *where)
    file, expected = REAL_ORDERS, (1834, "34500.16")
    if not file.exists():
        file = tmp_path / "orders.tsv"
        file.write_text(
            "order_id\tquantity\titem_name\tchoice_description\titem_price\n"
            + "".join(
                f"{n}\t{n % 3 + 1}\tItem {n % 7}\t[A, [B, C{n % 4}]]\t${n}.{n % 100:02d} \n" for n in range(1, 301)
            )
        )
        expected = (300, f"{sum(n + n % 100 / 100 for n in range(1, 301)):.2f}")
    done = run_comanda(
        "replay", str(file), "--map", MAP, "--create-catalogue", "--url", server.url, "--json", *where, cwd=tmp_path
    )
    (report,) = json.loads(done.stdout)
    assert report["reconciled"] is True
    assert (report["stored"], report["stored_sum"]) == expected
    assert (report["refused"], report["missing"], report["duplicated"], report["differing"]) == (0, 0, 0, 0)


def test_an_operator_sets_up_a_brand_from_nothing(tmp_path, start_comanda):
    """brand, integrator, client, import, serve, order, tail, export, rotate, disable, backup, restore, doctor."""
    where = ["--data-dir", "data"]

    def comanda(*words, check=True):
        return run_comanda(*words, *where, cwd=tmp_path, check=check)

    comanda("brand", "add", "plov", "--name", "Plov House")
    comanda("integrator", "add", "wolt", "--production")
    secret = json.loads(comanda("client", "add", "site", "--brand", "plov", "--json").stdout)["secret"]
    (tmp_path / "menu.yaml").write_text(demo.catalogue_text())
    assert "added   products 101" in comanda("import", "menu.yaml", "--brand", "plov").stdout
    assert "nothing was different" in comanda("import", "menu.yaml", "--brand", "plov").stdout
    server = start_comanda("serve", *where)
    comanda("staff", "add", "anna", "--brand", "plov", "--role", "manager")
    assert (
        len(
            json.loads(comanda("terminal", "add", "Till 3", "--brand", "plov", "--venue", "1", "--json").stdout)[
                "secret"
            ]
        )
        == 40
    )
    for table in ("brand", "integrator"):
        assert "secret" not in comanda(table, "list", "--json").stdout
    for table in ("client", "staff", "terminal"):
        listed = comanda(table, "list", "--brand", "plov", "--json").stdout
        assert "sha256" not in listed
        assert "password" not in listed
    (tmp_path / "order.json").write_bytes(demo.example_bytes("create-order.request"))
    login = [
        "--url",
        server.url,
        "--brand",
        "plov",
        "--client-id",
        "site",
        "--integrator-id",
        "wolt",
        "--client-secret",
    ]
    sent = run_comanda("order", "send", "order.json", "--key", "k", *login, secret, cwd=tmp_path)
    assert json.loads(sent.stdout)["data"]["payload"]["totals"]["total"] == 19.51
    assert run_comanda("order", "send", "order.json", "--key", "k", *login, secret, cwd=tmp_path).stdout == sent.stdout
    assert "19.51 AZN" in run_comanda("orders", "tail", "--once", *login, secret, cwd=tmp_path).stdout
    fresh = json.loads(comanda("client", "rotate", "site", "--brand", "plov", "--json").stdout)["secret"]
    time.sleep(1)
    refused = run_comanda("orders", "tail", "--once", *login, secret, cwd=tmp_path, check=False)
    assert (refused.returncode, "sign-in was refused" in refused.stderr) == (1, True)
    comanda("terminal", "disable", "1", "--brand", "plov")
    assert [row["active"] for row in json.loads(comanda("terminal", "list", "--brand", "plov", "--json").stdout)] == [
        False, True, True
    ]  # fmt: skip
    comanda("client", "disable", "site", "--brand", "plov")
    time.sleep(1)
    assert (
        "Client is disabled" in run_comanda("orders", "tail", "--once", *login, fresh, cwd=tmp_path, check=False).stderr
    )
    comanda("backup", "copy.db")
    in_use = comanda("restore", "copy.db", "--replace", check=False)
    assert (in_use.returncode, "is in use" in in_use.stderr) == (1, True)
    server.popen.send_signal(signal.SIGTERM)
    assert server.popen.wait(30) == 0
    comanda("restore", "copy.db", "--replace")
    assert "1 orders" in run_comanda("doctor", *where, cwd=tmp_path).stdout
    comanda("export", "--brand", "plov", "--out", "export.yaml")
    run_comanda("brand", "add", "plov", "--data-dir", "other", cwd=tmp_path)
    run_comanda("import", "export.yaml", "--brand", "plov", "--data-dir", "other", cwd=tmp_path)
    again = run_comanda("export", "--brand", "plov", "--data-dir", "other", cwd=tmp_path).stdout
    assert again == (tmp_path / "export.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["import", "nothing.yaml", "--brand", "x"], "cannot be read"),
        (["brand", "add", "Bad Slug"], "cannot be used"),
        (["brand", "add", "a", "--currency", "XXX1"], "no ISO 4217"),
        (["client", "add", "c", "--brand", "nobody"], "There is no brand"),
        (["client", "rotate", "c", "--brand", "nobody"], "There is no client"),
        (["serve", "--port", "1", "--database-url", "mysql://x"], "must begin with postgresql"),
        (["serve", "--demo", "--host", "0.0.0.0"], "needs --demo-lan"),
        (["order", "send", "nothing.json"], "cannot be read"),
        (["orders", "tail", "--once", "--url", "http://127.0.0.1:9"], "cannot be reached"),
        (["backup", "x.db"], "there is no store"),
        (["doctor", "--database-url", "postgresql://127.0.0.1:9/x"], "cannot be reached"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(tmp_path, words, reason):
    """Exit code 1, the reason, no traceback."""
    done = run_comanda(*words, cwd=tmp_path, check=False)
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert reason in text
    assert "Traceback" not in text


def test_the_demo_refuses_a_store_of_somebody_else_and_a_server_the_demos_credentials(tmp_path, start_comanda):
    """Printed credentials open nothing real."""
    run_comanda("brand", "add", "real", "--data-dir", "real", cwd=tmp_path)
    refused = run_comanda("serve", "--demo", "--data-dir", "real", cwd=tmp_path, check=False)
    assert (refused.returncode, "holds the brand real" in " ".join(refused.stderr.split())) == (1, True)
    first = start_comanda("serve", "--demo", "--data-dir", "demo")
    headers = token(first.url)
    first.popen.send_signal(signal.SIGTERM)
    first.popen.wait(30)
    second = start_comanda("serve", "--data-dir", "demo")
    assert httpx.post(f"{second.url}/open-api/v2/auth", json=DEMO_CREDENTIALS, timeout=60).status_code == 401
    assert httpx.get(f"{second.url}/open-api/v2/orders", headers=headers, timeout=60).status_code == 401


def test_a_second_server_on_the_same_port_is_refused(tmp_path, start_comanda):
    """Instead of sharing the port unnoticed."""
    first = start_comanda("serve", "--demo")
    words = ["serve", "--demo", "--data-dir", "two", "--port", str(first.port), "--metrics-port", "0"]
    second = run_comanda(*words, cwd=tmp_path, check=False)
    assert (second.returncode, "Address already in use" in " ".join(second.stderr.split())) == (1, True)


def test_logs_tell_of_orders_and_name_nobody(tmp_path, start_comanda):
    """One event an order; no secret, no personal data, even at debug."""
    server = start_comanda("serve", "--demo", "--log-level", "debug")
    headers = {**token(server.url), "idempotency-key": "hidden-key"}
    post = f"{server.url}/open-api/v2/orders"
    assert (
        httpx.post(post, content=demo.example_bytes("create-order.request"), headers=headers, timeout=60).status_code
        == 201
    )
    bad = {**demo.example("create-order.minimal.request"), "sale_type_id": 99}
    assert httpx.post(post, json=bad, headers={**headers, "idempotency-key": "other"}, timeout=60).status_code == 400
    server.popen.send_signal(signal.SIGTERM)
    server.popen.wait(30)
    logged = server.output.read_text()
    events = [json.loads(row)["event"] for row in logged.splitlines() if row.startswith("{")]
    assert (events.count("order.answered"), events.count("order.refused")) == (1, 1)
    logs = "\n".join(row for row in logged.splitlines() if row.startswith("{"))
    for private in ("Test Customer", "501234567", "Main St", "demo-secret", headers["x-token"], "hidden-key"):
        assert private not in logs
