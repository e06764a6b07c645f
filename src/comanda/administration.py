"""What operators do to an installation: brands, callers, catalogues. The command line and the demo stand on this.

Every secret is made here, returned once, and stored only as a hash.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any, cast

import msgspec
from babel.core import get_global
from babel.numbers import get_currency_precision, is_currency

from comanda.access.house_client import HOUSE_CLIENT
from comanda.access.model import SCOPES, BrandId, DeviceKind
from comanda.access.pins import make_pin, pin_flaw
from comanda.access.secrets import hash_password, random_text, sha256_hex
from comanda.base import limits
from comanda.base.clock import iso_micros, now_micros
from comanda.base.errors import ComandaError, SetupError
from comanda.catalogue.document import Changes, Document, DocumentError, check_document
from comanda.catalogue.model import Role, Terminal, User
from comanda.catalogue.snapshot import Snapshot, with_changes
from comanda.store import access, pins, staff, tables
from comanda.store.bulk_import import Staged, move_staged, settle_staged, stage_resources
from comanda.store.catalogue import ADMINISTRATION, CatalogueMoved, Edit
from comanda.store.customers import claim_names, free_names, phoned
from comanda.store.pictures import unknown_pictures
from comanda.store.presence import place_device
from comanda.store.store import Store
from comanda.store.transaction import Transaction

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_CALLER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
ROLES = ("cashier", "cook", "call_centre", "manager")


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What a client may be set to (contract 14.1.8, 14.1.12, 14.2, 14.7)."""

    venue_id: int | None = None
    venues: tuple[int, ...] = ()
    scopes: tuple[str, ...] = SCOPES
    guest_customers: str = "none"
    unique_integration_id: bool = True
    duplicate_window_s: int = 0
    quota_per_minute: int | None = None


async def add_brand(store: Store, brand_id: str, *, name: str, currency: str, region: str, is_test: bool) -> None:
    """Add a brand; its currency's decimals are taken from CLDR now and never derived again."""
    _check_name(_SLUG, brand_id, "a brand's slug is lower-case letters, digits, - and _")
    if not is_currency(currency):
        raise SetupError(f"{currency} is no ISO 4217 currency")
    if region not in get_global("territory_currencies"):
        raise SetupError(f"{region} is no ISO 3166 region")
    row = {
        "brand_id": brand_id,
        "name": name or brand_id,
        "is_test": is_test,
        "currency": currency,
        "decimals": get_currency_precision(currency),
        "region": region,
        "enabled": True,
        "catalogue_version": 0,
        "next_guest_id": limits.FIRST_GUEST_ID,
        "next_audit": 1,
    }
    await store.run(lambda: access.add_row(tables.brands, row, f"brand {brand_id}"))


async def add_integrator(store: Store, integrator_id: str, *, name: str, is_test: bool) -> None:
    """Add an integrator, who may call for every brand that gives it a client."""
    _check_name(_CALLER, integrator_id, "an integrator's id is letters, digits, - _ and .")
    row = {"integrator_id": integrator_id, "name": name or integrator_id, "is_test": is_test, "enabled": True}
    await store.run(lambda: access.add_row(tables.integrators, row, f"integrator {integrator_id}"))


async def add_client(
    store: Store, brand_id: str, client_id: str, *, name: str, settings: ClientSettings, secret: str | None = None
) -> str:
    """Add a client of a brand; returns its secret, which cannot be shown again."""
    _check_name(_CALLER, client_id, "a client's id is letters, digits, - _ and .")
    if client_id == HOUSE_CLIENT:
        raise SetupError(f"{HOUSE_CLIENT!r} is the client of orders that the house takes itself; choose another id")
    _check_client(settings)
    await _require_brand(store, brand_id)
    made = secret or random_text(40)
    row = {
        "brand_id": brand_id,
        "client_id": client_id,
        "name": name or client_id,
        "secret_sha256": sha256_hex(made),
        "enabled": True,
        "venue_id": settings.venue_id,
        "venues": json.dumps(settings.venues),
        "scopes": json.dumps(settings.scopes),
        "guest_customers": settings.guest_customers,
        "unique_integration_id": settings.unique_integration_id,
        "duplicate_window_s": settings.duplicate_window_s,
        "quota_per_minute": settings.quota_per_minute,
    }
    await store.run(lambda: access.add_row(tables.clients, row, f"client {client_id}"))
    return made


