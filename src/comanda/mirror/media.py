"""The pictures that rows of a source name (contract 3.1): of each only the original, from which the rest is made."""

from collections.abc import Iterator
from typing import Any

from comanda.base import limits
from comanda.base.reading import text_flaw
from comanda.mirror.source import Fetched
from comanda.mirror.values import list_of, mapping_of

_WITH_MEDIA = ("venues", "sale_types", "categories", "products")
_INSIDE = ("children", "modifications")
_LONGEST_URL = 2_000


def original_of(medium: Any) -> str | None:
    """Where a media object's original is; None where it does not say."""
    url = mapping_of(mapping_of(medium).get("urls")).get("original")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")) or len(url) > _LONGEST_URL:
        return None
    return None if text_flaw(url) else url


def originals_in(fetched: Fetched) -> dict[str, str]:
    """Every original that the rows name, with the ``uuid`` that the source gives it."""
    found: dict[str, str] = {}
    for name in _WITH_MEDIA:
        for row in _rows(fetched.rows.get(name, [])):
            for medium in list_of(mapping_of(row).get("media")):
                url = original_of(medium)
                if url is not None:
                    found.setdefault(url, str(mapping_of(medium).get("uuid")))
    return found


def _rows(rows: list[Any]) -> Iterator[Any]:
    """Rows and what hangs below them."""
    level = rows
    for _ in range(limits.MIRROR_CATEGORY_DEPTH):
        yield from level
        level = [inner for row in level for key in _INSIDE for inner in list_of(mapping_of(row).get(key))]
        if not level:
            return
