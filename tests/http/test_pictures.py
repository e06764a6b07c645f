"""Pictures over the wire: uploaded by managers, served to all, written beside an export and read beside an import."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select
from tests.conftest import Server, demo_hub, run_comanda, serving
from tests.http.documented import KITCHEN, TERMINAL, manager_headers, problems, response_of

from comanda import administration, demo
from comanda.base import limits
from comanda.base.errors import ComandaError, SetupError
from comanda.catalogue.document import DocumentError
from comanda.main import open_store
from comanda.pictures.model import VARIANTS, picture_id_of
from comanda.pictures.render import render_picture
from comanda.pictures.renderings import Renderings
from comanda.settings import Settings, read_settings
from comanda.store.pictures import missing_pictures, picture_files_of
from comanda.store.tables import picture_files, pictures
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
UPLOAD = "/hub/v1/admin/pictures"
NOWHERE = "00000000-0000-8000-8000-000000000000"


def photo(colour: str = "red", size: tuple[int, int] = (1500, 900), form: str = "JPEG", mode: str = "RGB") -> bytes:
    """A picture as it comes from somewhere."""
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, form, **({"comment": b"hello"} if form == "JPEG" else {}))
    return file.getvalue()


async def upload(server: Server, content: Any, headers: dict[str, str], media: str = "image/jpeg") -> httpx.Response:
    """Send a picture; its answer is what the document says to the last key."""
    answer = await server.http.post(UPLOAD, content=content, headers={**headers, "content-type": media})
    schema = response_of("POST", UPLOAD, answer.status_code)["content"]["application/json"]["schema"]
    assert problems(schema, answer.json(), closed=True) == [], answer.text
    return answer


async def kept(server: Server, content: bytes) -> dict[str, Any]:
    """Upload a picture as the manager; its media object."""
    answer = await upload(server, content, await manager_headers(server))
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def person(server: Server, username: str, **rights: Any) -> dict[str, str]:
    """The headers of somebody who works there, signed in."""
    password = await administration.add_staff(server.hub.store, demo.BRAND, username, name="", **rights)
    await server.hub.known.refresh()
    who = {"brand": demo.BRAND, "username": username, "password": password}
    begun = await server.http.post("/hub/v1/session", json=who)
    server.http.cookies.clear()
    cookie = begun.headers["set-cookie"].partition(";")[0]
    return {"cookie": cookie, "x-csrf-token": begun.json()["data"]["csrf_token"]}


async def refused(server: Server, content: Any, headers: dict[str, str], media: str = "image/jpeg") -> tuple[int, str]:
    """How an upload is refused."""
    answer = await upload(server, content, headers, media)
    return answer.status_code, answer.json()["error"]


async def rows_in(server: Server) -> tuple[int, int]:
    """How many pictures and files are stored."""

    def count(table):
        def build():
            rows = yield one(Statement(select(func.count()).select_from(table)))
            return int(rows[0][0])

        return build

    return await server.hub.store.read(count(pictures)), await server.hub.store.read(count(picture_files))


async def test_a_manager_keeps_a_picture(server: Server):
    """201 with the media object of contract 3.1; the same picture again is a 200 and stores nothing."""
    manager = await manager_headers(server)
    first = await upload(server, photo(), manager)
    assert first.status_code == 201
    media = first.json()["data"]
    original = render_picture(photo(), 0)
    base = f"http://127.0.0.1:{server.hub.settings.port}/media/demo/{original.picture.id}"
    assert media == {
        "uuid": original.picture.id,
        "mime_type": "image/jpeg",
        "size": len(original.files["original"]),
        "urls": {variant: f"{base}/{variant}" for variant in ("original", "extra_large", "thumb")},
        "blur_hash": original.picture.blur_hash,
        "dimensions": {"width": 1500, "height": 900},
    }
    assert await rows_in(server) == (1, 3)
    again = await upload(server, photo(), manager)
    assert (again.status_code, again.json()["data"]) == (200, media)
    assert await rows_in(server) == (1, 3)


async def test_one_picture_uploaded_many_times_at_once_is_stored_once(server: Server):
    """One 201, and 200 for the others."""
    manager = await manager_headers(server)
    answers = await asyncio.gather(*(upload(server, photo(size=(300, 200)), manager) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["data"]["uuid"] for answer in answers}) == 1
    assert await rows_in(server) == (1, 3)


async def test_only_managers_upload(server: Server):
    """Integrators, devices, cashiers, managers of one venue and strangers are refused; so are changes without CSRF."""
    cashier = await person(server, "anna", role="cashier", venues=())
    limited = await person(server, "ben", role="manager", venues=(1,))
    manager = await manager_headers(server)
    for headers in (server.headers, TERMINAL, KITCHEN, cashier, limited):
        assert await refused(server, photo(), headers) == (403, "forbidden")
    assert await refused(server, photo(), {"cookie": manager["cookie"]}) == (403, "csrf_failed")
    assert (await refused(server, photo(), {}))[0] == 401
    assert await rows_in(server) == (0, 0)


@on_sqlite
async def test_a_picture_is_what_its_content_says(server: Server):
    """Each format under any of the three names; other bytes are refused under each."""
    manager = await manager_headers(server)
    for index, form in enumerate(("JPEG", "PNG", "WEBP")):
        for media in ("image/jpeg", "image/png", "image/webp; charset=binary"):
            answer = await upload(server, photo("blue", (30 + index, 20), form), manager, media)
            assert answer.status_code == (201 if media == "image/jpeg" else 200)
    clear = photo((0, 0, 0, 0), (40, 30), "PNG", "RGBA")
    assert (await upload(server, clear, manager)).json()["data"]["mime_type"] == "image/webp"
    stored = await rows_in(server)
    for content in (b"", b"hello", b'{"a": 1}', photo("red", (40, 30), "GIF", "P"), photo()[:4_000]):
        assert await refused(server, content, manager) == (400, "not_a_picture")
    assert await refused(server, photo("red", (8_100, 5_000), "PNG", "1"), manager) == (400, "picture_too_large")
    assert await rows_in(server) == stored


@on_sqlite
async def test_the_body_of_an_upload_has_bounds_of_its_own(server: Server):
    """Five MiB whether stated or not, three media types, nothing compressed; other routes keep theirs."""
    manager = await manager_headers(server)
    most = photo() + bytes(limits.MAX_PICTURE_BYTES - len(photo()))

    async def stream(content: bytes):
        for begin in range(0, len(content), 65_536):
            yield content[begin : begin + 65_536]

    assert (await upload(server, most, manager)).status_code == 201
    assert (await upload(server, stream(most), manager)).status_code == 200
    for content in (most + b"x", stream(most + b"x"), most * 3, stream(most * 3)):
        assert await refused(server, content, manager) == (413, "body_too_large")
    for media in ("application/json", "image/gif", "image/svg+xml", "application/octet-stream", ""):
        assert await refused(server, photo(), manager, media) == (415, "unsupported_media_type")
    packed = {**manager, "content-encoding": "gzip"}
    assert await refused(server, photo(), packed) == (415, "unsupported_media_type")
    bare = await server.http.post(UPLOAD, content=photo(), headers=manager)
    assert bare.status_code == 415
    headers = {**server.headers, "content-type": "image/jpeg"}
    assert (await server.http.post("/open-api/v2/orders", content=photo(), headers=headers)).status_code == 415
    headers["content-type"] = "application/json"
    large = b" " * (limits.MAX_BODY_BYTES + 1)
    answer = await server.http.post("/open-api/v2/orders", content=large, headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (413, "The body is larger than 262144 bytes")


async def test_too_many_pictures_at_once_are_refused():
    """The first sixteen are served, two at a time; the next hears so at once, and there is room again afterwards."""
    renderings, content = Renderings(), photo(size=(300, 200))
    asked = [renderings.render(content, 0) for _ in range(limits.RENDERINGS_WAITING + 1)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    last = found.pop()
    assert isinstance(last, ComandaError)
    assert (last.code, last.retry_after_s) == ("too_many_pictures", 1)
    assert found == [render_picture(content, 0)] * limits.RENDERINGS_WAITING
    broken = await asyncio.gather(renderings.render(b"", 0), return_exceptions=True)
    assert getattr(broken[0], "code", None) == "not_a_picture"
    assert await renderings.render(content, 0) == found[0]


async def test_pictures_are_served_to_everybody_for_ever(server: Server):
    """Each size with its type, a year's life, an ETag, nosniff; 304 for who has it; HEAD says the same without body."""
    media = await kept(server, photo())
    files = render_picture(photo(), 0).files
    tags = set()
    for variant, address in media["urls"].items():
        answer = await server.http.get(address)
        assert (answer.status_code, answer.content) == (200, files[variant])
        headers = dict(answer.headers)
        assert headers["content-type"] == "image/jpeg"
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert headers["x-content-type-options"] == "nosniff"
        assert "ratelimit-limit" not in headers
        tag = headers["etag"]
        tags.add(tag)
        head = await server.http.head(address)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(files[variant])
        assert head.headers["etag"] == tag
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            for method in ("GET", "HEAD"):
                same = await server.http.request(method, address, headers={"if-none-match": known})
                assert (same.status_code, same.content) == (304, b"")
                assert same.headers["etag"] == tag
                assert same.headers["cache-control"] == headers["cache-control"]
        other = await server.http.get(address, headers={"if-none-match": '"other", "' + tag.strip('"')[1:] + '"'})
        assert other.status_code == 200
    assert len(tags) == 3


