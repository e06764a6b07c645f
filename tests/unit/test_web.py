"""The pages' own unit tests, run by the Node they are built with, on what a real run of this server has written.

The fold of boards exists twice, in `tests.events.folding` and in the pages: both are given the same boards and events, and
must make the same of them.
"""

import asyncio
import fcntl
import json
import random
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import hatch_build
import pytest
from tests.conftest import Server, demo_hub, serving
from tests.events.folding import folded, shown
from tests.http.chain import TILL, events, hub_get, manager, post
from tests.http.test_chain_properties import Restaurant

pytestmark = pytest.mark.anyio
EVENTS = 250
CHECKPOINT_EVERY = 25


async def test_the_pages_own_tests_pass_on_a_real_runs_recording(settings, tmp_path):
    """Random work of several people, boards taken on the way, and what Python's fold made of them after every few events."""
    roomy = replace(settings, rate_calls=10**6, rate_auth=10**6, rate_failed=10**6)
    async with demo_hub(roomy) as hub, serving(hub) as server:
        recording = await record(server, random.Random(6))
    path = tmp_path / "recording.json"
    path.write_text(json.dumps(recording))
    done = await asyncio.to_thread(run_vitest, path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout, done.stdout


async def record(server: Server, dice: random.Random) -> dict[str, Any]:
    """Boards, every event, and the reference's folds."""
    people = Restaurant(server, await manager(server), dice)
    boards = [await hub_get(server, "/venues/1/board")]
    assert (await post(server, "/heartbeat", None, TILL)).status_code == 200
    while boards[-1]["number"] < EVENTS:
        # A refusal may have emptied it, and then nobody could order any more.
        filled = await server.http.put("/hub/v1/venues/1/stop-list/101", json={"quantity": 60}, headers=TILL)
        assert filled.status_code == 200, filled.text
        for _ in range(dice.randint(3, 8)):
            await asyncio.gather(*(people.act() for _ in range(dice.choice([1, 2, 3, 8]))))
        boards.append(await hub_get(server, "/venues/1/board"))
    told = await events(server)
    fresh = await hub_get(server, "/venues/1/board")
    runs = [{"snapshot": board, "checkpoints": checkpoints(board, told)} for board in boards]
    return {"events": told, "runs": runs, "fresh": fresh}


def checkpoints(board: dict[str, Any], told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the reference shows after every few events, and after the last."""
    state, found = shown(board), []
    for event in told:
        if event["number"] <= board["number"]:
            continue
        state = folded(state, event)
        if event["number"] % CHECKPOINT_EVERY == 0 or event is told[-1]:
            found.append(state)
    return found


def run_vitest(recording: Path) -> "subprocess.CompletedProcess[str]":
    """Run the pages' tests; of processes that run at once, one installs what they need."""
    with Path(tempfile.gettempdir(), "comanda-npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        hatch_build.install_packages()
    return subprocess.run(
        hatch_build.npm("test"),
        cwd=hatch_build.WEB,
        env={**hatch_build.node_environment(), "VITE_COMANDA_RECORDING": str(recording), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
