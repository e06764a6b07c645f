"""Requests drawn from our own OpenAPI document, by every kind of caller, on both stores: no 5xx, and what is published.

`schemathesis` draws them. Ids it draws at random meet nothing, so every second case is given ids that exist.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from zlib import crc32

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.conftest import Server, fresh_database
from tests.http.documented import DOCUMENT, TERMINAL, manager_headers, problems, response_of
from tests.http.test_fuzz import Pair
from tests.http.test_openapi import WAITING

from comanda import demo
from comanda.access.routes import ROUTES
from comanda.store.boards import read_jobs

CHECKS = [response_schema_conformance, content_type_conformance, status_code_conformance]
STREAM, SESSION = "/hub/v1/stream", "/hub/v1/session"
CREDENTIALS = {"x-token", "authorization", "cookie", "x-csrf-token"}
CALLERS = {
    (route.method, route.path): route.callers if route.audience == "hub" else ("integrator",) for route in ROUTES
}
KEY, KEYS = re.compile(r"[\x21-\x7e]{1,255}"), count(1)
FEW = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass
class Subject:
    """A server, who calls it, and ids that mean something there."""

    server: Server
    ids: dict[str, list[Any]]
    manager: dict[str, str]

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.hub.settings.port}"


class Subjects(Pair):
    """Both servers with orders in every state."""

    def __init__(self, folder, url: str) -> None:
        super().__init__(folder, url)
        self.all = [self.run(self._furnish(server)) for server in self.servers]

    async def _furnish(self, server: Server) -> Subject:
        manager = await manager_headers(server)

        async def post(path: str, headers: dict[str, str], json: Any = None) -> Any:
            answer = await server.http.post(path, headers=headers, json=json)
            assert answer.is_success, answer.text
            return answer.json()["data"]

        orders = [(await post("/open-api/v2/orders", server.headers, WAITING))["id"] for _ in range(9)]
        found = [
            await post(f"/hub/v1/orders/{order}/accept", TERMINAL, {"send_to_station": True}) for order in orders[2:]
        ]
        await post(f"/hub/v1/orders/{orders[1]}/refuse", manager, {"reason": "too_busy"})
        tickets = [ticket["id"] for order in found for ticket in order["tickets"]]
        for ticket in tickets[:4]:
            await post(f"/hub/v1/tickets/{ticket}/start", TERMINAL)
        await post(f"/hub/v1/tickets/{tickets[0]}/ready", TERMINAL)
        await post(f"/hub/v1/orders/{orders[8]}/refuse", manager, {"reason": "closed"})
        jobs = await server.hub.store.read(lambda: read_jobs(demo.BRAND, 1, "queued"))
        ids = {
            "orders": orders,
            "receipts": orders,
            "tickets": tickets,
            "print-jobs": [f"1-{job.number}" for job in jobs] or ["1-1"],
            "venues": [1, 2],
            "stations": [1, 2],
            "cid": [order["receipt"]["cid"] for order in found],
        }
        return Subject(server, ids, manager)

    def headers_of(self, subject: Subject, caller: str, case: Any) -> dict[str, str]:
        """The credentials of a caller; whoever signs out has a session of its own for that."""
        if caller == "integrator":
            return subject.server.headers
        if caller == "device":
            return TERMINAL
        if (case.method, case.path) == ("DELETE", SESSION):
            return self.run(manager_headers(subject.server))
        return subject.manager


@pytest.fixture(scope="module")
def subjects(tmp_path_factory, request) -> Iterator[Subjects]:
    """Both servers, for the whole module."""
    both = Subjects(tmp_path_factory.mktemp("document"), fresh_database(request))
    yield both
    both.close()


def each_call(case: Any, subjects: Subjects, send: Callable[[Any, str], None]) -> None:
    """Send a case to both servers as everybody whom the route is for; a method of no route is not of interest."""
    drawn = dict(case.path_parameters or {}), dict(case.query or {}), dict(case.headers or {})
    for subject in subjects.all:
        for caller in CALLERS.get((case.method, case.path), ()):
            path, query, headers = placed(case.path, *drawn, subject)
            case.path_parameters, case.query, case.cookies = path, query, {}
            case.headers = {**headers, **subjects.headers_of(subject, caller, case)}
            send(case, subject.base_url)


def placed(
    template: str, path: dict[str, Any], query: dict[str, Any], headers: dict[str, Any], subject: Subject
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Path, query and headers as drawn; of every second case with ids that exist, and never with a long wait.

    Keys are made new for most cases: the same few are drawn again and again, and would hide what the bodies cause.
    """
    draw = crc32(repr((path, query)).encode())
    path, query = {**path}, {**query}
    headers = {name: value for name, value in headers.items() if name.lower() not in CREDENTIALS}
    if str(query.get("wait", "")).isdecimal() and 1 <= int(query["wait"]) <= 30:
        query["wait"] = "0"
    if KEY.fullmatch(headers.get("Idempotency-Key", "")) and draw % 16:
        headers["Idempotency-Key"] = f"{headers['Idempotency-Key'][:200]}{next(KEYS)}"
    if draw % 2:
        return path, query, headers
    kind = "cid" if "cid" in path else (template.split("/") + [""] * 3)[3]
    for name in path:
        known = [0, 1, 2] if name == "line" else subject.ids.get(kind, [1])
        path[name] = known[draw // 2 % len(known)]
    if "venue" in query:
        query["venue"] = str(draw // 4 % 3)
    if "x-venue" in headers:
        headers["x-venue"] = "1"
    return path, query, headers


config = schemathesis.Config()
config.projects.default.generation.update(with_security_parameters=False)
schema = schemathesis.openapi.from_dict(DOCUMENT, config=config)


@schema.exclude(path=STREAM).parametrize()
@FEW
def test_the_published_document_is_kept(subjects, case):
    """No 5xx, and every answer has a published status, media type and form."""

    def send(sent: Any, base_url: str) -> None:
        response = sent.call(base_url=base_url, timeout=30)
        assert response.status_code < 500, response.text
        sent.validate_response(response, checks=CHECKS)

    each_call(case, subjects, send)


@schema.include(path=STREAM).parametrize()
@FEW
def test_streams_begin_or_are_refused_as_published(subjects, case):
    """A stream is left once it has said hello; it never ends by itself."""

    def send(sent: Any, base_url: str) -> None:
        with requests.request(**sent.as_transport_kwargs(base_url=base_url), stream=True, timeout=10) as answer:
            assert answer.status_code < 500, answer.text
            content = response_of("GET", STREAM, answer.status_code)["content"]
            media = answer.headers["content-type"]
            assert media in content
            if answer.status_code == 200:
                assert next(answer.iter_lines()) == b"retry: 2000"
            else:
                assert problems(content[media]["schema"], answer.json()) == []

    each_call(case, subjects, send)
