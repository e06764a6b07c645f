"""``/hub/v1/admin/``: every catalogue resource created, changed and retired by a manager of the whole brand.

A change names the version it was made of (``If-Match``), so that of two managers the second is told and not silently
overwritten; who changed what stands in the audit log.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from comanda.access.model import StaffCaller
from comanda.access.secrets import random_text
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.json import to_json
from comanda.catalogue.document import Document
from comanda.catalogue.editing import document_of, free_ids, merged, numbered, read_resource, shown
from comanda.catalogue.model import Resource, User
from comanda.catalogue.snapshot import Snapshot
from comanda.http.acting import kept_answer, key_headers, keyed_request
from comanda.http.call import Call, Reply
from comanda.http.door import Lane
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.edits import (
    apply_document,
    catalogue_busy,
    expected_version,
    own_session,
    see_change,
    version_differs,
    whole_brand,
)
from comanda.http.open_api import query as queries
from comanda.orders.decode import parse_json
from comanda.orders.model import KeyedRequest, KeyReused, Replayed
from comanda.orders.view import envelope
from comanda.store.audit import ABSENT, read_audit
from comanda.store.catalogue import Edit
from comanda.store.keys import under_key
from comanda.store.resources import Kept, find_resource, page_of_kind, write_resource
from comanda.store.staff import free_person_id, set_password
from comanda.store.transaction import Transaction

_NOTHING: Final[Mapping[str, str]] = {}
Made = Callable[[Snapshot], Resource]
"""A resource as it is to be written into a catalogue: what has no id yet gets one that is free there."""


def lister(kind: type[Resource]) -> Lane:
    """The handler that lists a kind by id, retired ones included."""

    async def list_kind(call: Call, hub: Hub) -> Reply:
        query = queries.parse_query(call.query)
        after = queries.bounded_number(query, "after", 0, 0, limits.MAX_ID)
        limit = queries.bounded_number(query, "limit", limits.DEFAULT_PAGE_SIZE, 1, limits.MAX_PAGE_SIZE)
        found, total = await hub.store.read(lambda: page_of_kind(whole_brand(call), kind.plural, after, limit))
        data = [_object(kept) for kept in found]
        last = found[-1][0].id if len(found) == limit else None
        body = envelope(data, started=call.started, now=now_micros(), total=total, next_after=last)
        return Reply(200, to_json(body))

    return list_kind


def reader(kind: type[Resource]) -> Lane:
    """The handler that reads one resource; its version is the ``ETag``."""

    async def read_one(call: Call, hub: Hub) -> Reply:
        return _reply(call, 200, await _kept(call, hub, kind))

    return read_one


def creator(kind: type[Resource]) -> Lane:
    """The handler that adds a resource; without an ``id`` it gets the next one."""

    async def create(call: Call, hub: Hub) -> Reply:
        brand_id, keyed = whole_brand(call), _keyed(call)
        known = None if keyed is None else await hub.store.find_replay(brand_id, keyed, now_micros())
        if known is not None:
            return kept_answer(known)
        value = _object_body(call)
        for _ in range(limits.EDIT_TRIES):
            resource_id = await _new_id(call, hub, kind, value.get("id"))
            made = partial(_numbered, kind, value, resource_id)
            try:
                return await _created(call, hub, made, made(hub.known.snapshot(brand_id)), keyed)
            except ComandaError as error:
                if error.code != "already_exists" or value.get("id") is not None:
                    raise
                # Somebody was given the same id at the same time.
                await hub.known.refresh()
        raise catalogue_busy()

    return create


def changer(kind: type[Resource]) -> Lane:
    """The handler that changes some fields of a resource, of the version in ``If-Match``."""

    async def change(call: Call, hub: Hub) -> Reply:
        changes = _object_body(call)

        def changed(before: Resource) -> Made:
            return partial(_numbered, kind, merged(before, changes), before.id)

        return await _rewritten(call, hub, kind, changed)

    return change


def retirer(kind: type[Resource]) -> Lane:
    """The handler that retires a resource, of the version in ``If-Match``; nothing is ever deleted."""

    async def retire(call: Call, hub: Hub) -> Reply:
        return await _rewritten(call, hub, kind, lambda before: lambda _: replace(before, active=False))

    return retire


async def give_password(call: Call, hub: Hub) -> Reply:
    """Give a person another password, made here and shown once; every session of the person ends.

    Whoever gives themselves one stays signed in where they do it, or the page that shows it would be gone.
    """
    brand_id, actor = whole_brand(call), call.acting.actor
    kept = await _kept(call, hub, User)
    password = random_text(16)
    hashed = await hub.passwords.hash(password)
    set_it = partial(set_password, brand_id, kept[0].id, hashed, actor, now_micros(), keep=own_session(call))
    await hub.store.run(set_it)
    await see_change(hub)
    return _reply(call, 200, kept, {"password": password})


async def list_audit(call: Call, hub: Hub) -> Reply:
    """Who changed what, newest first."""
    query = queries.parse_query(call.query)
    before = queries.bounded_number(query, "before", limits.MAX_ID, 1, limits.MAX_ID)
    limit = queries.bounded_number(query, "limit", limits.DEFAULT_PAGE_SIZE, 1, limits.MAX_ORDER_PAGE_SIZE)
    entries = await hub.store.read(lambda: read_audit(whole_brand(call), before, limit))
    last = entries[-1]["number"] if len(entries) == limit else None
    return Reply(200, to_json(envelope(entries, started=call.started, now=now_micros(), next_before=last)))


def _numbered(kind: type[Resource], value: dict[str, Any], resource_id: int, snapshot: Snapshot) -> Resource:
    """The resource of a body; parts of it without an id get one that nothing in this very catalogue has."""
    return read_resource(kind, numbered(kind, value, snapshot, resource_id))


async def _created(call: Call, hub: Hub, made: Made, resource: Resource, keyed: KeyedRequest | None) -> Reply:
    """Add a resource, a user with a first password, in one transaction that keeps the answer under the key.

    ``resource`` is what is ``made`` of the catalogue as this process knows it.
    """
    brand_id, kind, actor, now = whole_brand(call), resource.plural, call.acting.actor, now_micros()
    password = random_text(16) if kind == "users" else None
    hashed = None if password is None else await hub.passwords.hash(password)
    answers = list[Reply]()

    def add(edit: Edit) -> Transaction[bytes]:
        kept = yield from write_resource(brand_id, edit, kind, resource.id, now)
        if hashed is not None:
            yield from set_password(brand_id, resource.id, hashed, actor, now)
        answers.append(_reply(call, 201, kept, {} if password is None else {"password": password}))
        return answers[-1].body

    def carry_out(edit: Edit) -> Transaction[bytes | Replayed | KeyReused]:
        return under_key(brand_id, keyed, lambda: add(edit), now, status=201)

    outcome = await apply_document(call, hub, _document(made), {(kind, resource.id): ABSENT}, carry_out)
    if not isinstance(outcome, bytes):
        return kept_answer(outcome)
    return replace(answers[-1], headers={**answers[-1].headers, **key_headers(keyed, now)})


async def _rewritten(call: Call, hub: Hub, kind: type[Resource], change: Callable[[Resource], Made]) -> Reply:
    """Write a resource as ``change`` makes it of the version in ``If-Match``; for ``*``, of whichever there is."""
    wanted = expected_version(call)
    for _ in range(limits.EDIT_TRIES):
        before, version = await _kept(call, hub, kind)
        if wanted not in (None, version):
            raise version_differs(version)
        made = change(before)
        after = made(hub.known.snapshot(whole_brand(call)))
        _keep_a_manager(call, before, after)
        try:
            return await _written(call, hub, made, after, version)
        except ComandaError as error:
            if wanted is not None or error.code != "version_differs":
                raise
    raise catalogue_busy()


async def _written(call: Call, hub: Hub, made: Made, resource: Resource, version: int) -> Reply:
    brand_id, kind = whole_brand(call), resource.plural

    def carry_out(edit: Edit) -> Transaction[Kept]:
        return write_resource(brand_id, edit, kind, resource.id, now_micros())

    kept = await apply_document(call, hub, _document(made), {(kind, resource.id): version}, carry_out)
    return _reply(call, 200, kept)


def _document(made: Made) -> Callable[[Snapshot], Document]:
    return lambda snapshot: document_of(made(snapshot))


def _keyed(call: Call) -> KeyedRequest | None:
    """The request's key, where the route takes one (contract 14.2)."""
    if call.route is None or not call.route.takes_key:
        return None
    return keyed_request(call, call.acting.actor, call.headers.get("x-venue"))


