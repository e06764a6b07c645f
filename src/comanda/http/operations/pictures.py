"""Pictures: uploaded, and served to everybody."""

from typing import Any, Final

from comanda.access.routes import PICTURE_BODIES
from comanda.http.operations.parts import Operation, Operations, operation, parameter, path_part, reply
from comanda.pictures.model import VARIANTS
from comanda.pictures.sizes import MEDIA_TYPES

_TAG: Final = "Pictures"


def _upload() -> Operation:
    summary = "Keep a picture: JPEG, PNG or WebP, at most 5 MiB and 40 megapixels; nothing but its dots is kept"
    content: dict[str, Any] = {media_type: {} for media_type in PICTURE_BODIES.media_types}
    responses = {
        "201": reply("The picture, which resources can name by its `uuid`", "PictureKept"),
        "200": reply("The brand has this picture already", "PictureKept"),
    }
    return operation("uploadPicture", summary, _TAG, responses, requestBody={"required": True, "content": content})


def _show() -> Operation:
    described = "The picture; what stands at an address never changes"
    content: dict[str, Any] = {media_type: {} for media_type in MEDIA_TYPES.values()}
    responses: dict[str, Any] = {
        "200": {"description": described, "content": content, "headers": _kept_for_ever()},
        "304": {"description": "The caller has it already", "headers": _kept_for_ever()},
        "404": reply("No such picture, or no such size", "Error"),
    }
    parts = [
        path_part("brand", {"type": "string"}, "The brand's slug"),
        path_part("id", {"type": "string", "format": "uuid"}, "The picture's `uuid`"),
        path_part("variant", {"enum": list(VARIANTS)}, "The size"),
        parameter("header", "If-None-Match", {"type": "string"}, "ETags that the caller has"),
    ]
    return operation("showPicture", "A picture of the menu in one size", _TAG, responses, parameters=parts)


def _kept_for_ever() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "ETag": {"schema": text, "description": "Made of the content"},
        "Cache-Control": {"schema": text, "description": "A year, immutable"},
    }


OPERATIONS: Final[Operations] = {
    ("POST", "/hub/v1/admin/pictures"): _upload,
    ("GET", "/media/{brand}/{id}/{variant}"): _show,
}
