"""The steps of ``comanda mirror``: read the source, translate, show what would change, apply it whole or not at all."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import typer
from rich.progress import Progress

from comanda import administration
from comanda.base.errors import SetupError
from comanda.catalogue.document import Document, pictures_in
from comanda.cli.mirror_report import ProgressView, show_difference, show_remarks
from comanda.cli.options import console, errors, with_store
from comanda.mirror.address import Credentials, fingerprint
from comanda.mirror.connection import Connection
from comanda.mirror.context import Here
from comanda.mirror.difference import Difference, difference, with_retired
from comanda.mirror.fetch import fetch
from comanda.mirror.gather import Gathered, gather, rendered_of
from comanda.mirror.guard import EVERY_NETWORK
from comanda.mirror.kept import KeptPages, open_pages
from comanda.mirror.media import originals_in
from comanda.mirror.pace import Pace
from comanda.mirror.pictures import Pictures
from comanda.mirror.source import Fetched, Wanted
from comanda.mirror.translate import Translation, translate
from comanda.settings import Settings
from comanda.store.pictures import missing_pictures, put_picture
from comanda.store.store import Store


@dataclass(frozen=True, slots=True)
class Choices:
    """What was asked for on the command line; ``state`` None is a folder beside the store."""

    address: str
    credentials: Credentials
    brand: str
    wanted: Wanted
    rate: float
    timezone: str | None
    pictures: bool
    private_pictures: bool
    retire_missing: bool
    state: Path | None
    fresh: bool
    dry_run: bool
    yes: bool
    verbose: bool


@dataclass(frozen=True, slots=True)
class Collected:
    """What came from the source."""

    fetched: Fetched
    gathered: Gathered = field(default_factory=Gathered)


def run_mirror(choices: Choices, settings: Settings) -> None:
    """Read the source, show what would change, apply it. Raises SetupError, and typer.Exit when it is declined."""
    here = with_store(settings, lambda store: _read_here(store, choices.brand))
    folder = choices.state or settings.data_dir / "mirror" / choices.brand
    pages = open_pages(folder, fingerprint(choices.address, choices.credentials.brand), fresh=choices.fresh)
    if pages.resumed:
        began = datetime.fromtimestamp(pages.began_s, UTC)
        console.print(f"going on with what was read since {began:%Y-%m-%d %H:%M} UTC (--fresh reads it again)")
    collected = asyncio.run(_collect(pages, choices))
    translation = _translated(collected, here, choices)
    found = difference(translation.document, here.document)
    show_remarks(translation.remarks)
    show_difference(found, verbose=choices.verbose)
    if not found:
        console.print("nothing to do: everything is here as it is there")
        pages.clear()
        return
    if choices.dry_run:
        console.print("nothing was changed")
        return
    if not choices.yes and not typer.confirm("Apply?"):
        console.print("nothing was changed")
        raise typer.Exit(1)
    shown = None if choices.yes else found
    with_store(settings, lambda store: _apply(store, collected, pages, choices, shown))
    pages.clear()


async def _read_here(store: Store, brand: str) -> Here:
    await administration.catalogue_of(store, brand)
    devices = await administration.list_rows(store, "devices", brand)
    return Here(
        await store.whole_catalogue(brand),
        (await store.directory()).brands[brand].region,
        frozenset(int(row["device_id"]) for row in devices),
    )


async def _collect(pages: KeptPages, choices: Choices) -> Collected:
    with ProgressView() as view:
        pace = Pace(choices.rate, view.waiting)
        async with Connection(choices.address, choices.credentials, pace) as connection:
            fetched = await fetch(connection, pages, choices.wanted, view)
        if not choices.pictures:
            return Collected(fetched)
        async with Pictures(allowed=EVERY_NETWORK if choices.private_pictures else ()) as pictures:
            found = await gather(pictures, originals_in(fetched), pages, view, fetched.remarks)
        return Collected(fetched, found)


def _translated(collected: Collected, here: Here, choices: Choices) -> Translation:
    """The document to apply to what is here."""
    pictures = collected.gathered.ids if choices.pictures else None
    translation = translate(collected.fetched, here, timezone=choices.timezone, pictures=pictures)
    if not choices.retire_missing:
        return translation
    document = with_retired(translation.document, here.document, collected.fetched.whole)
    return Translation(document, translation.remarks)


async def _apply(
    store: Store, collected: Collected, pages: KeptPages, choices: Choices, shown: Difference | None
) -> None:
    """Apply to what is here now; where a difference was ``shown``, it must still be the same."""

    async def make(_: object) -> Document:
        here = await _read_here(store, choices.brand)
        document = _translated(collected, here, choices).document
        if shown is not None and difference(document, here.document) != shown:
            raise SetupError("the catalogue here was changed meanwhile; run again to see what would change now")
        return document

    # This may take minutes, in which people go on working here; what is applied is made of what is there afterwards.
    await _keep_pictures(store, collected.gathered, pages, choices.brand, await make(None))
    with Progress(console=errors, transient=True) as bar:
        task = bar.add_task("applying", total=None)
        changes = await administration.import_made(
            store, choices.brand, make, lambda done, total: bar.update(task, completed=done, total=total)
        )
    counts = ", ".join(f"{count} {kind}" for kind, count in changes.counts().items())
    console.print(f"applied: {counts or 'nothing was different'}", soft_wrap=True)


async def _keep_pictures(store: Store, gathered: Gathered, pages: KeptPages, brand: str, document: Document) -> None:
    """Keep the pictures that the document names and the brand does not have."""
    named = {picture for _, picture in pictures_in(document)} & gathered.kept.keys()
    for picture_id in sorted(await store.read(lambda: missing_pictures(brand, named))):
        name, uuid = gathered.kept[picture_id]
        content = pages.read(name)
        if content is None:
            raise SetupError("pages of this run are gone; run again")
        rendered = await asyncio.to_thread(rendered_of, content, uuid)
        await store.run(partial(put_picture, brand, rendered))
