"""Makes the tables and the demo menu, once, before any worker starts; and a token for the requests.

As a command, ``python -m benchmarks.typical.prepare``, with ``DATABASE_URL`` (as for `orm_app`), ``TOKEN_SECRET`` and
optionally ``BENCH_VENUES`` in the environment; it prints the token.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import jwt
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.typical.database import open_database
from benchmarks.typical.models import (
    Base,
    Brand,
    Client,
    Customer,
    Integrator,
    Modifier,
    ModifierGroup,
    Product,
    SaleType,
    StopListEntry,
    Terminal,
    Venue,
    VenueCounter,
    VenueSaleType,
)

BRAND_ID = "demo"
CLIENT_ID = "demo-client"
INTEGRATOR_ID = "test_demo"
DEFAULT_VENUES = 20
_CATALOGUE = Path(__file__).parents[2] / "src" / "comanda" / "demo" / "catalogue.yaml"


async def prepare(database_url: str, venues: int = DEFAULT_VENUES) -> None:
    """Make the tables, and the demo brand with venues 1 to ``venues`` unless a brand is there already."""
    database = open_database(database_url, pool_size=1)
    try:
        await database.run(lambda session: _make(session, venues))
    finally:
        await database.close()


def token(secret: str, life_s: int = 24 * 3600) -> str:
    """A token of the demo client, signed with ``secret``."""
    now_s = int(time.time())
    claims = {
        "brand": BRAND_ID,
        "stage": "production",
        "venue_id": 1,
        "integrator_id": INTEGRATOR_ID,
        "client_id": CLIENT_ID,
        "iat": now_s,
        "exp": now_s + life_s,
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def _make(session: Session, venues: int) -> None:
    Base.metadata.create_all(session.connection())
    if session.scalar(select(Brand.id).limit(1)) is None:
        _seed(session, yaml.safe_load(_CATALOGUE.read_text(encoding="utf-8")), venues)


def _seed(session: Session, catalogue: dict[str, Any], venues: int) -> None:
    """Add everything, in the order that the foreign keys want."""
    session.add(Brand(id=BRAND_ID, name="Demo", currency="AZN", enabled=True, catalogue_version=1))
    session.add(Integrator(id=INTEGRATOR_ID, name="Demo integrator", enabled=True))
    session.flush()
    session.add(Client(brand_id=BRAND_ID, id=CLIENT_ID, name="Demo channel", enabled=True))
    session.add_all(
        Customer(
            id=item["id"],
            brand_id=BRAND_ID,
            name=item["name"],
            phone=item["phone"],
            address=item["address"],
            active=True,
        )
        for item in catalogue["customers"]
    )
    _seed_menu(session, catalogue)
    _seed_venues(session, catalogue, venues)


def _seed_menu(session: Session, catalogue: dict[str, Any]) -> None:
    groups = {
        item["id"]: ModifierGroup(
            id=item["id"],
            brand_id=BRAND_ID,
            name=item["name"],
            min_select=item.get("min_select", 0),
            max_select=item.get("max_select", 0),
            active=True,
            modifiers=[
                Modifier(id=choice["id"], name=choice["name"], price_minor=_minor(choice["price"]), active=True)
                for choice in item["modifiers"]
            ],
        )
        for item in catalogue["modifier_groups"]
    }
    items = {item["id"]: item for item in catalogue["products"]}
    parents = {item["parent_id"] for item in items.values() if "parent_id" in item}
    for item in items.values():
        parent = items.get(item.get("parent_id"), {})
        session.add(
            Product(
                id=item["id"],
                brand_id=BRAND_ID,
                name=item["name"],
                price_minor=_minor(item.get("price", 0)),
                active=True,
                has_variants=item["id"] in parents,
                modifier_groups=[groups[g] for g in item.get("modifier_groups") or parent.get("modifier_groups", ())],
            )
        )
    session.flush()


def _seed_venues(session: Session, catalogue: dict[str, Any], venues: int) -> None:
    """The catalogue's venues, and as many more as are wanted, each with a terminal of its own number."""
    documented = {item["id"]: item for item in catalogue["venues"]}
    ids = range(1, venues + 1)
    for venue_id in ids:
        item = documented.get(venue_id, {})
        session.add(
            Venue(
                id=venue_id,
                brand_id=BRAND_ID,
                name=item.get("name", f"Venue {venue_id}"),
                active=True,
                accepting_orders=True,
                price_policy=item.get("price_policy", "trust_caller"),
                default_terminal_id=venue_id,
            )
        )
    sale_types = catalogue["sale_types"]
    session.add_all(
        SaleType(id=item["id"], brand_id=BRAND_ID, name=item["name"], system_type=item["system_type"], active=True)
        for item in sale_types
    )
    session.flush()
    for venue_id in ids:
        session.add(Terminal(id=venue_id, venue_id=venue_id, name=f"Till {venue_id}", active=True))
        session.add(VenueCounter(venue_id=venue_id, last_event=0))
        session.add_all(VenueSaleType(venue_id=venue_id, sale_type_id=item["id"]) for item in sale_types)
    session.add_all(
        StopListEntry(
            venue_id=item["venue_id"],
            product_id=item["product_id"],
            quantity_milli=round(item["quantity"] * 1_000),
            version=1,
            updated_at=time.time_ns() // 1_000,
        )
        for item in catalogue["stop_list"]
        if item["venue_id"] in ids
    )


def _minor(price: float) -> int:
    """A price of the document, which has two decimals at most, as cents."""
    return round(price * 100)


def main() -> None:
    """Prepare the database of the environment and print a token."""
    asyncio.run(prepare(os.environ["DATABASE_URL"], int(os.environ.get("BENCH_VENUES", DEFAULT_VENUES))))
    print(token(os.environ["TOKEN_SECRET"]))


if __name__ == "__main__":
    main()
