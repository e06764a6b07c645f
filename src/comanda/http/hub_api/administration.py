"""``/hub/v1/admin/``: every catalogue resource created, changed and retired by a manager of the whole brand.

A change names the version it was made of (``If-Match``), so that of two managers the second is told and not silently
overwritten; who changed what stands in the audit log.
"""

from typing import Any

from msgspec.structs import replace

from comanda.access.model import StaffCaller
from comanda.access.secrets import random_text
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.json import to_json
from comanda.catalogue.editing import document_of, merged, numbered, read_resource, shown
from comanda.catalogue.model import Resource, User
from comanda.http.call import Call, Reply
from comanda.http.door import Lane
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.edits import apply_document, expected_version, whole_brand
from comanda.http.open_api import query as queries
from comanda.orders.decode import parse_json
from comanda.orders.view import envelope
from comanda.store.audit import read_audit
from comanda.store.resources import Kept, find_resource, page_of_kind
from comanda.store.staff import free_person_id, set_password


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
        value = _object_body(call)
        resource_id = await _new_id(call, hub, kind, value.get("id"))
        snapshot = hub.known.snapshot(whole_brand(call))
        resource = read_resource(kind, numbered(kind, value, snapshot, resource_id))
        await apply_document(call, hub, document_of(resource), {(kind.plural, resource_id): 0})
        secret = await _first_password(call, hub, resource_id) if kind.plural == "users" else {}
        kept = await hub.store.read(lambda: find_resource(whole_brand(call), kind.plural, resource_id))
        assert kept is not None
        return _reply(call, 201, kept, **secret)

    return create


def changer(kind: type[Resource]) -> Lane:
    """The handler that changes some fields of a resource, of the version in ``If-Match``."""

    async def change(call: Call, hub: Hub) -> Reply:
        wanted = expected_version(call)
        before, version = await _kept(call, hub, kind)
        value = merged(before, _object_body(call))
        resource = read_resource(kind, numbered(kind, value, hub.known.snapshot(whole_brand(call)), before.id))
        _keep_a_manager(call, before, resource)
        return await _written(call, hub, resource, version if wanted is None else wanted)

    return change


def retirer(kind: type[Resource]) -> Lane:
    """The handler that retires a resource, of the version in ``If-Match``; nothing is ever deleted."""

    async def retire(call: Call, hub: Hub) -> Reply:
        wanted = expected_version(call)
        before, version = await _kept(call, hub, kind)
        retired = replace(before, active=False)
        _keep_a_manager(call, before, retired)
        return await _written(call, hub, retired, version if wanted is None else wanted)

    return retire


async def give_password(call: Call, hub: Hub) -> Reply:
    """Give a person another password, made here and shown once; every session of the person ends."""
    user_id = paths.number(call, 4, _missing)
    kept = await hub.store.read(lambda: find_resource(whole_brand(call), "users", user_id))
    if kept is None:
        raise _missing()
    return _reply(call, 200, kept, **await _first_password(call, hub, user_id))


async def list_audit(call: Call, hub: Hub) -> Reply:
    """Who changed what, newest first."""
    query = queries.parse_query(call.query)
    before = queries.bounded_number(query, "before", limits.MAX_ID, 1, limits.MAX_ID)
    limit = queries.bounded_number(query, "limit", limits.DEFAULT_PAGE_SIZE, 1, limits.MAX_ORDER_PAGE_SIZE)
    entries = await hub.store.read(lambda: read_audit(whole_brand(call), before, limit))
    last = entries[-1]["number"] if len(entries) == limit else None
    return Reply(200, to_json(envelope(entries, started=call.started, now=now_micros(), next_before=last)))


async def _written(call: Call, hub: Hub, resource: Resource, version: int) -> Reply:
    await apply_document(call, hub, document_of(resource), {(resource.plural, resource.id): version})
    kept = await hub.store.read(lambda: find_resource(whole_brand(call), resource.plural, resource.id))
    assert kept is not None
    return _reply(call, 200, kept)


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
    if isinstance(stated, int) and not isinstance(stated, bool) and 1 <= stated <= limits.MAX_ID:
        return stated
    if stated is not None:
        raise invalid([Problem("id", "wrong_type", f"id must be an integer from 1 to {limits.MAX_ID}")])
    brand_id = whole_brand(call)
    if kind.plural == "users":
        return await hub.store.read(lambda: free_person_id(brand_id))
    if kind.plural == "customers":
        return await hub.store.next_customer_id(brand_id)
    return max(getattr(hub.known.snapshot(brand_id), kind.plural), default=0) + 1


async def _first_password(call: Call, hub: Hub, user_id: int) -> dict[str, str]:
    password = random_text(16)
    hashed = await hub.passwords.hash(password)
    await hub.store.run(lambda: set_password(whole_brand(call), user_id, hashed))
    await hub.known.refresh()
    return {"password": password}


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


def _reply(call: Call, status: int, kept: Kept, **more: Any) -> Reply:
    headers = {"ETag": f'"{kept[1]}"', "Cache-Control": "no-store"}
    if status == 201:
        headers["Location"] = f"{call.path}/{kept[0].id}"
    body = envelope({**_object(kept), **more}, started=call.started, now=now_micros())
    return Reply(status, to_json(body), headers)


def _missing() -> ComandaError:
    return ComandaError("resource_not_found", "There is no such resource")