async def test_what_can_be_seen_through_is_served_as_webp(server: Server):
    """The type is the file's."""
    media = await kept(server, photo((0, 200, 0, 90), (700, 700), "PNG", "RGBA"))
    for address in media["urls"].values():
        answer = await server.http.get(address)
        assert answer.headers["content-type"] == "image/webp"
        assert Image.open(io.BytesIO(answer.content)).mode == "RGBA"


async def test_what_is_not_there_is_not_found(server: Server):
    """Another brand, another id, no id, no such size: 404 in our envelope, also for HEAD and with If-None-Match."""
    store = server.hub.store
    await administration.add_brand(store, "other", name="Other", currency="AZN", region="AZ", is_test=True)
    await server.hub.known.refresh()
    found = (await kept(server, photo()))["uuid"]
    for path in (
        f"/media/other/{found}/original",
        f"/media/nobody/{found}/original",
        f"/media/DEMO/{found}/original",
        f"/media/demo/{NOWHERE}/original",
        f"/media/demo/{found.upper()}/original",
        f"/media/demo/{found.replace('-', '')}/original",
        f"/media/demo/{found}/large",
        f"/media/demo/{found}/original.jpg",
        f"/media/demo/{found}/%00",
        f"/media/demo/1/{'x' * 500}",
        "/media/%ff/%ff/%ff",
    ):
        for headers in ({}, {"if-none-match": "*"}):
            answer = await server.http.get(path, headers=headers)
            assert answer.status_code == 404, path
            body = answer.json()
            assert (body["success"], body["error"]) == (False, "resource_not_found")
            assert "cache-control" not in answer.headers
        assert (await server.http.head(path)).status_code == 404
    assert (await server.http.post(f"/media/demo/{found}/original")).status_code == 405
    missing = await store.read(lambda: missing_pictures("other", [found, NOWHERE]))
    assert missing == {found, NOWHERE}
    assert await store.read(lambda: missing_pictures("demo", [found, NOWHERE])) == {NOWHERE}


