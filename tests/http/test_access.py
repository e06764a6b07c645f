"""Who may call: sign-in, tokens, disabled parties, scopes, brands apart, rate limits (contract 2, 6, 14.7, 14.10)."""

from dataclasses import replace

import jwt
import pytest
from tests.conftest import DEMO_CREDENTIALS, Server, demo_hub, serving, sign_in

from comanda import administration, demo
from comanda.access.routes import ROUTES
from comanda.main import rotate_signing_key

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]
MINIMAL = demo.example("create-order.minimal.request")


async def auth(server: Server, **changes):
    """A sign-in with some credentials changed; None leaves one out."""
    body = {name: value for name, value in {**DEMO_CREDENTIALS, **changes}.items() if value is not None}
    return await server.http.post("/open-api/v2/auth", json=body)


async def test_a_token_has_the_documented_form(server: Server):
    """Flat answer, the documented claims, a key id, one hour."""
    body = (await auth(server)).json()
    assert body.keys() == {"success", "token", "token_type", "expires_in", "expires_at", "message"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    claims = jwt.decode(body["token"], options={"verify_signature": False})
    assert claims.keys() >= {"token", "brand", "stage", "venue_id", "integrator_id", "iat", "exp"}
    assert claims["token"].startswith("oauth_")
    assert len(claims["token"]) == 70
    assert (claims["brand"], claims["venue_id"], claims["exp"]) == ("demo", 1, body["expires_at"])
    assert claims["exp"] - claims["iat"] == 3600
    assert jwt.get_unverified_header(body["token"])["kid"]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_id": None}, 400, "Missing client_id, client_secret, brand, or integrator_id"),
        ({"client_secret": ""}, 400, "Missing client_id, client_secret, brand, or integrator_id"),
        ({"brand": 5}, 400, "Missing client_id, client_secret, brand, or integrator_id"),
        ({"integrator_id": "nobody"}, 400, "Invalid integrator_id"),
        ({"client_secret": "wrong"}, 401, None),
        ({"client_id": "wrong"}, 401, None),
        ({"brand": "wrong"}, 401, None),
        ({"client_secret": "\ud800"}, 400, "invalid_json"),
    ],
)
async def test_wrong_credentials_are_refused_with_the_documented_words(server: Server, changes, status, error):
    """The literal error texts; none where the upstream rejects."""
    if changes.get("client_secret") == "\ud800":
        answer = await server.http.post(
            "/open-api/v2/auth", content=b'{"client_secret":"\\ud800"}', headers={"content-type": "application/json"}
        )
    else:
        answer = await auth(server, **changes)
    assert (answer.status_code, answer.json()["success"], answer.json().get("error")) == (status, False, error)
    assert answer.json()["message"]


async def test_test_and_production_do_not_mix(server: Server):
    """200 with success false at sign-in, 401 with the same text afterwards, both ways."""
    store = server.hub.store
    await administration.add_integrator(store, "live", name="", is_test=False)
    await server.hub.known.refresh()
    answer = await auth(server, integrator_id="live")
    assert (answer.status_code, answer.json()["success"]) == (200, False)
    assert answer.json()["error"] == "Brand is in test mode. But integrator is not in test mode"
    await administration.add_brand(store, "real", name="", currency="AZN", region="AZ", is_test=False)
    secret = await administration.add_client(store, "real", "c", name="", settings=administration.ClientSettings())
    await server.hub.known.refresh()
    answer = await auth(server, brand="real", client_id="c", client_secret=secret)
    expected = "Integrator is in test mode. But brand is not in test mode"
    assert (answer.status_code, answer.json()["error"]) == (200, expected)


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "Headers are missing"),
        ({"authorization": "Bearer x"}, "Headers are missing"),
        ({"x-token": ""}, "Headers are missing"),
        ({"x-token": "x"}, "Invalid token"),
        ({"x-token": "a.b.c"}, "Invalid token"),
    ],
)
async def test_requests_without_a_sound_token_get_the_documented_words(server: Server, headers, error):
    """401 on every authenticated route."""
    for method, path in (("GET", "/orders"), ("POST", "/orders"), ("GET", "/orders/1"), ("PUT", "/orders/1")):
        answer = await server.http.request(method, f"/open-api/v2{path}", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, error)


