"""An uploaded picture read: bytes in, the bare dots out, turned upright, in sRGB, no larger than pictures are kept.

What a picture is, its content says. Nothing of what stands beside the dots comes out: no place, no camera, no comment.
"""

import warnings
from io import BytesIO
from typing import Final

from PIL import Image, ImageCms, ImageFile, ImageOps

from comanda.base import limits
from comanda.base.errors import ComandaError
from comanda.pictures.model import VARIANTS

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_GAP: Final = 2.0
"""Shrinking in two steps: a quick one to at least this much of the wanted size, then a good one."""
warnings.simplefilter("error", Image.DecompressionBombWarning)


def read_picture(content: bytes) -> Image.Image:
    """Decode a picture as RGB, or as RGBA where some of it can be seen through.

    Raises ComandaError ``not_a_picture``, ``picture_too_large``.
    """
    image = open_picture(content)
    side = VARIANTS["original"]
    try:
        open_picture(content).verify()  # the checksums of a PNG; a picture that was verified cannot be decoded
        plain = _plain(image)
        plain.thumbnail((side, side), reducing_gap=_GAP)
        bare = _in_srgb(_upright(plain))
    except Exception as error:
        raise damaged() from error
    bare.info.clear()
    if bare.mode == "RGBA" and bare.getchannel("A").getextrema() == (255, 255):
        return bare.convert("RGB")
    return bare


def open_picture(content: bytes) -> ImageFile.ImageFile:
    """Look at a picture's head, decoding nothing. Raises ComandaError ``not_a_picture``, ``picture_too_large``."""
    try:
        image = Image.open(BytesIO(content), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception:
        raise ComandaError("not_a_picture", "The body is no JPEG, PNG or WebP picture, or a damaged one") from None
    if image.width * image.height > limits.MAX_PICTURE_PIXELS:
        raise _too_large()
    # A phone's JPEG may hold a second picture, for its depth or its light; the first is the photo.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise ComandaError("not_a_picture", "The picture is animated; send one that stands still")
    return image


def damaged() -> ComandaError:
    """The refusal of a picture whose dots cannot be read to the end."""
    return ComandaError("not_a_picture", "The picture is damaged or cut off")


def _plain(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be shrunk; what can stay as its decoder gives it is not decoded yet."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in ("RGB", "RGBA", "L", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # What says how the camera was held is damaged; the picture is not.
        return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """The colours as screens show them when nothing else is said."""
    wanted = "RGBA" if image.mode == "RGBA" else "RGB"
    profile = image.info.get("icc_profile")
    if profile:
        try:
            return _converted(image, profile, wanted)
        except Exception:
            # A damaged profile, or one of other colours than the picture's: as if there were none.
            return image.convert(wanted)
    return image.convert(wanted)


def _converted(image: Image.Image, profile: bytes, wanted: str) -> Image.Image:
    own, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
    found = ImageCms.profileToProfile(image, own, srgb, outputMode=wanted)
    assert found is not None, "only a conversion in place returns nothing"
    return found


def _too_large() -> ComandaError:
    megapixels = limits.MAX_PICTURE_PIXELS // 1_000_000
    return ComandaError("picture_too_large", f"The picture has more than {megapixels} megapixels")