async def test_addresses_are_those_the_caller_uses(settings):
    """At the host that was asked for; https only when a trusted proxy says that it ends TLS."""
    for proxies, scheme in (("", "http"), ("10.0.0.0/8", "http"), ("10.0.0.0/8, 127.0.0.0/8", "https")):
        trusting = replace(settings, trusted_proxies=read_settings({}, trusted_proxies=proxies).trusted_proxies)
        async with demo_hub(trusting) as hub, serving(hub) as server:
            headers = {**await manager_headers(server), "host": "menu.example", "x-forwarded-proto": "https"}
            media = (await upload(server, photo(), headers)).json()["data"]
            assert media["urls"]["thumb"] == f"{scheme}://menu.example/media/demo/{media['uuid']}/thumb"


async def test_who_has_a_picture_is_answered_without_its_file(server: Server):
    """The address is the tag; a picture whose files are gone still answers 304, and its file 404."""
    media = await kept(server, photo())

    def forget():
        yield one(Statement(picture_files.delete(), returns=False))

    await server.hub.store.run(forget)
    for variant, address in media["urls"].items():
        tag = f'"{media["uuid"]}-{variant}"'
        assert (await server.http.get(address, headers={"if-none-match": tag})).status_code == 304
        assert (await server.http.get(address)).status_code == 404


