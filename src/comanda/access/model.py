"""Brands and those who call on their behalf, as one process knows them at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NewType

from msgspec import Struct

BrandId = NewType("BrandId", str)
"""A brand's slug; the first column of every key."""

GuestCustomers = Literal["none", "match"]
SCOPES: tuple[str, ...] = ("orders:read", "orders:write")
"""What a client may be allowed; new clients have all of them (contract 14.10)."""


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand, its money and its standing. ``decimals`` came from CLDR once and is never derived again."""

    id: BrandId
    name: str
    is_test: bool
    currency: str
    decimals: int
    region: str
    enabled: bool
    catalogue_version: int


@dataclass(frozen=True, slots=True)
class Integrator:
    """A third party that calls for many brands."""

    id: str
    name: str
    is_test: bool
    enabled: bool


@dataclass(frozen=True, slots=True)
class Client:
    """One credential of a brand. ``quota_per_minute`` None means the server's own tier (contract 14.7)."""

    brand_id: BrandId
    id: str
    name: str
    secret_sha256: str
    enabled: bool
    venue_id: int | None
    venues: frozenset[int]
    scopes: frozenset[str]
    guest_customers: GuestCustomers
    unique_integration_id: bool
    duplicate_window_s: int
    quota_per_minute: int | None

    def may_see(self, venue_id: int) -> bool:
        """Whether the venue is within this client's limits; an empty list means every venue."""
        return not self.venues or venue_id in self.venues


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs tokens; the newest signs, all verify. ``created_s`` is epoch seconds."""

    kid: str
    secret: str
    created_s: int


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is known and enabled, read whole from the store; at most a second old where it is used."""

    version: int = -1
    brands: Mapping[str, Brand] = field(default_factory=dict)
    integrators: Mapping[str, Integrator] = field(default_factory=dict)
    clients: Mapping[tuple[str, str], Client] = field(default_factory=dict)
    signing_keys: tuple[SigningKey, ...] = ()
    """Newest first."""


class Caller(Struct, frozen=True):
    """Who made a request, established by the door; ``venue_id`` is the token's venue, None for no venue."""

    brand: Brand
    client: Client
    integrator: Integrator
    venue_id: int | None

    @property
    def actor(self) -> str:
        """Who acts, for idempotency scopes, events and logs."""
        return f"client:{self.client.id}"
