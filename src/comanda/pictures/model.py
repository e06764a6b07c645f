"""A picture as the store knows it, and as v2 shows it (contract 3.1)."""

from hashlib import sha256
from typing import Any, Final
from uuid import UUID

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


class PictureFile(Struct, frozen=True):
    """One size of a picture as it is served."""

    media_type: str
    content: bytes


class Rendered(Struct, frozen=True):
    """A picture with its file in every size."""

    picture: Picture
    files: dict[str, bytes]


def picture_id_of(original: bytes) -> str:
    """The id of a picture: the first 16 bytes of its original's SHA-256 as a version 8 UUID."""
    bits = int.from_bytes(sha256(original).digest()[:16], "big")
    bits = bits & ~(0xF << 76) | 0x8 << 76
    return str(UUID(int=bits & ~(0b11 << 62) | 0b10 << 62))


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
