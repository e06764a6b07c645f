"""An original from an export taken as it is, so that the picture keeps its id: checked, then made into sizes again."""

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.base.errors import ComandaError
from comanda.pictures.model import VARIANTS, Rendered, picture_id_of
from comanda.pictures.read import damaged, open_picture
from comanda.pictures.sizes import sizes_of

_MODES = {"JPEG": ("RGB",), "WEBP": ("RGBA",)}
_METADATA = {"exif", "icc_profile", "xmp", "comment", "photoshop"}


def keep_picture(picture_id: str, original: bytes, now: Micros) -> Rendered:
    """The picture of a file that rendering has made, here or elsewhere, byte for byte.

    Raises ComandaError ``not_a_picture`` for a file that is another one than the id says, or no such file.
    """
    if len(original) > limits.MAX_ORIGINAL_BYTES:
        raise ComandaError("not_a_picture", f"The file is larger than {limits.MAX_ORIGINAL_BYTES} bytes")
    if picture_id_of(original) != picture_id:
        raise ComandaError("not_a_picture", "The content is not the one that the name was made of")
    if not _is_bare(original):
        raise ComandaError("not_a_picture", "The file is not as Comanda keeps pictures; upload it instead")
    try:
        return sizes_of(original, now)
    except Exception as error:
        raise damaged() from error


def _is_bare(original: bytes) -> bool:
    """Whether the file is of a form and size that rendering makes, with nothing beside the dots."""
    image = open_picture(original)
    if image.mode not in _MODES.get(str(image.format), ()) or max(image.size) > VARIANTS["original"]:
        return False
    if image.info.keys() & _METADATA:
        return False
    if image.format == "WEBP":
        return len(original) == int.from_bytes(original[4:8], "little") + 8
    segments = [name for name, _ in getattr(image, "applist", [])]
    return segments == ["APP0"] and original.endswith(b"\xff\xd9")
