"""The shapes of administration's answers that are no resource, for the OpenAPI document."""

from typing import Any, Literal

from msgspec import Struct

from comanda.http.open_api.answers import Envelope, Instant


class AdministrationEnvelope(Envelope, frozen=True, kw_only=True):
    """What every success carries."""


class AuditEntry(Struct, frozen=True):
    """One change; of customers it says which fields changed and never what stands in them."""

    number: int
    at: Instant
    actor: str
    action: Literal["created", "changed", "removed", "erased", "password", "pin", "paired", "revoked"]
    kind: str
    resource: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditRead(Envelope, frozen=True, kw_only=True):
    """A page of the audit log."""

    data: list[AuditEntry]
    next_before: int | None


class StopListEntry(Struct, frozen=True):
    """What is left of a product."""

    product_id: int
    quantity: float
    version: int
    updated_at: Instant


class StopListRead(Envelope, frozen=True, kw_only=True):
    """A venue's stop list."""

    data: list[StopListEntry]
    total: int


class SetQuantity(Struct, frozen=True):
    """What is left now; null is no limit."""

    venue_id: int
    product_id: int
    quantity: float | None


class StopListSet(Envelope, frozen=True, kw_only=True):
    """The answer to setting a quantity."""

    data: SetQuantity