def dish(*ids: str) -> dict[str, Any]:
    """A document with a product that has pictures."""
    return {"products": [{"id": 9_001, "name": "Photo dish", "price": 5, "pictures": list(ids)}]}


async def test_a_document_may_only_name_pictures_that_are_there(server: Server):
    """Each place is told, beside the document's other problems; nothing is changed."""
    found = (await kept(server, photo()))["uuid"]
    await server.import_(dish(found))
    bad = dish(NOWHERE, found)
    bad["products"][0]["category_id"] = 424_242
    bad["venues"] = [{"id": 1, "name": "Main", "pictures": [NOWHERE]}]
    with pytest.raises(DocumentError) as refused_:
        await server.import_(bad)
    told = [(problem.field, problem.code, problem.value) for problem in refused_.value.problems]
    assert sorted(told, key=str) == [
        ("products[0].category_id", "unknown_reference", 424_242),
        ("products[0].pictures[0]", "unknown_reference", NOWHERE),
        ("venues[0].pictures[0]", "unknown_reference", NOWHERE),
    ]
    with pytest.raises(SetupError, match="there is no picture"):
        await server.import_(dish(NOWHERE))
    assert server.hub.known.snapshot(demo.BRAND).products[9_001].pictures == (found,)


async def test_an_export_goes_into_an_empty_installation_with_its_pictures(server: Server, tmp_path: Path):
    """The same ids and the same bytes in every size; only pictures in use are written, and the export is the same."""
    photos = [photo(), photo((0, 0, 200, 60), (1300, 1300), "PNG", "RGBA"), photo("green", (90, 60))]
    media = [await kept(server, content) for content in photos]
    unused = await kept(server, photo("yellow"))
    ids = [found["uuid"] for found in media]
    await server.import_(dish(*ids))
    source = _store_words(server.hub.settings)
    await _run("export", "--brand", "demo", "--out", "menu.yaml", *source, cwd=tmp_path)
    folder = tmp_path / "menu.pictures"
    endings = (".jpg", ".webp", ".jpg")
    assert sorted(file.name for file in folder.iterdir()) == sorted(map("{}{}".format, ids, endings))
    target = ("--data-dir", str(tmp_path / "second"))
    await _run("brand", "add", "demo", "--name", "Demo", *target, cwd=tmp_path)
    sound = await _run("import", "menu.yaml", "--brand", "demo", "--check", *target, cwd=tmp_path)
    assert "nothing was changed" in sound
    async with open_store(Settings(data_dir=tmp_path / "second")) as store:
        assert await store.read(lambda: missing_pictures("demo", ids)) == set(ids)
    await _run("import", "menu.yaml", "--brand", "demo", *target, cwd=tmp_path)
    async with open_store(Settings(data_dir=tmp_path / "second")) as store:
        for variant in VARIANTS:
            here = await server.hub.store.read(lambda size=variant: picture_files_of("demo", ids, size))
            assert here == await store.read(lambda size=variant: picture_files_of("demo", ids, size))
            assert here.keys() == set(ids)
        assert await store.read(lambda: missing_pictures("demo", [unused["uuid"]])) == {unused["uuid"]}
    await _run("export", "--brand", "demo", "--out", "again.yaml", *target, cwd=tmp_path)
    for file in folder.iterdir():
        assert (tmp_path / "again.pictures" / file.name).read_bytes() == file.read_bytes()
    assert "nothing was different" in await _run("import", "menu.yaml", "--brand", "demo", *target, cwd=tmp_path)


