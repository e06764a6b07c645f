"""No body and no query can cause a 5xx, on either store; what one store refuses, the other refuses."""

import asyncio
import copy
import json
import threading
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from benchmarks.servers import free_port
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import Server, administer, demo_hub, serving
from tests.unit.test_decode import PLACES, SCALARS, VALUES, replaced

from comanda import demo
from comanda.settings import Settings

DOCUMENTED = demo.example("create-order.request")
QUERIES = st.lists(
    st.tuples(
        st.sampled_from(
            ["page", "limit", "cursor", "status", "sort[0]", "sort[1]", "date[0]", "date[1]", "filters[0][0]", "filters[0][1]",
             "filters[x][0]", "filters[x][1][0]", "with", "with[]", "with[0]", "filters", "[", "]", "date[]", "sort"]
        ),
        st.sampled_from(["1", "-1", "id", "status", "customer_id", "PENDING", "receipt:id", "2026-01-01", "9999-12-31", ""])
        | st.text(max_size=10),
    ),
    max_size=5,
)  # fmt: skip


class Pair:
    """Two servers, one on each store, on an event loop in a thread of its own, for synchronous tests."""

    def __init__(self, folder, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.stack = AsyncExitStack()
        self.servers: list[Server] = []
        for database_url in (None, url):
            wanted = Settings(
                data_dir=folder, database_url=database_url, demo=True, port=free_port(), rate_calls=10**9, rate_auth=10**9,
                rate_failed=10**9,
            )  # fmt: skip
            hub = self.run(self.stack.enter_async_context(demo_hub(replace(wanted, metrics_port=0))))
            self.servers.append(self.run(self.stack.enter_async_context(serving(hub))))

    def run(self, work):
        """Run a coroutine on the servers' loop, to its end."""

        async def awaited():
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(60)

    def close(self) -> None:
        """Stop both."""
        self.run(self.stack.aclose())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


@pytest.fixture(scope="module")
def pair(tmp_path_factory, postgres_url):
    """Both servers, for the whole module."""
    asyncio.run(administer(postgres_url, "CREATE DATABASE fuzz"))
    both = Pair(tmp_path_factory.mktemp("fuzz"), postgres_url.replace("/postgres?", "/fuzz?"))
    yield both
    both.close()


def verdict(answer):
    """What must be equal on both stores."""
    body = answer.json()
    details = [(d["field"], d["code"]) for d in body.get("details", [])]
    warnings = [w["code"] for w in body["data"]["payload"]["warnings"]] if answer.status_code == 201 else []
    return answer.status_code, body.get("error"), details, warnings


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@FUZZ
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES | SCALARS, st.booleans()), max_size=3))
def test_changed_bodies_get_the_same_answer_on_both_stores(pair, changes):
    """The documented body with anything anywhere."""
    body = copy.deepcopy(DOCUMENTED)
    for path, value, drop in changes:
        try:
            body = replaced(body, path, value, drop=drop)
        except (KeyError, IndexError, TypeError):
            continue
    raw = json.dumps(body).encode()
    found = [pair.run(server.create(raw)) for server in pair.servers]
    assert verdict(found[0]) == verdict(found[1])
    assert found[0].status_code in (201, 400)


@FUZZ
@given(st.binary(max_size=100) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_get_the_same_refusal_on_both_stores(pair, raw):
    """Anything at all, on each route that takes a body."""
    for method, path in (("POST", "/orders"), ("PUT", "/orders/1"), ("POST", "/auth")):
        found = [
            pair.run(
                server.http.request(
                    method,
                    f"/open-api/v2{path}",
                    content=raw,
                    headers={**server.headers, "content-type": "application/json"},
                )
            )
            for server in pair.servers
        ]
        assert found[0].status_code == found[1].status_code == 400, found[0].text


@FUZZ
@given(QUERIES)
def test_any_query_gets_the_same_answer_on_both_stores(pair, query):
    """Lists and single reads."""
    for path in ("/orders", "/orders/1"):
        found = [
            pair.run(server.http.get(f"/open-api/v2{path}", params=query, headers=server.headers))
            for server in pair.servers
        ]
        assert found[0].status_code == found[1].status_code
        assert found[0].status_code in (200, 400, 404), found[0].text
        assert found[0].json().get("error") == found[1].json().get("error")