async def rotate_client(store: Store, brand_id: str, client_id: str) -> str:
    """Give a client another secret; its tokens stay good for their hour."""
    made = random_text(40)
    key = {"brand_id": brand_id, "client_id": client_id}
    values = {"secret_sha256": sha256_hex(made)}
    await store.run(lambda: access.change_row(tables.clients, key, values, f"client {client_id}"))
    return made


async def add_staff(
    store: Store,
    brand_id: str,
    username: str,
    *,
    name: str,
    role: str,
    venues: tuple[int, ...],
    password: str | None = None,
) -> str:
    """Add a person; returns a first password, the one given or a made one, which cannot be shown again."""
    _check_name(_CALLER, username, "a user name is letters, digits, - _ and .")
    if role not in ROLES:
        raise SetupError(f"a role is one of {', '.join(ROLES)}")
    await _require_brand(store, brand_id)
    made = _checked_password(password)
    hashed = hash_password(made)

    def add() -> Transaction[None]:
        number = yield from staff.free_person_id(brand_id)
        user = User(id=number, name=name or username, username=username, role=cast("Role", role), venues=venues)
        yield from staff.add_person(brand_id, user, hashed, ADMINISTRATION, now_micros())

    await store.run(add)
    return made


async def rotate_staff(store: Store, brand_id: str, username: str, *, password: str | None = None) -> str:
    """Give a person another password, the one given or a made one; every session of the person ends."""
    made = _checked_password(password)
    hashed = hash_password(made)
    person = await _person(store, brand_id, username)
    await store.run(lambda: staff.set_password(brand_id, person.id, hashed, ADMINISTRATION, now_micros()))
    return made


async def give_pin(store: Store, brand_id: str, username: str, *, pin: str | None = None) -> str:
    """Give a person another PIN, the one given or a made one; what was begun with the old one ends."""
    made = make_pin() if pin is None else pin
    flaw = pin_flaw(made)
    if flaw is not None:
        raise SetupError(f"a PIN {flaw[1]}")
    await _set_pin(store, brand_id, username, hash_password(made))
    return made


async def take_pin(store: Store, brand_id: str, username: str) -> None:
    """Take a person's PIN away; what was begun with it ends."""
    await _set_pin(store, brand_id, username, None)


async def _set_pin(store: Store, brand_id: str, username: str, pin_hash: str | None) -> None:
    await _require_brand(store, brand_id)
    if not await store.run(lambda: pins.set_pin(brand_id, username, pin_hash, ADMINISTRATION, now_micros())):
        raise SetupError(f"There is no user {username}")


async def _person(store: Store, brand_id: str, username: str) -> User:
    people = await store.read(lambda: staff.read_people(brand_id))
    for person in people:
        if person.username == username:
            return person
    raise SetupError(f"There is no user {username}")


async def add_terminal(store: Store, brand_id: str, *, venue_id: int, name: str) -> tuple[int, str]:
    """Add a terminal to the catalogue with a device token of its own; returns its id and the token."""
    snapshot = await catalogue_of(store, brand_id)
    if venue_id not in snapshot.venues:
        raise SetupError(f"there is no venue {venue_id}")
    taken = {*snapshot.terminals, *(await _device_ids(store, brand_id))}
    terminal_id = _free_id(max(snapshot.terminals, default=0) + 1, taken)
    document = Document(terminals=(Terminal(id=terminal_id, name=name, venue_id=venue_id),))
    await import_document(store, brand_id, document)
    return terminal_id, await rotate_terminal(store, brand_id, terminal_id)


async def rotate_terminal(store: Store, brand_id: str, terminal_id: int, *, token: str | None = None) -> str:
    """Give a terminal a device token, the one given or a made one; any earlier one stops working."""
    snapshot = await catalogue_of(store, brand_id)
    terminal = snapshot.terminals.get(terminal_id)
    if terminal is None:
        raise SetupError(f"there is no terminal {terminal_id}")
    works = terminal.active
    return await _put_device(store, brand_id, terminal_id, "terminal", terminal.venue_id, token, enabled=works)


