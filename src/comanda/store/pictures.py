"""Pictures as rows: what they are, and their files in every size."""

from collections.abc import Collection, Iterable

from comanda.base.clock import Micros
from comanda.base.errors import Problem
from comanda.catalogue.document import Document, pictures_in
from comanda.pictures.model import Picture, PictureFile, Rendered
from comanda.store.tables import picture_files, pictures
from comanda.store.transaction import InsertMany, Row, SelectMany, Transaction, many


def find_pictures(brand_id: str, ids: Iterable[str]) -> Transaction[dict[str, Picture]]:
    """Pictures by id; those that are not there are left out."""
    rows = yield many(_SELECT, [(brand_id, picture_id) for picture_id in sorted(set(ids))])
    return {row[0]: _picture_of(row) for row in rows}


def missing_pictures(brand_id: str, ids: Iterable[str]) -> Transaction[set[str]]:
    """Which of these ids are no picture of the brand's; resources may only name those that are."""
    wanted = set(ids)
    found = yield from find_pictures(brand_id, wanted)
    return wanted - found.keys()


def unknown_pictures(brand_id: str, document: Document, given: Collection[str] = ()) -> Transaction[list[Problem]]:
    """A problem for each place where a document names a picture that the brand does not have and is not given."""
    named = list(pictures_in(document))
    missing = yield from missing_pictures(brand_id, {picture_id for _, picture_id in named}.difference(given))
    return [
        Problem(path, "unknown_reference", f"there is no picture {picture_id}", picture_id)
        for path, picture_id in named
        if picture_id in missing
    ]


def picture_files_of(
    brand_id: str, ids: Iterable[str], variant: str = "original"
) -> Transaction[dict[str, PictureFile]]:
    """One size of pictures by id; those that are not there are left out."""
    rows = yield many(_SELECT_FILES, [(brand_id, picture_id, variant) for picture_id in sorted(set(ids))])
    return {row[0]: PictureFile(row[1], bytes(row[2])) for row in rows}


def put_picture(brand_id: str, rendered: Rendered) -> Transaction[bool]:
    """Keep a picture with its files; False when the brand has it already, and then nothing is written."""
    picture = rendered.picture
    row = (brand_id, *(getattr(picture, name) for name in Picture.__struct_fields__))
    added = yield many(_INSERT, [row])
    if not added:
        return False
    for variant, content in rendered.files.items():
        yield many(_INSERT_FILE, [(brand_id, picture.id, variant, picture.media_type, content)])
    return True


def _picture_of(row: Row) -> Picture:
    return Picture(row[0], row[1], int(row[2]), int(row[3]), int(row[4]), row[5], Micros(row[6]))


_SELECT = SelectMany(
    tuple(column for column in pictures.c if column.name != "brand_id"), (pictures.c.brand_id, pictures.c.id)
)
_SELECT_FILES = SelectMany(
    (picture_files.c.id, picture_files.c.media_type, picture_files.c.content),
    (picture_files.c.brand_id, picture_files.c.id, picture_files.c.variant),
)
_INSERT = InsertMany(pictures, lambda insert: insert.on_conflict_do_nothing().returning(pictures.c.id))
_INSERT_FILE = InsertMany(picture_files)
