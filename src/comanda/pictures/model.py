"""A picture as the store knows it, and as v2 shows it (contract 3.1)."""

from typing import Any, Final

from msgspec import Struct

from comanda.base.clock import Micros

VARIANTS: Final = {"original": 2_048, "extra_large": 1_024, "thumb": 200}
"""The sizes a picture is kept in: the most dots that either side has."""


class Picture(Struct, frozen=True):
    """A picture; its id is a UUID made of its content's SHA-256. Sizes are those of the original."""

    id: str
    media_type: str
    size_bytes: int
    width: int
    height: int
    blur_hash: str
    created_at: Micros


def media_object(picture: Picture, brand_id: str, base_url: str) -> dict[str, Any]:
    """The media object of contract 3.1; ``base_url`` has no slash at its end."""
    return {
        "uuid": picture.id,
        "mime_type": picture.media_type,
        "size": picture.size_bytes,
        "urls": {variant: f"{base_url}/media/{brand_id}/{picture.id}/{variant}" for variant in VARIANTS},
        "blur_hash": picture.blur_hash,
        "dimensions": {"width": picture.width, "height": picture.height},
    }