async def enable_terminal(store: Store, brand_id: str, terminal_id: int, *, enabled: bool) -> None:
    """Let a terminal accept orders or not, and its token work or not."""
    terminal = (await catalogue_of(store, brand_id)).terminals.get(terminal_id)
    if terminal is None:
        raise SetupError(f"there is no terminal {terminal_id}")
    changed = msgspec.structs.replace(terminal, active=enabled)
    await import_document(store, brand_id, Document(terminals=(changed,)))
    if any(row["device_id"] == terminal_id for row in await list_rows(store, "devices", brand_id)):
        await set_enabled(store, "devices", {"brand_id": brand_id, "device_id": terminal_id}, enabled=enabled)


async def list_terminals(store: Store, brand_id: str) -> list[dict[str, Any]]:
    """A brand's terminals: venue, whether they accept orders, whether they have a token, whether they are there."""
    tokens = await _device_ids(store, brand_id)
    presence = await _presence(store, brand_id)
    found = (await catalogue_of(store, brand_id)).terminals.values()
    return [
        {
            "id": t.id,
            "name": t.name,
            "venue_id": t.venue_id,
            "active": t.active,
            "token": t.id in tokens,
            **_seen(presence.get(t.id)),
        }
        for t in found
    ]


async def add_screen(store: Store, brand_id: str, *, venue_id: int, token: str | None = None) -> tuple[int, str]:
    """Add a kitchen screen to a venue; returns its id and its device token, which cannot be shown again."""
    snapshot = await catalogue_of(store, brand_id)
    if venue_id not in snapshot.venues:
        raise SetupError(f"there is no venue {venue_id}")
    taken = {*snapshot.terminals, *(await _device_ids(store, brand_id))}
    screen_id = _free_id(limits.FIRST_SCREEN_ID, taken)
    return screen_id, await _put_device(store, brand_id, screen_id, "kitchen", venue_id, token)


async def rotate_screen(store: Store, brand_id: str, screen_id: int) -> str:
    """Give a kitchen screen another device token; the earlier one stops working."""
    screen = next((row for row in await list_screens(store, brand_id) if row["id"] == screen_id), None)
    if screen is None:
        raise SetupError(f"there is no kitchen screen {screen_id}")
    return await _put_device(store, brand_id, screen_id, "kitchen", screen["venue_id"], None)


async def enable_screen(store: Store, brand_id: str, screen_id: int, *, enabled: bool) -> None:
    """Let a kitchen screen's token work or not."""
    if all(row["id"] != screen_id for row in await list_screens(store, brand_id)):
        raise SetupError(f"there is no kitchen screen {screen_id}")
    await set_enabled(store, "devices", {"brand_id": brand_id, "device_id": screen_id}, enabled=enabled)


async def list_screens(store: Store, brand_id: str) -> list[dict[str, Any]]:
    """A brand's kitchen screens: venue, whether their tokens work, whether they are there."""
    presence = await _presence(store, brand_id)
    return [
        {
            "id": row["device_id"],
            "venue_id": row["venue_id"],
            "enabled": row["enabled"],
            **_seen(presence.get(row["device_id"])),
        }
        for row in await list_rows(store, "devices", brand_id)
        if row["kind"] == "kitchen"
    ]


async def _put_device(
    store: Store,
    brand_id: str,
    device_id: int,
    kind: DeviceKind,
    venue_id: int,
    token: str | None,
    *,
    enabled: bool = True,
) -> str:
    made = token or random_text(40)
    row = {
        "brand_id": brand_id,
        "device_id": device_id,
        "kind": kind,
        "venue_id": venue_id,
        "token_sha256": sha256_hex(made),
        "enabled": enabled,
    }
    await store.run(lambda: place_device(row, now_micros()))
    return made


async def _device_ids(store: Store, brand_id: str) -> set[int]:
    return {row["device_id"] for row in await list_rows(store, "devices", brand_id)}


