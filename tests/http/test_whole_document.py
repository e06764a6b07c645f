"""`schemathesis run` on the whole document: examples, boundaries, and walks along its links, on both stores."""

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import ROOT, Server, demo_hub, serving
from tests.http.documented import DOCUMENT, TERMINAL
from tests.http.schemathesis_hooks import MANAGER_ID

from comanda import demo
from comanda.access.secrets import hash_password
from comanda.base.clock import now_micros
from comanda.catalogue.model import User
from comanda.settings import Settings
from comanda.store.staff import add_person

pytestmark = pytest.mark.anyio
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance"
)
LEFT_OUT = (
    "/hub/v1/stream", "/hub/v1/session", "/hub/v1/session/confirm", "/hub/v1/session/pin", "/open-api/v2/auth",
)  # fmt: skip
"""A stream has no end; a sign-in or a session's end would change who calls."""


async def manager(server: Server) -> dict[str, str]:
    """The headers of a manager of its own, whom the walk leaves alone."""
    user = User(id=MANAGER_ID, name="Walker", username="walker", role="manager")
    hashed = hash_password("walks and walks")
    await server.hub.store.run(lambda: add_person(demo.BRAND, user, hashed, "test", now_micros()))
    await server.hub.known.refresh()
    who = {"brand": demo.BRAND, "username": "walker", "password": "walks and walks"}
    answer = await server.http.post("/hub/v1/session", json=who)
    server.http.cookies.clear()
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": cookie, "x-csrf-token": answer.json()["data"]["csrf_token"]}


async def test_the_whole_document_is_kept(settings: Settings, tmp_path: Path):
    """No failure, and no operation that nobody could call."""
    roomy = replace(settings, rate_calls=10_000_000, rate_auth=1_000_000, rate_failed=10_000_000)
    async with demo_hub(roomy) as hub, serving(hub) as server:
        walker = await manager(server)
        callers = {"integrator": server.headers, "device": TERMINAL, "staff": walker}
        sessions = (await server.http.get("/hub/v1/admin/sessions", headers=walker)).json()["data"]
        words = [
            *("run", f"http://127.0.0.1:{roomy.port}/openapi.json", "--phases", "examples,coverage,stateful"),
            *("--max-examples", "30", "--no-shrink", "--seed", "20261123", "--generation-deterministic"),
            *("--generation-with-security-parameters", "false"),
            *("--checks", CHECKS, "--continue-on-failure", "--no-color"),
            *(word for path in LEFT_OUT for word in ("--exclude-path", path)),
        ]
        program = Path(sys.executable).with_name("schemathesis")
        environment = {
            **os.environ,
            "COMANDA_CALLERS": json.dumps(callers),
            "COMANDA_SESSION": next(session["id"] for session in sessions if session["current"]),
            "SCHEMATHESIS_HOOKS": "tests.http.schemathesis_hooks",
            "PYTHONPATH": str(ROOT),
        }
        output = tmp_path / "schemathesis.log"
        with output.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                program, *words, env=environment, cwd=tmp_path, stdout=file, stderr=asyncio.subprocess.STDOUT
            )
            status = await process.wait()
    told = output.read_text(errors="replace")
    assert status == 0, told[-8_000:]
    assert "Authentication failed" not in told, told[-8_000:]
    assert "Stateful" in told
    assert "API Links:    0 covered" not in told


def test_links_lead_from_every_collection_to_its_members():
    """What has an id in its path is reached from the list or the create beside it."""
    linked = {
        operation
        for item in DOCUMENT["paths"].values()
        for described in item.values()
        for answer in described["responses"].values()
        for operation in answer.get("links", {})
    }
    members = {
        described["operationId"]
        for path, item in DOCUMENT["paths"].items()
        for described in item.values()
        if path.count("{") == 1 and path.partition("/{id}")[0] in DOCUMENT["paths"] and "{id}" in path
    }
    assert len(members) > 50
    assert members <= linked
