"""A picture and its sizes made of its original: JPEG, or WebP where some of it can be seen through. Pure."""

from io import BytesIO
from typing import Final

import blurhash
from PIL import Image

from comanda.base.clock import Micros
from comanda.pictures.model import VARIANTS, Picture, Rendered, picture_id_of

MEDIA_TYPES: Final = {"JPEG": "image/jpeg", "WEBP": "image/webp"}
_QUALITY: Final = 85
_BLUR_SIDE: Final = 24
_BLUR_PARTS: Final = (4, 3)
"""Across and down; the hash is 28 characters."""


def sizes_of(original: bytes, now: Micros) -> Rendered:
    """The picture of an original, with its files; a size that is no smaller than the original is the original.

    The original must be one that Comanda encoded. Raises what Pillow raises for a damaged one.
    """
    image: Image.Image = Image.open(BytesIO(original))
    media_type = MEDIA_TYPES[str(image.format)]
    image.load()
    picture = Picture(
        id=picture_id_of(original),
        media_type=media_type,
        size_bytes=len(original),
        width=image.width,
        height=image.height,
        blur_hash=_blur_hash(image),
        created_at=now,
    )
    return Rendered(picture, {variant: _within(side, image, original) for variant, side in VARIANTS.items()})


def encode_picture(image: Image.Image) -> bytes:
    """The file of a picture without anything beside its dots."""
    file = BytesIO()
    image.save(file, "WEBP" if image.mode == "RGBA" else "JPEG", quality=_QUALITY)
    return file.getvalue()


def _within(side: int, image: Image.Image, original: bytes) -> bytes:
    if max(image.size) <= side:
        return original
    smaller = image.copy()
    smaller.thumbnail((side, side))
    return encode_picture(smaller)


def _blur_hash(image: Image.Image) -> str:
    """A few colours to show until the picture is there; what can be seen through counts as white."""
    small = image.copy()
    small.thumbnail((_BLUR_SIDE, _BLUR_SIDE))
    ground = Image.new("RGB", small.size, "white")
    ground.paste(small, mask=small if small.mode == "RGBA" else None)
    data, width = ground.tobytes(), 3 * small.width
    rows = [data[begin : begin + width] for begin in range(0, len(data), width)]
    dots = [[row[place : place + 3] for place in range(0, width, 3)] for row in rows]
    return str(blurhash.encode(dots, *_BLUR_PARTS))
