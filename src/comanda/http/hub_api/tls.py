"""``/hub/v1/tls/ca.crt``: the certificate of the house's own authority, for tablets to install (`comanda tls init`)."""

import asyncio

from comanda.base.errors import ComandaError
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub

_MEDIA_TYPE = "application/x-x509-ca-cert"
"""Under this one, phones and tablets offer to install what they get."""


async def show_authority(_call: Call, hub: Hub) -> Reply:
    """The authority's certificate as PEM; it is public, its key never leaves the house."""
    try:
        content = await asyncio.to_thread(hub.settings.ca_file.read_bytes)
    except FileNotFoundError:
        raise ComandaError("resource_not_found", "This house has no certificate authority of its own") from None
    headers = {"Cache-Control": "no-cache", "Content-Disposition": 'attachment; filename="comanda-ca.crt"'}
    return Reply(200, content, headers, _MEDIA_TYPE)
