"""The demo as a restaurant to look at: menu, pictures, people and channels, beside the brand of the documents.

Done once for a store; what somebody changes afterwards stays changed.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from comanda import administration, demo
from comanda.access.secrets import hash_password
from comanda.administration import ClientSettings
from comanda.base.clock import now_micros
from comanda.catalogue.document import Document, read_document
from comanda.catalogue.model import AcceptDeadline, DeadlineStep, Product, Venue
from comanda.catalogue.snapshot import Snapshot
from comanda.demo.pictures import draw_pictures
from comanda.pictures.model import Rendered
from comanda.pictures.render import render_picture
from comanda.store.pictures import put_picture
from comanda.store.pins import set_pin
from comanda.store.store import Store

_SIGN: Final = 201
"""A product that only a furnished demo has."""
_QUOTA_PER_MINUTE: Final = 600
_LADDER: Final = AcceptDeadline(
    sale_types=(2,),
    steps=(
        DeadlineStep(after_s=45, action="remind"),
        DeadlineStep(after_s=90, action="escalate"),
        DeadlineStep(after_s=600, action="ignore"),
    ),
)
"""For deliveries, whose guests wait at home."""


async def furnish_demo(store: Store) -> None:
    """Give the demo brand what it lacks of the restaurant."""
    await _hire(store)
    await _open_channels(store)
    snapshot = await administration.catalogue_of(store, demo.BRAND)
    if _SIGN not in snapshot.products and demo.VENUE_ID in snapshot.venues:
        await _give_pins(store)  # before the import, which is the sign that all of this is done
        pictures = await _keep_pictures(store)
        await administration.import_document(store, demo.BRAND, _furnished(_house_document(), snapshot, pictures))


async def _hire(store: Store) -> None:
    known = (await store.directory()).people
    for person in demo.PEOPLE:
        if (demo.BRAND, person.username) not in known:
            await administration.add_staff(
                store,
                demo.BRAND,
                person.username,
                name=person.name,
                role=person.role,
                venues=(),
                password=person.password,
            )


async def _give_pins(store: Store) -> None:
    """Everybody the PIN that is on paper: for paired devices, where a name and a PIN sign in."""
    hashes = {pin: hash_password(pin) for pin in {person.pin for person in demo.PEOPLE}}
    for person in demo.PEOPLE:
        await store.run(
            lambda person=person: set_pin(demo.BRAND, person.username, hashes[person.pin], "operator", now_micros())
        )


async def _open_channels(store: Store) -> None:
    directory = await store.directory()
    for channel in demo.CHANNELS:
        if (demo.BRAND, channel.client_id) not in directory.clients:
            await administration.add_client(
                store,
                demo.BRAND,
                channel.client_id,
                name=channel.name,
                settings=ClientSettings(guest_customers="match", quota_per_minute=_QUOTA_PER_MINUTE),
                secret=channel.secret,
            )


async def _keep_pictures(store: Store) -> dict[int, str]:
    """Draw the dishes and keep the pictures; their ids by product."""
    found: dict[int, str] = {}
    for product_ids, rendered in await asyncio.to_thread(_render_pictures):
        await store.run(lambda rendered=rendered: put_picture(demo.BRAND, rendered))
        found |= dict.fromkeys(product_ids, rendered.picture.id)
    return found


def _render_pictures() -> list[tuple[tuple[int, ...], Rendered]]:
    return [(ids, render_picture(content, now_micros())) for ids, content in draw_pictures().items()]


def _house_document() -> Document:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "house.yaml"
        path.write_text(demo.house_text(), encoding="utf-8")
        return read_document(path)


def _furnished(document: Document, snapshot: Snapshot, pictures: dict[int, str]) -> Document:
    """The document with pictures at its products and at those there are, and with the venue's policies."""
    known = {product.id for product in document.products}
    others = [found for number, found in snapshot.products.items() if number in pictures and number not in known]
    venue = snapshot.venues[demo.VENUE_ID]
    return replace(
        document,
        products=tuple(_with_picture(found, pictures) for found in (*document.products, *others)),
        venues=(_policies(venue),),
    )


def _with_picture(product: Product, pictures: dict[int, str]) -> Product:
    return replace(product, pictures=(pictures[product.id],)) if product.id in pictures else product


def _policies(venue: Venue) -> Venue:
    """Deliveries are reminded of, and what nobody knows waits to be mapped; not where somebody has decided already."""
    if venue.accept_deadlines:
        return venue
    return replace(venue, accept_deadlines=(_LADDER,), unknown_item_policy="quarantine")
