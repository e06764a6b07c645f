"""The shared fixtures with empty logs, so that numbers begin at one whatever the demo's making has written."""

import pytest
from tests.conftest import Server
from tests.events.logs import empty_logs

from comanda.http.hub import Hub


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    """A running Comanda on the demo brand in which nothing has happened."""
    await empty_logs(hub)
    return hub


@pytest.fixture
async def server(server: Server) -> Server:
    """A demo server in which nothing has happened."""
    await empty_logs(server.hub)
    return server
