"""Applying a document for somebody who calls: checked against the catalogue as it is, written whole, told to all."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import structlog

from comanda.access.model import BrandId, StaffCaller
from comanda.base import limits
from comanda.base.errors import ComandaError, Problem, SetupError
from comanda.catalogue.document import Document, DocumentError, check_document, pictures_in
from comanda.catalogue.snapshot import Snapshot
from comanda.http.call import Call
from comanda.http.hub import Hub
from comanda.store.audit import ABSENT, VersionDiffers
from comanda.store.catalogue import CatalogueMoved, Edit
from comanda.store.customers import phoned
from comanda.store.pictures import unknown_pictures
from comanda.store.transaction import Transaction

Result = TypeVar("Result")
log = structlog.get_logger("comanda.administration")
_TAG = re.compile(r'(?:W/)?"([0-9]{1,19})"|([0-9]{1,19})')


def whole_brand(call: Call) -> BrandId:
    """The brand, for a manager who is limited to no venue: catalogue and pictures are every venue's.

    Raises ComandaError ``forbidden``.
    """
    caller = call.acting
    if not isinstance(caller, StaffCaller) or caller.person.venues:
        raise ComandaError("forbidden", "This needs a manager of the whole brand")
    return caller.brand.id


def own_session(call: Call) -> str:
    """The hash of the session a person acts in; a change to the person who makes it ends their others only."""
    caller = call.acting
    return caller.session_sha256 if isinstance(caller, StaffCaller) else ""


def expected_version(call: Call) -> int | None:
    """The version that a change is made of, from ``If-Match``; None for ``*``, whichever there is.

    Raises ComandaError ``version_required`` without the header, ``invalid_header`` for one that is no version of ours.
    """
    text = call.headers.get("if-match")
    if text is None:
        raise ComandaError("version_required", "If-Match is required: the version you have seen, or *")
    if text.strip() == "*":
        return None
    found = _TAG.fullmatch(text.strip())
    if found is None:
        message = "If-Match must be the ETag of the resource, or *"
        raise ComandaError("invalid_header", message, details=(Problem("If-Match", "invalid_header", message, None),))
    return int(found[1] or found[2])


async def apply_document(
    call: Call,
    hub: Hub,
    make: Callable[[Snapshot], Document],
    expected: Mapping[tuple[str, int], int],
    carry_out: Callable[[Edit], Transaction[Result]],
) -> Result:
    """Write a document for the caller and let this process see it; made and checked anew when the catalogue moved.

    ``make`` makes it of the catalogue as it is; ``carry_out`` is the one transaction that applies the checked edit.
    Raises ComandaError ``validation_failed``, ``version_differs``, ``already_exists``, ``name_taken``,
    ``catalogue_busy``.
    """
    brand = call.acting.brand
    for _ in range(limits.EDIT_TRIES):
        snapshot = hub.known.snapshot(brand.id)
        document = make(snapshot)
        await _check(hub, brand.id, document, snapshot)
        people = phoned(document.customers, brand.region)
        edit = Edit(document, people, snapshot.version, call.acting.actor, expected)
        try:
            result = await hub.store.run(partial(carry_out, edit))
        except CatalogueMoved:
            await hub.known.refresh()
            continue
        except VersionDiffers as error:
            raise _other_version(error, expected) from None
        except SetupError as error:
            raise ComandaError("name_taken", _sentence(str(error))) from None
        await see_change(hub)
        return result
    raise catalogue_busy()


async def see_change(hub: Hub) -> None:
    """Let this process see what was just stored. Where it cannot be read now, it is stored all the same."""
    try:
        await hub.known.refresh()
    except Exception as error:
        log.warning("administration.not_seen_yet", error=repr(error))


def catalogue_busy() -> ComandaError:
    """Others were faster each time."""
    return ComandaError("catalogue_busy", "Others change the catalogue just now; try again")


def version_differs(version: int) -> ComandaError:
    """The resource has another version than the caller saw."""
    message = "Somebody changed this meanwhile; read it again"
    return ComandaError("version_differs", message, extra={"version": version})


async def _check(hub: Hub, brand_id: str, document: Document, snapshot: Snapshot) -> None:
    try:
        check_document(document, snapshot)
    except DocumentError as error:
        raise _refusal(error.problems) from None
    if any(pictures_in(document)) and (problems := await hub.store.read(lambda: unknown_pictures(brand_id, document))):
        raise _refusal(problems)


def _refusal(problems: "tuple[Problem, ...] | list[Problem]") -> ComandaError:
    """The 400 of one resource: paths without the place it had in the document."""
    bare = [
        Problem(re.sub(r"^\w+\[0\]\.", "", problem.field), problem.code, _sentence(problem.message), problem.value)
        for problem in problems
    ]
    count = len(bare)
    message = "1 field is invalid" if count == 1 else f"{count} fields are invalid"
    return ComandaError("validation_failed", message, details=tuple(bare))


def _other_version(error: VersionDiffers, expected: Mapping[tuple[str, int], int]) -> ComandaError:
    if ABSENT in expected.values():
        return ComandaError("already_exists", "There is a resource with this id already")
    return version_differs(error.version)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
