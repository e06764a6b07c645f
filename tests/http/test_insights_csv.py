"""A venue's figures for spreadsheets: what nobody wrote as a formula is run as none, numbers stay numbers."""

import csv
import io
import threading

import pytest
from sqlalchemy import Select
from tests.conftest import Server
from tests.http.chain import MINIMAL, did, manager, place

from comanda.http.hub_api.insights_csv import NAMES, cell
from comanda.store.transaction import Statement

pytestmark = pytest.mark.anyio
HOSTILE = {
    201: '=HYPERLINK("http://evil.example","click")',
    202: "+1+1",
    203: "-2+3",
    204: "@SUM(A1:A9)",
    205: "\tindented",
    206: "\rreturned",
    207: "\nfed",
    208: '"quoted", with; commas',
    209: "Şorba «ев», 汤",
    210: "\uff1dfull width",
    211: "plain = not at the start",
}


async def table(server: Server, name: str, query: str = "venue=1") -> list[list[str]]:
    """The rows of a table, once its form is as promised."""
    answer = await server.http.get(f"/hub/v1/insights.csv?{query}&table={name}", headers=await manager(server))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}-1-')
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    text = answer.content.decode("utf-8-sig")
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_text_that_would_run_gets_an_apostrophe_and_a_number_stays_one(sign: str):
    """Only texts are touched: an amount below zero is a number of ours."""
    assert cell(f"{sign}1") == f"'{sign}1"
    assert cell(f"a{sign}1") == f"a{sign}1"
    assert (cell(-5), cell(0), cell(None), cell("")) == (-5, 0, "", "")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d"])
@pytest.mark.parametrize("before", [";", "; ", ';"', '; "" ', "\t", "\r\n", "|"])
def test_a_formula_behind_a_separator_gets_one_too(sign: str, before: str):
    """Where lists are written with semicolons a spreadsheet splits there, quotes or not; what is no formula stays as it is."""
    assert cell(f"Pizza{before}{sign}1+1") == f"Pizza{before}'{sign}1+1"
    assert cell(f"Pizza{before}1{sign}1") == f"Pizza{before}1{sign}1"


async def test_names_that_are_formulas_are_shown_and_not_run(server: Server):
    """Products with hostile names, sold once each: quoted, neutralised, every letter kept."""
    products = [{"id": number, "name": name, "price": 1} for number, name in HOSTILE.items()]
    await server.import_({"products": products})
    lines = [{**MINIMAL["products"][0], "product_id": number, "price": 1, "count": 2} for number in HOSTILE]
    await place(server, products=[{**line, "modifiers": []} for line in lines], auto_order_accept=True)
    header, *rows = await table(server, "items")
    assert header == ["product_id", "name", "count", "sales"]
    told = {int(row[0]): row[1:] for row in rows}
    for number, name in HOSTILE.items():
        safe = name if number in (208, 209, 211) else f"'{name}"
        assert told[number] == [safe, "2", "2"]


async def test_pages_of_orders_are_written_off_the_loop(server: Server, monkeypatch):
    """A month of orders is rendered for seconds, in which everybody else would wait."""
    await place(server)
    writer, loop, threads = csv.writer, threading.get_ident(), list[int]()

    def noting(*args, **named):
        threads.append(threading.get_ident())
        return writer(*args, **named)

    with monkeypatch.context() as watched:
        watched.setattr(csv, "writer", noting)
        assert len(await table(server, "orders")) == 2
    assert len(threads) == 2
    assert threads[1] != loop


async def test_every_table_says_what_the_figures_say(server: Server):
    """Headers, and the same orders and sales in each of them."""
    paid = {"auto_order_accept": True, "discount": {"discount_type": 2, "discount_value": 1.25}, "delivery_fee": 2.5}
    first = await place(server, **paid)
    second = await place(server)
    await did(server, f"/orders/{second}/refuse", {"reason": "closed", "note": "=1"})
    answer = await server.http.get("/hub/v1/insights?venue=1", headers=await manager(server))
    sales = str(answer.json()["data"]["totals"]["sales"])
    tables = {name: await table(server, name) for name in NAMES}
    assert sum(int(row[1]) for row in tables["hours"][1:]) == 1
    assert len(tables["hours"]) == 25
    assert tables["days"][1][1:] == ["1", sales]
    assert tables["channels"][1:] == [["demo-client", "Demo channel", "1", sales]]
    assert tables["sale_types"][1][2:] == ["1", sales]
    assert tables["refusals"] == [["reason", "orders"], ["closed", "1"]]
    assert tables["stations"][0] == ["station_id", "name", "tickets", "p50_s", "p90_s"]
    header, *rows = tables["orders"]
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(row["id"], row["status"], row["refusal"]) for row in found] == [
        (str(first), "RECEIVED", ""), (str(second), "IGNORE", "closed")
    ]  # fmt: skip
    assert (found[0]["total"], found[0]["discount"], found[0]["delivery_fee"]) == (sales, "1.25", "2.5")
    assert found[0]["created_at"].endswith("+04:00")
    assert "Test Customer" not in str(tables)


async def test_orders_of_many_pages_are_all_in_the_file_once(server: Server, monkeypatch: pytest.MonkeyPatch):
    """The file is read a page at a time; here a page has two orders."""
    from comanda.store.insights import rows

    paged = rows._SELECT.element
    assert isinstance(paged, Select)
    monkeypatch.setattr(rows, "_SELECT", Statement(paged.limit(2)))
    monkeypatch.setattr("comanda.base.limits.EXPORT_STEP", 2)
    wanted = [str(await place(server)) for _ in range(5)]
    assert sorted(row[0] for row in (await table(server, "orders"))[1:]) == sorted(wanted)


async def test_a_table_that_is_none_and_too_many_orders_are_refused_by_name(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    """400 naming the parameter."""
    who = await manager(server)
    answer = await server.http.get("/hub/v1/insights.csv?venue=1&table=people", headers=who)
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "table")
    await place(server)
    monkeypatch.setattr("comanda.base.limits.MAX_EXPORTED_ORDERS", 0)
    answer = await server.http.get("/hub/v1/insights.csv?venue=1", headers=who)
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "to")
