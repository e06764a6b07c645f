"""The shape of pictures in answers (contract 3.1), for the OpenAPI document."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from comanda.catalogue.model import Uuid
from comanda.http.open_api.answers import Envelope


class MediaUrls(Struct, frozen=True):
    """Where each size is; an address never answers with anything else."""

    original: str
    extra_large: str
    thumb: str


class Dimensions(Struct, frozen=True):
    """The original's, in dots."""

    width: Annotated[int, Meta(ge=1)]
    height: Annotated[int, Meta(ge=1)]


class Media(Struct, frozen=True):
    """A picture; ``size`` is the original's, in bytes."""

    uuid: Uuid
    mime_type: Literal["image/jpeg", "image/webp"]
    size: Annotated[int, Meta(ge=1)]
    urls: MediaUrls
    blur_hash: str
    dimensions: Dimensions


class PictureKept(Envelope, frozen=True, kw_only=True):
    """The answer to an upload."""

    data: Media
