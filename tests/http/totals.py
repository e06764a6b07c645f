"""Lists of orders and receipts held against their own pages: the total is the number of rows, whatever is asked."""

from collections.abc import Iterable
from itertools import count

from tests.conftest import Server

from comanda.base import limits
from comanda.orders.lifecycle import Status

LISTS = {"orders": ("", *(status.value for status in Status)), "receipts": ("", "1", "2")}


async def hold_totals(server: Server, days: Iterable[str] = ("",)) -> dict[str, int]:
    """Every list by status, of every query of days such as ``date[0]=2026-01-19``; the totals, by their queries."""
    found = {}
    for asked in days:
        for listed, statuses in LISTS.items():
            for status in statuses:
                by_status = f"filters[0][0]=status&filters[0][1]={status}" if status else ""
                query = f"/{listed}?{by_status}&{asked}"
                found[query] = await hold_total(server, query)
    return found


async def hold_total(server: Server, query: str) -> int:
    """One list: each of its pages tells the number of rows on all of them together."""
    ids: list[int] = []
    totals = set()
    for page in count(1):
        answer = await server.get(f"{query}&page={page}&limit={limits.MAX_ORDER_PAGE_SIZE}")
        assert answer.status_code == 200, (query, answer.text)
        ids += [row["id"] for row in answer.json()["data"]]
        totals.add(answer.json()["total"])
        if not answer.json()["data"]:
            break
    assert len(set(ids)) == len(ids)
    assert totals == {len(ids)}, query
    return len(ids)
