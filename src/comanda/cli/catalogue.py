"""``comanda import`` and ``comanda export``: a brand's catalogue as one document."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from comanda import administration
from comanda.base.private_files import open_private
from comanda.catalogue.document import Document, read_document, write_document
from comanda.catalogue.snapshot import Snapshot
from comanda.cli import picture_folder
from comanda.cli.options import AsJson, BrandOption, DatabaseUrl, DataDir, console, store_settings, with_store
from comanda.store.store import Store


def import_catalogue(
    file: Annotated[Path, typer.Argument(help="A .yaml, .yml or .json document, or .csv with products.")],
    brand: BrandOption,
    check_only: Annotated[bool, typer.Option("--check", help="Only say whether it would be taken.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Apply a catalogue document: validated whole, applied whole or not at all; prints what changed.

    A resource is replaced by what a document says of it. A row of CSV changes what its cells say and nothing else.

    Pictures that it names are taken from the folder beside it that ends in .pictures, if they are not there yet.
    """
    whole = None if file.suffix == ".csv" else read_document(file)

    async def work(store: Store) -> None:
        document = whole or read_document(file, await administration.catalogue_of(store, brand))
        pictures = await picture_folder.find_files(store, brand, document, picture_folder.folder_beside(file))
        if pictures or check_only:
            await administration.check_import(store, brand, document, given=pictures.keys())
        await picture_folder.take_pictures(store, brand, pictures, check_only=check_only)
        if check_only:
            console.print("the document is sound; nothing was changed")
            return

        async def made_of(snapshot: Snapshot) -> Document:
            return whole or read_document(file, snapshot)

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("importing", total=None)
            changes = await administration.import_made(
                store, brand, made_of, lambda done, total: bar.update(task, completed=done, total=total)
            )
        if as_json:
            rows = [
                {"kind": k, "id": i, "name": n, "change": "added" if a else "changed"} for k, i, n, a in changes.rows
            ]
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for kind, resource_id, name, added in changes.rows[:200]:
            console.print(f"{'added  ' if added else 'changed'} {kind} {resource_id}  {name}", markup=False)
        if len(changes.rows) > 200:
            console.print(f"… and {len(changes.rows) - 200} more")
        counts = ", ".join(f"{count} {kind}" for kind, count in changes.counts().items())
        console.print(f"applied: {counts or 'nothing was different'}", soft_wrap=True)

    with_store(store_settings(data_dir, database_url), work)


def export_catalogue(
    brand: BrandOption,
    out: Annotated[Path | None, typer.Option("--out", help="A file; default standard output.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write a brand's whole catalogue, customers and stop list included, as a document that import reads.

    A file is its owner's only. Beside it the pictures are written, into a folder of its name that ends in
    .pictures.
    """

    async def work(store: Store) -> str:
        await administration.catalogue_of(store, brand)
        document = await store.whole_catalogue(brand)
        if out is not None:
            await picture_folder.write_pictures(store, brand, document, picture_folder.folder_beside(out))
        return write_document(document, as_json=as_json or (out is not None and out.suffix == ".json"))

    text = with_store(store_settings(data_dir, database_url), work)
    if out is None:
        typer.echo(text, nl=False)
    else:
        with open_private(out) as file:
            file.write(text.encode())
