"""From signing in to a receipt: what an integrator does, top to bottom, in plain httpx.

Start `make demo`, then, in another terminal: `.venv/bin/python examples/walk_catalogue.py`. COMANDA_URL,
COMANDA_CLIENT_ID, COMANDA_CLIENT_SECRET, COMANDA_BRAND and COMANDA_INTEGRATOR_ID name another server and client.
"""

import os
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

URL = os.environ.get("COMANDA_URL", "http://127.0.0.1:8080")
CREDENTIALS = {
    "client_id": os.environ.get("COMANDA_CLIENT_ID", "demo-client"),
    "client_secret": os.environ.get("COMANDA_CLIENT_SECRET", "demo-secret"),
    "brand": os.environ.get("COMANDA_BRAND", "demo"),
    "integrator_id": os.environ.get("COMANDA_INTEGRATOR_ID", "test_demo"),
}
V2 = "/open-api/v2"
GUEST = {"name": "Walking Customer", "phone": "+994507654321"}
TRIES = 6
PATIENCE_S = 60


class Refused(Exception):
    """The server said no; ``body`` is its whole answer, with ``error``, ``message`` and often ``details``."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.body = body
        problems = "".join(f"\n    {detail['field']}: {detail['message']}" for detail in body.get("details", ()))
        super().__init__(f"{status} {body.get('error', '')}: {body.get('message', '')}{problems}")


def main() -> None:
    """Walk."""
    with httpx.Client(base_url=URL, timeout=40) as http:
        sign_in(http)
        venue = choose_venue(http)
        sale_type = choose_sale_type(http, venue)
        show_categories(http)
        products = list(sellable(http, venue))
        customer = find_or_create_customer(http)
        order = compose(venue, sale_type, customer, products)
        ask_the_price(http, order)
        watched_from = call(http, "GET", f"/hub/v1/venues/{venue['id']}/board")["data"]["number"]
        order_id = place(http, order)
        if watch(http, venue, order_id, watched_from) == "RECEIVED":
            show_receipt(http, order_id)


def sign_in(http: httpx.Client) -> None:
    """Four credentials become a token of an hour, which every later call sends as ``x-token``."""
    answer = call(http, "POST", f"{V2}/auth", repeatable=True, json=CREDENTIALS)
    http.headers["x-token"] = answer["token"]
    say(f"Signed in to {CREDENTIALS['brand']} for {answer['expires_in']} seconds.")


def choose_venue(http: httpx.Client) -> dict[str, Any]:
    """The main venue, or the first."""
    venues = list(pages(http, f"{V2}/venues"))
    venue: dict[str, Any] = next((venue for venue in venues if venue["is_main"]), venues[0])
    say(f"Venues: {', '.join(venue['name'] for venue in venues)}; ordering at {venue['name']}.")
    return venue


def choose_sale_type(http: httpx.Client, venue: dict[str, Any]) -> dict[str, Any]:
    """How the guests will get it; ``status`` says for each venue whether the sale type may be used there."""
    usable = [one for one in pages(http, f"{V2}/sale-types") if one["status"].get(str(venue["id"]))]
    sale_type: dict[str, Any] = next((one for one in usable if one["system_type"] == "TAKEAWAY"), usable[0])
    say(f"Sale types: {', '.join(one['name'] for one in usable)}; taking {sale_type['name']}.")
    return sale_type


def show_categories(http: httpx.Client) -> None:
    """The menu's branches; with ``include_children=true`` they come as a tree."""
    names = [category["name"] for category in pages(http, f"{V2}/categories", {"type": "PRODUCT"})]
    say(f"Categories: {', '.join(names)}.")


