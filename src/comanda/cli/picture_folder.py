"""The folder of pictures beside a document: originals, named by their ids, ``menu.pictures`` beside ``menu.yaml``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError, SetupError
from comanda.catalogue.document import Document, pictures_in
from comanda.pictures.keep import keep_picture
from comanda.pictures.model import PictureFile, Rendered
from comanda.store.pictures import missing_pictures, picture_files_of, put_picture
from comanda.store.store import Store

_ENDINGS: Final = {"image/jpeg": ".jpg", "image/webp": ".webp"}


def folder_beside(document: Path) -> Path:
    """Where the pictures of a document's file stand."""
    return document.with_suffix(".pictures")


async def write_pictures(store: Store, brand_id: str, document: Document, folder: Path) -> int:
    """Write the original of every picture that a document names; returns how many there were."""
    written = 0
    for picture_id in sorted({picture_id for _, picture_id in pictures_in(document)}):
        found = await store.read(lambda wanted=picture_id: picture_files_of(brand_id, [wanted]))
        for file in found.values():
            _write(folder, picture_id, file)
            written += 1
    return written


async def find_files(store: Store, brand_id: str, document: Document, folder: Path) -> dict[str, Path]:
    """The files in a folder of the pictures that a document names and the brand does not have, by id."""
    named = {picture_id for _, picture_id in pictures_in(document)}
    missing = await store.read(lambda: missing_pictures(brand_id, named))
    places = {picture_id: _place(folder, picture_id) for picture_id in sorted(missing)}
    return {picture_id: place for picture_id, place in places.items() if place is not None}


async def take_pictures(store: Store, brand_id: str, files: Mapping[str, Path], *, check_only: bool) -> None:
    """Check files and keep those that are sound. Raises SetupError that names all others."""
    problems: list[str] = []
    for picture_id, place in files.items():
        try:
            rendered = _read(picture_id, place)
        except (ComandaError, OSError) as error:
            problems.append(f"  {place}: {error}")
            continue
        if not check_only:
            await store.run(lambda kept=rendered: put_picture(brand_id, kept))
    if problems:
        raise SetupError("\n".join([f"{len(problems)} picture(s) cannot be taken:", *problems[:50]]))


def _write(folder: Path, picture_id: str, file: PictureFile) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{picture_id}{_ENDINGS[file.media_type]}").write_bytes(file.content)


def _place(folder: Path, picture_id: str) -> Path | None:
    places = [folder / f"{picture_id}{ending}" for ending in _ENDINGS.values()]
    return next((place for place in places if place.is_file()), None)


def _read(picture_id: str, place: Path) -> Rendered:
    with place.open("rb") as file:
        return keep_picture(picture_id, file.read(limits.MAX_ORIGINAL_BYTES + 1), now_micros())
