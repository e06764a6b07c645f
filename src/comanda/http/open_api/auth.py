"""``POST /open-api/v2/auth``: four credentials for a token (contract 2.1)."""

import structlog

from comanda.access.identify import WrongMode, sign_in
from comanda.base import limits
from comanda.base.json import to_json
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.orders.decode import parse_json

log = structlog.get_logger("comanda.auth")


async def sign_in_client(call: Call, hub: Hub) -> Reply:
    """Answer a sign-in; a test/production mismatch is a 200 with ``success`` false, as documented."""
    body = parse_json(call.body)
    directory = await hub.known.directory()
    brand = body.get("brand") if isinstance(body, dict) else None
    main = hub.known.snapshot(brand).main_venue_id() if isinstance(brand, str) else None
    try:
        token, expires_s = sign_in(directory, body, main, call.started // 1_000_000)
    except WrongMode as mismatch:
        text = str(mismatch)
        return Reply(200, to_json({"success": False, "error": text, "message": text}))
    log.info("auth.token_issued", brand=brand, request_id=call.request_id)
    answer = {
        "success": True,
        "token": token,
        "token_type": "Bearer",
        "expires_in": limits.TOKEN_LIFE_S,
        "expires_at": expires_s,
        "message": "Authentication successful",
    }
    return Reply(200, to_json(answer), {"Cache-Control": "no-store"})