def sellable(http: httpx.Client, venue: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What can be sold now: active, no parent of variants, offered at the venue, and not used up."""
    # The stop list is the venue's: its limits are the quantities left; what is not on it has no limit.
    rows = call(http, "GET", f"{V2}/products/stop-list", headers={"x-venue": str(venue["id"])})["data"]
    left = {row["id"]: row["limit"] for row in rows}
    say("Products:")
    for product in pages(http, f"{V2}/products", {"with[0]": "modificator_groups"}):
        here: dict[str, Any] = next((offer for offer in product["venues"] if offer["venue_id"] == venue["id"]), {})
        if not product["status"] or product["has_modifications"] or not here.get("available", True):
            continue
        if left.get(product["id"], 1) <= 0:
            say(f"  {product['full_name']}: sold out")
            continue
        if here.get("price") is not None:
            product["price"] = here["price"]
        limited = f", {left[product['id']]} left" if product["id"] in left else ""
        groups = ", ".join(group["name"] for group in product["modificator_groups"])
        say(f"  {product['full_name']}: {product['price']:.2f}{limited}{f', with {groups}' if groups else ''}")
        yield product


def find_or_create_customer(http: httpx.Client) -> dict[str, Any]:
    """Telephone numbers are unique, so the number finds a customer that is known already."""
    by_number = {"filters[0][0]": "phones", "filters[0][1]": GUEST["phone"]}
    found = next(pages(http, f"{V2}/customers", by_number), None)
    if found is not None:
        say(f"Known customer {found['id']} with {found['receipt_count']} receipts.")
        return found
    try:
        # Somebody may come first with this number. The key makes it safe to repeat when the reply is lost.
        created: dict[str, Any] = call(http, "POST", f"{V2}/customers", key=new_key(), json=GUEST)["data"]
    except Refused as refused:
        if refused.body.get("error") != "duplicate_phone":
            raise
        return next(pages(http, f"{V2}/customers", by_number))
    say(f"New customer {created['id']}.")
    return created


def compose(
    venue: dict[str, Any], sale_type: dict[str, Any], customer: dict[str, Any], products: list[dict[str, Any]]
) -> dict[str, Any]:
    """Two of the first product that has choices, with as many of them as its groups ask for, and at least one."""
    product = next((product for product in products if product["modificator_groups"]), products[0])
    modifiers = [
        {"modifier_id": choice["id"], "modifier_name": choice["name"], "count": 1, "price": choice["price"]}
        for group in product["modificator_groups"]
        for choice in group["modificators"][: max(1, group["min_select"])]
    ]
    line = {
        "product_id": product["id"],
        "product_name": product["name"],
        "count": 2,
        "price": product["price"],
        "status": "new",
        "product_hash": f"walk-{product['id']}",
        "modifiers": modifiers,
    }
    return {
        "venue_id": venue["id"],
        "sale_type_id": sale_type["id"],
        "customer": {"id": customer["id"], "name": customer["name"], "phone": customer["phone"], "address": ""},
        "products": [line],
        "auto_order_accept": True,
        "auto_order_sent_to_station": True,
    }


def ask_the_price(http: httpx.Client, order: dict[str, Any]) -> None:
    """A quote takes the order's very body, stores nothing, and tells every reason to refuse it."""
    quote = call(http, "POST", "/hub/v1/quotes", repeatable=True, json=order)["data"]
    if not quote["acceptable"]:
        sys.exit(f"It would be refused: {'; '.join(problem['message'] for problem in quote['problems'])}")
    for line in quote["lines"]:
        extras = "".join(f" + {modifier['name']}" for modifier in line["modifiers"])
        say(f"Quote: {line['count']} x {line['name']}{extras} = {line['total']:.2f}")
    say(f"Quote: total {quote['totals']['total']:.2f} {quote['totals']['currency']}.")


def place(http: httpx.Client, order: dict[str, Any]) -> int:
    """Create the order, once.

    Keep the key beside your own order before you send it: then, after a lost reply and even after a crash of your own,
    the same body under the same key brings the first answer back for 72 hours, and never makes a second order.
    """
    key = new_key()
    order_id: int = call(http, "POST", f"{V2}/orders", key=key, json=order)["data"]["id"]
    say(f"Order {order_id} is stored.")
    # What `call` does by itself when a reply is lost, here for all to see.
    again = call(http, "POST", f"{V2}/orders", key=key, json=order)["data"]["id"]
    say(f"Sent again under the same key: still order {again}.")
    return order_id


def watch(http: httpx.Client, venue: dict[str, Any], order_id: int, number: int) -> str:
    """Follow the venue's events from before the order on, until it is taken or refused; its status then.

    Each call waits at the server for up to 20 seconds. Where there are no events, poll the order itself, in seconds.
    """
    until = time.monotonic() + PATIENCE_S
    types = "order.received,order.ignored"
    while time.monotonic() < until:
        asked = {"venue": venue["id"], "after": number, "types": types, "wait": 20}
        page = call(http, "GET", "/hub/v1/events", params=asked)
        if any(event["order_id"] == order_id for event in page["data"]):
            break
        number = page["next_after"]
    status: str = call(http, "GET", f"{V2}/orders/{order_id}")["data"]["status"]
    say(f"Order {order_id} is {status}.")
    return status


def show_receipt(http: httpx.Client, order_id: int) -> None:
    """An accepted order has an open receipt, the same to the cent."""
    order = call(http, "GET", f"{V2}/orders/{order_id}", params={"with[0]": "receipt:id,status"})["data"]
    path = f"{V2}/receipts/{order['receipt']['id']}"
    receipt = call(http, "GET", path, params={"with[0]": "receipt_products"})["data"]
    say(f"Receipt {receipt['id']}, number {receipt['order_number']}, {receipt['order_status']}:")
    for line in receipt["receipt_products"]:
        say(f"  {line['count']} x {line['meta']['product']['name']} = {line['total']:.2f}")
    say(f"  total {receipt['total']:.2f}, to be paid {receipt['remaining']:.2f}")


def pages(http: httpx.Client, path: str, query: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Every row of a list, page by page; a cursor keeps pages apart while rows come and go, as ``page`` does not."""
    asked = {"limit": "100", **(query or {})}
    while True:
        answer = call(http, "GET", path, params=asked)
        yield from answer["data"]
        if answer["next_cursor"] is None:
            return
        asked["cursor"] = answer["next_cursor"]


def call(
    http: httpx.Client, method: str, path: str, *, key: str | None = None, repeatable: bool = False, **sent: Any
) -> dict[str, Any]:
    """Send a request until it is answered for good; the answer's body. Raises Refused.

    Only what may be done twice is repeated after a lost reply or a 5xx: reads, and writes with an Idempotency-Key.
    """
    repeatable = repeatable or method == "GET" or key is not None
    headers = {**sent.pop("headers", {}), **({"Idempotency-Key": key} if key else {})}
    for attempt in range(1, TRIES + 1):
        pause_s = 0.2 * 2**attempt
        try:
            answer = http.request(method, path, headers=headers, **sent)
        except httpx.TransportError:
            if not repeatable or attempt == TRIES:
                raise
        else:
            limited, failed = answer.status_code == 429, answer.status_code >= 500
            if attempt == TRIES or not (limited or (failed and repeatable)):
                return opened(answer)
            # A refused rate says when it ends; nothing was done, so anything may be sent again then.
            stated = answer.headers.get("Retry-After") or answer.headers.get("RateLimit-Reset")
            pause_s = float(stated or pause_s)
        time.sleep(pause_s)
    raise AssertionError("the last try returns or raises")


def opened(answer: httpx.Response) -> dict[str, Any]:
    """The body of a success. Not the status but ``success`` tells: a sign-in can be refused with 200."""
    try:
        body: dict[str, Any] = answer.json()
    except ValueError:
        raise Refused(answer.status_code, {"message": answer.text[:200]}) from None
    if body.get("success") is not True:
        raise Refused(answer.status_code, body)
    return body


def new_key() -> str:
    """A key that nobody used before."""
    return f"walk-{uuid.uuid4()}"


def say(line: str) -> None:
    """Tell the reader."""
    print(line, flush=True)


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(f"Refused: {refused}")
    except httpx.TransportError as lost:
        sys.exit(f"{URL} cannot be reached: {lost}")