async def test_forged_and_expired_tokens_are_refused(server: Server):
    """A wrong signature, no signature, an unknown key, a time gone by."""
    claims = jwt.decode(server.token, options={"verify_signature": False})
    key = (await server.hub.known.directory()).signing_keys[0]
    expired = jwt.encode({**claims, "exp": claims["iat"] - 1}, key.secret, "HS256", headers={"kid": key.kid})
    other = jwt.encode(claims, "x" * 64, "HS256", headers={"kid": key.kid})
    unknown = jwt.encode(claims, key.secret, "HS256", headers={"kid": "nobody"})
    unsigned = jwt.encode(claims, None, "none", headers={"kid": key.kid})
    odd = jwt.encode({**claims, "venue_id": "x", "exp": "soon"}, key.secret, "HS256", headers={"kid": key.kid})
    for token in (other, unknown, unsigned, odd):
        answer = await server.get("/orders", **{"x-token": token})
        assert (answer.status_code, answer.json()["error"]) == (401, "Invalid token")
    answer = await server.get("/orders", **{"x-token": expired})
    assert (answer.status_code, answer.json()["error"]) == (401, "Token expired")
    assert answer.json()["expires_at"].endswith("Z")


async def test_rotating_the_signing_key_keeps_living_tokens(server: Server):
    """New tokens carry the new key id; old ones are good for their hour."""
    await rotate_signing_key(server.hub.store)
    await server.hub.known.refresh()
    fresh = await sign_in(server.http)
    kids = {jwt.get_unverified_header(token)["kid"] for token in (fresh, server.token)}
    assert len(kids) == 2
    assert (await server.get("/orders")).status_code == 200
    assert (await server.get("/orders", **{"x-token": fresh})).status_code == 200


@pytest.mark.parametrize(
    ("table", "key", "error"),
    [
        ("integrators", {"integrator_id": "test_demo"}, "Invalid integrator_id"),
        ("clients", {"brand_id": "demo", "client_id": "demo-client"}, "Client is disabled"),
        ("brands", {"brand_id": "demo"}, "Invalid token"),
    ],
)
async def test_a_disabled_party_is_refused_with_its_living_token(server: Server, table, key, error):
    """Whether somebody is enabled is never cached with the token."""
    assert (await server.get("/orders")).status_code == 200
    await administration.set_enabled(server.hub.store, table, key, enabled=False)
    await server.hub.known.refresh()
    answer = await server.get("/orders")
    assert (answer.status_code, answer.json()["error"]) == (401, error)
    await administration.set_enabled(server.hub.store, table, key, enabled=True)
    await server.hub.known.refresh()
    assert (await server.get("/orders")).status_code == 200


async def test_a_rotated_secret_replaces_the_old_one(server: Server):
    """The old secret stops working at once."""
    secret = await administration.rotate_client(server.hub.store, "demo", "demo-client")
    await server.hub.known.refresh()
    assert (await auth(server)).status_code == 401
    assert (await auth(server, client_secret=secret)).status_code == 200


async def test_a_missing_scope_is_a_403(server: Server):
    """Clients carry scopes."""
    reader = await server.client("reader", scopes=("orders:read",))
    assert (await server.get("/orders", **reader)).status_code == 200
    for answer in (await server.create(MINIMAL, **reader), await server.ignore(1, **reader)):
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


async def test_brands_never_see_each_other(server: Server):
    """Another brand's order is a 404, its ids are unknown, its names free."""
    store = server.hub.store
    await administration.add_brand(store, "rival", name="", currency="JPY", region="JP", is_test=True)
    await server.import_({"venues": [{"id": 1, "name": "R"}], "sale_types": [{"id": 2, "name": "S"}],
                          "products": [{"id": 7, "name": "P", "price": 10}]}, brand="rival")  # fmt: skip
    rival = await server.client("c", brand="rival")
    order_id = (await server.create(MINIMAL)).json()["data"]["id"]
    assert (await server.get(f"/orders/{order_id}", **rival)).status_code == 404
    assert (await server.ignore(order_id, **rival)).status_code == 404
    assert (await server.get("/orders", **rival)).json()["total"] == 0
    problems = (await server.create(MINIMAL, **rival)).json()["details"]
    assert {problem["code"] for problem in problems} == {"unknown_product", "unknown_customer"}
    theirs = {**MINIMAL, "customer": {**MINIMAL["customer"], "id": 0},
              "products": [{**MINIMAL["products"][0], "product_id": 7, "price": 10.5, "count": 3}]}  # fmt: skip
    totals = (await server.create(theirs, **rival)).json()["data"]["payload"]["totals"]
    assert (totals["currency"], totals["total"]) == ("JPY", 32)


