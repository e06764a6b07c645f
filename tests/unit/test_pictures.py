"""Pictures: what is taken, what is left of it, that nothing beside the dots survives, and that ids stay."""

import io
import struct
import zlib
from hashlib import sha256
from uuid import UUID

import blurhash
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from comanda.base import limits
from comanda.base.errors import ComandaError
from comanda.pictures.keep import keep_picture
from comanda.pictures.model import VARIANTS, picture_id_of
from comanda.pictures.render import render_picture

NOW = 1_700_000_000_000_000
PLACE = b"N40.4093 E49.8671 secret-place"


def saved(image: Image.Image, form: str, **options) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def halves(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), (220, 20, 20))
    image.paste((20, 20, 220), (width // 2, 0, width, height))
    return image.convert(mode)


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Dots that compress badly, the same each time."""
    size = width * height * len(mode)
    return Image.frombytes(
        mode, (width, height), b"".join(sha256(b"%d" % i).digest() for i in range(size // 32 + 1))[:size]
    )


def opened(content: bytes) -> Image.Image:
    """A file read back."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def refusal(content: bytes) -> tuple[str, str]:
    """How bytes are refused."""
    with pytest.raises(ComandaError) as refused:
        render_picture(content, NOW)
    return refused.value.code, refused.value.message


def about(dot, wanted) -> bool:
    """Whether two colours are the same, but for what encoding changes."""
    return all(abs(one - other) < 12 for one, other in zip(dot, wanted, strict=True))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_an_opaque_picture_is_kept_as_jpeg_in_three_sizes(form):
    """Whatever it came as; no side longer than the variant's, shapes kept."""
    rendered = render_picture(saved(halves(3000, 1500), form), NOW)
    picture = rendered.picture
    assert (picture.media_type, picture.width, picture.height, picture.created_at) == ("image/jpeg", 2048, 1024, NOW)
    assert {name: opened(file).size for name, file in rendered.files.items()} == {
        "original": (2048, 1024),
        "extra_large": (1024, 512),
        "thumb": (200, 100),
    }
    for file in rendered.files.values():
        image = opened(file)
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert about(image.getpixel((5, 5)), (220, 20, 20))
        assert about(image.getpixel((image.width - 5, 5)), (20, 20, 220))
    assert picture.size_bytes == len(rendered.files["original"])


def test_the_id_is_made_of_the_originals_content():
    """A version 8 UUID of the SHA-256's first 16 bytes; the same upload gives the same id, another one another."""
    rendered = render_picture(saved(halves(50, 40), "PNG"), NOW)
    digest = sha256(rendered.files["original"]).digest()
    found = UUID(rendered.picture.id)
    assert (found.version, found.variant) == (8, "specified in RFC 4122")
    kept = (1 << 128) - 1 ^ 0xF << 76 ^ 0b11 << 62
    assert found.int & kept == int.from_bytes(digest[:16], "big") & kept
    assert render_picture(saved(halves(50, 40), "PNG"), NOW + 1).picture.id == rendered.picture.id
    assert render_picture(saved(halves(52, 40), "PNG"), NOW).picture.id != rendered.picture.id


def test_small_pictures_are_never_enlarged():
    """Every size that is no smaller than the original is the original, byte for byte."""
    rendered = render_picture(saved(halves(300, 120), "PNG"), NOW)
    assert rendered.files["original"] == rendered.files["extra_large"]
    assert opened(rendered.files["thumb"]).size == (200, 80)
    dot = render_picture(saved(halves(1, 1), "PNG"), NOW)
    assert len(set(dot.files.values())) == 1
    assert (dot.picture.width, dot.picture.height) == (1, 1)


@pytest.mark.parametrize(
    ("orientation", "corners"),
    [
        (1, "abcd"), (2, "badc"), (3, "dcba"), (4, "cdab"), (5, "acbd"), (6, "cadb"), (7, "dbca"), (8, "bdac"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_pictures_are_turned_as_the_camera_was_held(form, orientation, corners):
    """All eight orientations of EXIF, in each format; the corners are named in reading order."""
    colours = {"a": (230, 30, 30), "b": (30, 200, 30), "c": (30, 30, 230), "d": (230, 230, 230)}
    image = Image.new("RGB", (160, 80))
    for name, place in zip("abcd", [(0, 0), (80, 0), (0, 40), (80, 40)], strict=True):
        image.paste(colours[name], (*place, place[0] + 80, place[1] + 40))
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = opened(render_picture(saved(image, form, exif=exif, quality=95), NOW).files["original"])
    assert found.size == ((160, 80) if orientation < 5 else (80, 160))
    width, height = found.size
    dots = [found.getpixel(place) for place in [(9, 9), (width - 9, 9), (9, height - 9), (width - 9, height - 9)]]
    assert all(about(dot, colours[name]) for dot, name in zip(dots, corners, strict=True)), dots


def with_metadata(form: str) -> bytes:
    """A picture with everything that files carry beside their dots."""
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (40.0, 24.0, 33.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more = {"exif": exif, "icc_profile": profile}
    if form == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Comment", PLACE.decode())
        notes.add_itxt("XML:com.adobe.xmp", f"<x>{PLACE.decode()}</x>")
        return saved(halves(90, 60), form, pnginfo=notes, **more)
    more["xmp"] = b"<x>" + PLACE + b"</x>"
    if form == "JPEG":
        more["comment"] = PLACE
    return saved(halves(90, 60), form, **more)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_beside_the_dots_is_kept(form):
    """EXIF with its place, XMP, colour profiles, comments and what is appended: the upload has them, no file does."""
    upload = with_metadata(form) + PLACE
    assert upload.count(PLACE) >= 3
    for file in render_picture(upload, NOW).files.values():
        image = opened(file)
        assert PLACE not in file
        assert not image.info.keys() & {"exif", "xmp", "icc_profile", "comment", "Comment", "XML:com.adobe.xmp"}
        assert dict(image.getexif()) == {}


def test_colours_are_brought_into_srgb():
    """A profile that names red and blue the other way round swaps them; ink and grey become light."""
    upload = saved(halves(40, 40), "PNG", icc_profile=profile_with_swapped_colours())
    assert about(opened(render_picture(upload, NOW).files["original"]).getpixel((5, 5)), (20, 20, 220))
    gray = Image.new("L", (40, 40), 128)
    assert about(opened(render_picture(saved(gray, "JPEG"), NOW).files["original"]).getpixel((20, 20)), (128,) * 3)
    cmyk = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
    red, green, blue = opened(render_picture(saved(cmyk, "JPEG"), NOW).files["original"]).getpixel((20, 20))
    assert red > 200
    assert max(green, blue) < 60


def profile_with_swapped_colours() -> bytes:
    """The profile of sRGB with red and blue named the other way round."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


def test_a_damaged_profile_is_as_none():
    """The picture is taken with the colours it has."""
    plain = render_picture(saved(halves(40, 40), "PNG"), NOW)
    damaged = render_picture(saved(halves(40, 40), "PNG", icc_profile=b"no profile at all"), NOW)
    assert damaged.picture.id == plain.picture.id


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_can_be_seen_through_stays_so(mode):
    """As WebP, in every size; where no dot uses it the picture is a JPEG."""
    image = halves(400, 400, "RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 200, 200))
    upload = image.quantize(16) if mode == "P" else image.convert(mode)
    rendered = render_picture(saved(upload, "PNG"), NOW)
    assert rendered.picture.media_type == "image/webp"
    for file in rendered.files.values():
        found = opened(file)
        assert (found.format, found.mode) == ("WEBP", "RGBA")
        assert found.getpixel((3, 3))[3] == 0
        assert found.getpixel((found.width - 3, 3))[3] == 255
    opaque = render_picture(saved(halves(400, 400, "RGBA"), "PNG"), NOW)
    assert opaque.picture.media_type == "image/jpeg"


def test_sixteen_bits_are_brought_to_eight():
    """A grey of half is a grey of half."""
    image = Image.new("I;16", (30, 30), 32_768)
    found = opened(render_picture(saved(image, "PNG"), NOW).files["original"])
    assert about(found.getpixel((10, 10)), (128, 128, 128))


def test_the_blur_hash_shows_where_the_colours_are():
    """Twenty-eight characters that decode to red on the left and blue on the right."""
    found = render_picture(saved(halves(300, 200), "PNG"), NOW).picture.blur_hash
    assert len(found) == 28
    assert blurhash.components(found) == (4, 3)
    row = blurhash.decode(found, 8, 6)[3]
    assert row[0][0] > 150 > 100 > row[0][2]
    assert row[7][2] > 150 > 100 > row[7][0]


def test_what_is_no_picture_is_refused():
    """Text, nothing, other formats by their content, and the heads of pictures without a body."""
    gif, bmp, tiff = (saved(halves(20, 20), form) for form in ("GIF", "BMP", "TIFF"))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    for content in (
        b"",
        b"hello",
        svg,
        gif,
        bmp,
        tiff,
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x04\0\0\0WEBPVP8 ",
    ):
        assert refusal(content) == ("not_a_picture", "The body is no JPEG, PNG or WebP picture, or a damaged one")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_is_cut_off_is_refused(form):
    """At every tenth of its length, and one byte in the middle of a PNG changed."""
    whole = saved(noise(300, 200), form)
    for tenth in range(1, 10):
        assert refusal(whole[: len(whole) * tenth // 10])[0] == "not_a_picture"
    if form == "PNG":
        middle = len(whole) // 2
        assert refusal(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])[0] == "not_a_picture"


def test_animations_are_refused():
    """WebP and PNG with two frames; a phone's JPEG with a second picture in it is a photo."""
    frames = {"save_all": True, "append_images": [Image.new("RGB", (60, 60), "green")], "duration": 100}
    for form in ("WEBP", "PNG"):
        assert refusal(saved(halves(60, 60), form, **frames)) == (
            "not_a_picture",
            "The picture is animated; send one that stands still",
        )
    phone = saved(halves(60, 60), "MPO", save_all=True, append_images=[Image.new("RGB", (60, 60), "green")])
    found = opened(render_picture(phone, NOW).files["original"])
    assert (found.format, found.size) == ("JPEG", (60, 60))
    assert about(found.getpixel((5, 5)), (220, 20, 20))


def png_head(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds a few compressed zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(10_000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def webp_head(width: int, height: int) -> bytes:
    """A WebP whose canvas is that large."""
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_bombs_are_refused_by_their_heads():
    """Just over 40 megapixels, over Pillow's own bounds, and far over: told by size, before anything is decoded."""
    for width, height in ((8_001, 5_000), (10_000, 10_000), (20_000, 20_000), (2_000_000_000, 2)):
        assert refusal(png_head(width, height)) == ("picture_too_large", "The picture has more than 40 megapixels")
    assert refusal(png_head(8_000, 5_000)) == ("not_a_picture", "The picture is damaged or cut off")
    assert refusal(webp_head(30_000, 30_000))[0] == "picture_too_large"
    assert refusal(webp_head(1 << 24, 1 << 24))[0] in ("picture_too_large", "not_a_picture")


def test_a_png_whose_notes_unpack_to_gigabytes_is_refused():
    """Compressed text beside the dots is bounded too."""
    whole = saved(halves(20, 20), "PNG")
    packed = zlib.compress(bytes(80 * 1024 * 1024), 9)
    notes = b"".join(_text(b"k%d\0\0" % index + packed) for index in range(3))
    assert refusal(whole[:33] + notes + whole[33:])[0] == "not_a_picture"


def _text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))


def test_the_largest_file_rendering_makes_can_be_imported():
    """Noise, half transparent, at full size."""
    image = noise(2048, 2048, "RGBA")
    rendered = render_picture(saved(image, "PNG", compress_level=0), NOW)
    assert limits.MAX_PICTURE_BYTES // 2 < rendered.picture.size_bytes < limits.MAX_ORIGINAL_BYTES
    assert keep_picture(rendered.picture.id, rendered.files["original"], NOW) == rendered


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(1, 500), height=st.integers(1, 500), mode=st.sampled_from(["RGB", "RGBA", "L", "LA", "CMYK", "1"]),
    form=st.sampled_from(["JPEG", "PNG", "WEBP"]), seed=st.binary(min_size=1, max_size=8),
)  # fmt: skip
def test_an_original_given_to_another_installation_is_the_same_picture(width, height, mode, form, seed):
    """Its id, its sizes, every file, byte for byte; rendering is a function of the original alone."""
    block = Image.frombytes("RGBA", (4, 4), (sha256(seed).digest() * 2)[:64]).resize((width, height))
    image = block.convert(mode) if form == "PNG" and mode != "CMYK" else block.convert("RGB")
    rendered = render_picture(saved(image, form), NOW)
    kept = keep_picture(rendered.picture.id, rendered.files["original"], NOW)
    assert kept == rendered
    assert keep_picture(kept.picture.id, kept.files["original"], NOW) == rendered
    assert max(rendered.picture.width, rendered.picture.height) <= VARIANTS["original"]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_bytes_changed_anywhere_are_refused_or_a_picture(data):
    """Never another error: what can be decoded is taken, what cannot is refused."""
    whole = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    try:
        rendered = render_picture(bytes(whole), NOW)
    except ComandaError as error:
        assert error.code in ("not_a_picture", "picture_too_large")
    else:
        assert rendered.files.keys() == VARIANTS.keys()


SEEDS = [with_metadata(form) for form in ("JPEG", "PNG", "WEBP")] + [saved(halves(30, 20, "P"), "PNG")]


def test_only_what_rendering_makes_is_kept_as_it_is():
    """Another name, metadata, another format or colour, something appended, too large: each with its reason."""

    def refused(content: bytes, name: str | None = None) -> str:
        with pytest.raises(ComandaError) as found:
            keep_picture(name or picture_id_of(content), content, NOW)
        assert found.value.code == "not_a_picture"
        return found.value.message

    sound = saved(halves(80, 60), "JPEG", quality=85)
    assert keep_picture(picture_id_of(sound), sound, NOW).files["original"] == sound
    assert refused(sound, picture_id_of(b"other")) == "The content is not the one that the name was made of"
    clear = halves(80, 60, "RGBA")
    clear.putalpha(90)
    webp = saved(clear, "WEBP")
    strange = (
        sound + b"appended",
        webp + b"appended",
        with_metadata("JPEG"),
        with_metadata("WEBP"),
        saved(halves(80, 60), "PNG"),
        saved(halves(80, 60), "JPEG", comment=b"hello"),
        saved(halves(80, 60, "L"), "JPEG"),
        saved(halves(2049, 10), "JPEG"),
    )
    for content in strange:
        assert refused(content) == "The file is not as Comanda keeps pictures; upload it instead"
    tables = sound.index(b"\xff\xc4") + 5
    damaged = sound[:tables] + b"\xff" * 16 + sound[tables + 16 :]
    assert refused(damaged) == "The picture is damaged or cut off"
    assert refused(bytes(limits.MAX_ORIGINAL_BYTES + 1)).startswith("The file is larger than")