async def _presence(store: Store, brand_id: str) -> dict[int, dict[str, Any]]:
    return {row["device_id"]: row for row in await list_rows(store, "device_presence", brand_id)}


def _seen(row: dict[str, Any] | None) -> dict[str, Any]:
    """Whether a device is there and when it last said so; both None for one that was never heard of."""
    return {"present": row and bool(row["present"]), "seen_at": row and iso_micros(row["seen_at"])}


def _free_id(first: int, taken: set[int]) -> int:
    """The first id from ``first`` on that no terminal and no device has."""
    return next(number for number in count(first) if number not in taken)


async def set_enabled(store: Store, table_name: str, key: dict[str, Any], *, enabled: bool) -> None:
    """Enable or disable a brand, integrator, client, person or device; it works within a second.

    The sessions of a person who is disabled end for good.
    """
    if table_name == "staff":
        who = (key["brand_id"], key["username"])
        if not await store.run(lambda: staff.enable_person(*who, ADMINISTRATION, now_micros(), enabled=enabled)):
            raise SetupError(f"There is no user {key['username']}")
        return
    table = tables.metadata.tables[table_name]
    what = " ".join(str(value) for value in key.values())
    await store.run(lambda: access.change_row(table, key, {"enabled": enabled}, what))


async def list_rows(store: Store, table_name: str, brand_id: str | None) -> list[dict[str, Any]]:
    """What is known, without secrets."""
    table = tables.metadata.tables[table_name]

    def build() -> Transaction[list[dict[str, Any]]]:
        return access.list_rows(table, brand_id)

    return await store.read(build)


async def catalogue_of(store: Store, brand_id: str) -> Snapshot:
    """A brand's catalogue as it is now. Raises SetupError for an unknown brand."""
    await _require_brand(store, brand_id)
    version = (await store.directory()).brands[brand_id].catalogue_version
    return with_changes(Snapshot(), version, await store.changed_resources(BrandId(brand_id), -1))


async def import_document(
    store: Store, brand_id: str, document: Document, progress: Callable[[int, int], None] = _silent
) -> Changes:
    """Check a document against the brand's catalogue and apply it whole, or raise SetupError with every problem.

    Where somebody else changed the catalogue meanwhile, it is checked again. ``progress`` is told how many of the
    document's resources are written.
    """

    async def same(_: Snapshot) -> Document:
        return document

    return await import_made(store, brand_id, same, progress)


async def import_made(
    store: Store,
    brand_id: str,
    make: Callable[[Snapshot], Awaitable[Document]],
    progress: Callable[[int, int], None] = _silent,
) -> Changes:
    """Import what ``make`` makes of the catalogue as it is, made anew when somebody changes that meanwhile.

    Raises SetupError as `import_document`, and what ``make`` raises.
    """
    for _ in range(limits.EDIT_TRIES):
        snapshot = await catalogue_of(store, brand_id)
        document = await make(snapshot)
        await _check(store, brand_id, document, snapshot)
        region = (await store.directory()).brands[brand_id].region
        edit = Edit(document, phoned(document.customers, region), snapshot.version)
        try:
            return await _apply(store, brand_id, edit, progress)
        except CatalogueMoved:
            continue
    raise SetupError("the catalogue is being changed by others; try again")


async def _apply(store: Store, brand_id: str, edit: Edit, progress: Callable[[int, int], None]) -> Changes:
    """Apply an edit; many customers follow the rest in steps of their own, once it is certain that none is refused."""
    if len(edit.people) <= limits.IMPORT_STEP:
        return await _apply_catalogue(store, brand_id, edit, progress)
    moving = await store.read(lambda: claim_names(brand_id, edit.people))
    changes = await _apply_catalogue(store, brand_id, replace(edit, people=()), progress)
    await store.run(lambda: free_names(brand_id, moving))
    for begin in range(0, len(edit.people), limits.IMPORT_STEP):
        some = edit.people[begin : begin + limits.IMPORT_STEP]
        step = Edit(Document(), some, edit.checked_at, edit.actor)
        changes.add(await store.apply_edit(brand_id, step))
        progress(begin + len(some), len(edit.people))
        await asyncio.sleep(limits.IMPORT_PAUSE_S)
    return changes