async def test_every_listed_route_wants_what_the_table_says(server: Server):
    """Public routes answer anybody; the others refuse a caller without a token; unlisted ones are 404 or 405."""
    for route in ROUTES:
        path = route.path.replace("{id}", "1").replace("{asset}", "swagger-ui.css")
        answer = await server.http.request(route.method, path)
        if route.audience == "integrator":
            assert (answer.status_code, answer.json()["error"]) == (401, "Headers are missing"), path
        elif route.audience == "hub" or route.path == "/hub/v1/session/pin":
            assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized"), path
        elif route.audience in ("credentials", "claim"):
            assert answer.status_code == 400
        else:
            # Of the addresses for everybody only those of files have nothing at the names made up here.
            files = ("/media/", "/assets/", "/icons/", "/hub/v1/tls/")
            assert answer.status_code == (404 if path.startswith(files) else 200), path
    for method, path, status in (
        ("GET", "/open-api/v2/stock", 404),
        ("GET", "/hub/v1/admin/brands", 404),
        ("DELETE", "/open-api/v2/orders/1", 405),
        ("GET", "/open-api/v2/auth", 405),
        ("GET", "/docs/../main.py", 404),
        ("GET", "/docs/index.html", 404),
        ("OPTIONS", "/open-api/v2/orders", 405),
    ):
        answer = await server.http.request(method, path, headers=server.headers)
        assert answer.status_code == status, (method, path)
        assert answer.json()["success"] is False


async def test_calls_are_limited_by_integrator_and_brand(settings):
    """300 a minute shared by every token; the tightest tier stands in the headers; a client's own quota is its own."""
    tight = replace(settings, rate_calls=5)
    async with demo_hub(tight) as hub, serving(hub) as server:
        left = [(await server.get("/orders")).headers["ratelimit-remaining"] for _ in range(3)]
        assert left == ["4", "3", "2"]
        second = {"x-token": await sign_in(server.http)}
        assert [(await server.get("/orders", **second)).status_code for _ in range(3)] == [200, 200, 429]
        refused = await server.get("/orders")
        assert refused.json() == {
            "success": False, "error": "rate_limited", "message": "Too many requests. Retry later."
        }  # fmt: skip
        assert refused.headers["ratelimit-limit"] == "5"
        assert 0 < int(refused.headers["retry-after"]) == int(refused.headers["ratelimit-reset"]) <= 60
        roomy = await server.client("roomy", quota_per_minute=50)
        assert (await server.get("/orders", **roomy)).headers["ratelimit-limit"] == "50"


async def test_sign_ins_and_failures_are_limited_by_address(settings):
    """60 sign-ins a minute and 600 failures, counted before the token is looked at; proxies only where trusted."""
    tight = replace(settings, rate_auth=3, rate_failed=4)
    async with demo_hub(tight) as hub, serving(hub) as server:
        codes = [(await auth(server)).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        left = []
        for _ in range(4):
            failed = await server.get("/orders", **{"x-token": "bad"})
            assert failed.status_code == 401
            left.append(failed.headers["ratelimit-remaining"])
        assert left == ["3", "2", "1", "0"]
        assert (await server.get("/orders")).status_code == 429
        assert (await server.get("/orders", **{"x-forwarded-for": "9.9.9.9"})).status_code == 429
    trusting = replace(tight, trusted_proxies=settings_networks("127.0.0.0/8"), port=settings.port)
    async with demo_hub(trusting) as hub, serving(hub) as server:
        for _ in range(4):
            await server.get("/orders", **{"x-token": "bad", "x-forwarded-for": "1.1.1.1, 9.9.9.9"})
        assert (await server.get("/orders", **{"x-forwarded-for": "9.9.9.9"})).status_code == 429
        assert (await server.get("/orders", **{"x-forwarded-for": "9.9.9.8"})).status_code == 200


def settings_networks(text: str):
    """Networks as the settings hold them."""
    from comanda.settings import read_settings

    return read_settings({}, trusted_proxies=text).trusted_proxies


async def test_a_client_limited_to_another_venue_acts_there(server: Server):
    """Its tokens are for the first venue it may see."""
    limited = await server.client("seaside", venues=(2,))
    assert (await server.get("/orders", **limited)).status_code == 200


async def test_a_wrong_method_says_which_are_right(server: Server):
    """405 with Allow."""
    answer = await server.http.delete("/open-api/v2/orders/1", headers=server.headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PUT")
