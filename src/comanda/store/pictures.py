"""Pictures as rows: what they are, and their files in every size."""

from collections.abc import Iterable

from comanda.base.clock import Micros
from comanda.pictures.model import Picture
from comanda.store.tables import pictures
from comanda.store.transaction import Row, SelectMany, Transaction, many


def find_pictures(brand_id: str, ids: Iterable[str]) -> Transaction[dict[str, Picture]]:
    """Pictures by id; those that are not there are left out."""
    rows = yield many(_SELECT, [(brand_id, picture_id) for picture_id in sorted(set(ids))])
    return {row[0]: _picture_of(row) for row in rows}


def _picture_of(row: Row) -> Picture:
    return Picture(row[0], row[1], int(row[2]), int(row[3]), int(row[4]), row[5], Micros(row[6]))


_SELECT = SelectMany(
    tuple(column for column in pictures.c if column.name != "brand_id"), (pictures.c.brand_id, pictures.c.id)
)