def _keep_a_manager(call: Call, before: Resource, after: Resource) -> None:
    """Nobody locks themselves out: who edits stays a manager of the whole brand. Raises ComandaError."""
    caller = call.acting
    if not isinstance(before, User) or not isinstance(after, User) or not isinstance(caller, StaffCaller):
        return
    if before.username != caller.person.username:
        return
    if not after.active or after.role != "manager" or after.venues or after.username != before.username:
        raise ComandaError("own_account", "You cannot retire yourself, nor give up the rights you are using")


async def _new_id(call: Call, hub: Hub, kind: type[Resource], stated: Any) -> int:
    if isinstance(stated, int) and not isinstance(stated, bool) and 1 <= stated <= limits.MAX_STATED_ID:
        return stated
    if stated is not None:
        raise invalid([Problem("id", "wrong_type", f"id must be an integer from 1 to {limits.MAX_STATED_ID}")])
    brand_id = whole_brand(call)
    if kind.plural == "users":
        return await hub.store.read(lambda: free_person_id(brand_id))
    if kind.plural == "customers":
        return await hub.store.next_customer_id(brand_id)
    return next(free_ids(getattr(hub.known.snapshot(brand_id), kind.plural)))


async def _kept(call: Call, hub: Hub, kind: type[Resource]) -> Kept:
    resource_id = paths.number(call, 4, _missing)
    kept = await hub.store.read(lambda: find_resource(whole_brand(call), kind.plural, resource_id))
    if kept is None:
        raise _missing()
    return kept


def _object_body(call: Call) -> dict[str, Any]:
    value = parse_json(call.body)
    if not isinstance(value, dict):
        raise ComandaError("validation_failed", "The body must be an object")
    return value


def _object(kept: Kept) -> dict[str, Any]:
    return {**shown(kept[0]), "version": kept[1]}


def _reply(call: Call, status: int, kept: Kept, more: Mapping[str, str] = _NOTHING) -> Reply:
    headers = {"ETag": f'"{kept[1]}"', "Cache-Control": "no-store"}
    if status == 201:
        headers["Location"] = f"{call.path}/{kept[0].id}"
    body = envelope({**_object(kept), **more}, started=call.started, now=now_micros())
    return Reply(status, to_json(body), headers)


def _missing() -> ComandaError:
    return ComandaError("resource_not_found", "There is no such resource")