@on_sqlite
async def test_files_beside_a_document_that_are_no_pictures_of_ours_are_named(server: Server, tmp_path: Path):
    """Every one of them, and then nothing of the document is applied; without the folder the references are told."""
    target = _store_words(server.hub.settings)
    folder = tmp_path / "menu.pictures"
    folder.mkdir()
    sound = render_picture(photo(), 0)
    (folder / f"{sound.picture.id}.jpg").write_bytes(sound.files["original"])
    foreign = picture_id_of(photo())
    (folder / f"{foreign}.jpg").write_bytes(photo())
    (folder / f"{NOWHERE}.webp").write_bytes(sound.files["original"])
    (folder / "notes.txt").write_text("not looked at")
    lines = [f"  - {found}" for found in (sound.picture.id, foreign, NOWHERE)]
    text = "\n".join(["products:", "- id: 9001", "  name: Photo dish", "  price: 5", "  pictures:", *lines])
    (tmp_path / "menu.yaml").write_text(text)
    (tmp_path / "alone.yaml").write_text(text)
    for more in ((), ("--check",)):
        told = await _run("import", "menu.yaml", "--brand", "demo", *more, *target, cwd=tmp_path, fails=True)
        assert "2 picture(s) cannot be taken:" in told
        assert f"{foreign}.jpg: The file is not as Comanda keeps pictures; upload it instead" in told
        assert f"{NOWHERE}.webp: The content is not the one that the name was made of" in told
        assert sound.picture.id not in told
    told = await _run("import", "alone.yaml", "--brand", "demo", *target, cwd=tmp_path, fails=True)
    assert "2 problem(s) in the document:" in told
    assert f"products[0].pictures[1]: there is no picture {foreign}" in told
    await server.hub.known.refresh()
    assert 9_001 not in server.hub.known.snapshot(demo.BRAND).products


def _store_words(settings: Settings) -> tuple[str, ...]:
    """The options that name a server's store."""
    if settings.database_url is not None:
        return ("--database-url", settings.database_url)
    return ("--data-dir", str(settings.data_dir))


async def _run(*words: str, cwd: Path, fails: bool = False) -> str:
    """Run a command while the server goes on; what it said, on one line each however wide the terminal is."""
    done = await asyncio.to_thread(run_comanda, *words, cwd=cwd, check=not fails)
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout + done.stderr


async def test_a_server_with_its_own_certificate_gives_https_addresses(tmp_path: Path):
    """Without a proxy, and without anybody saying so."""
    from types import SimpleNamespace

    from comanda.http.open_api.media import base_url

    call = SimpleNamespace(headers={"host": "till:8443"}, proxied_over_tls=False)
    plain = SimpleNamespace(settings=Settings(data_dir=tmp_path))
    own = SimpleNamespace(settings=replace(plain.settings, tls_cert=tmp_path / "c.pem", tls_key=tmp_path / "k.pem"))
    assert base_url(call, plain) == "http://till:8443"
    assert base_url(call, own) == "https://till:8443"