async def _apply_catalogue(store: Store, brand_id: str, edit: Edit, progress: Callable[[int, int], None]) -> Changes:
    """Apply all but many customers: large parts in steps beside the catalogue first, so that orders wait a moment."""
    parts = edit.document.resources()
    large = {kind: parts[kind] for kind in parts if len(parts[kind]) > limits.IMPORT_STEP}
    if not large:
        return await store.apply_edit(brand_id, edit)
    small = msgspec.structs.replace(edit.document, **dict.fromkeys(large, ()))
    batch, staged, done = random_text(20), Staged(), 0
    total = sum(len(resources) for resources in large.values())
    try:
        for kind, resources in large.items():
            for begin in range(0, len(resources), limits.IMPORT_STEP):
                some = resources[begin : begin + limits.IMPORT_STEP]
                staged += await store.run(partial(stage_resources, brand_id, batch, kind, some, now_micros()))
                done += len(some)
                progress(done, total)
                await asyncio.sleep(limits.IMPORT_PAUSE_S)
        rest = replace(edit, document=small)
        return await store.run(lambda: move_staged(brand_id, batch, rest, staged, now_micros()))
    finally:
        # What cannot be settled now, housekeeping will settle; it must not make a done import look failed.
        with contextlib.suppress(ComandaError):
            await _settle(store, brand_id, batch)


async def _settle(store: Store, brand_id: str, batch: str) -> None:
    """Empty the place beside the catalogue: into the audit log if the import was moved, else into nothing."""
    for _ in count():
        if not await store.run(lambda: settle_staged(brand_id, batch)):
            return
        await asyncio.sleep(limits.IMPORT_PAUSE_S)


async def check_import(
    store: Store, brand_id: str, document: Document, *, given: Collection[str] = frozenset()
) -> Snapshot:
    """Check a document against the brand's catalogue and pictures; returns the catalogue it was checked against.

    ``given`` are pictures that are about to be kept. Raises SetupError with every problem.
    """
    snapshot = await catalogue_of(store, brand_id)
    await _check(store, brand_id, document, snapshot, given)
    return snapshot


async def _check(
    store: Store, brand_id: str, document: Document, snapshot: Snapshot, given: Collection[str] = frozenset()
) -> None:
    unknown = await store.read(lambda: unknown_pictures(brand_id, document, given))
    try:
        check_document(document, snapshot)
    except DocumentError as error:
        raise DocumentError([*error.problems, *unknown]) from None
    if unknown:
        raise DocumentError(unknown)


async def _require_brand(store: Store, brand_id: str) -> None:
    if brand_id not in (await store.directory()).brands:
        raise SetupError(f"There is no brand {brand_id!r}; add it with: comanda brand add {brand_id}")


def _check_client(settings: ClientSettings) -> None:
    unknown = set(settings.scopes) - set(SCOPES)
    if unknown:
        raise SetupError(f"unknown scope {', '.join(sorted(unknown))}; known are {', '.join(SCOPES)}")
    if settings.guest_customers not in ("none", "match"):
        raise SetupError("guest customers are none or match")
    if not 0 <= settings.duplicate_window_s <= limits.MAX_DUPLICATE_WINDOW_S:
        raise SetupError(f"the duplicate window is 0 to {limits.MAX_DUPLICATE_WINDOW_S} seconds")
    if settings.venues and settings.venue_id is not None and settings.venue_id not in settings.venues:
        raise SetupError("the client's own venue must be one of the venues it is limited to")


def _checked_password(password: str | None) -> str:
    if password is not None and len(password) < limits.MIN_PASSWORD:
        raise SetupError(f"a password has at least {limits.MIN_PASSWORD} characters")
    return password or random_text(16)


def _check_name(pattern: re.Pattern[str], name: str, rule: str) -> None:
    if not pattern.fullmatch(name):
        raise SetupError(f"{name!r} cannot be used: {rule}, at most 63 characters")
