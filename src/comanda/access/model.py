"""Brands and those who call on their behalf, as one process knows them at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, NewType

from msgspec import Struct

from comanda.access.routes import CallerKind
from comanda.base.clock import Micros

BrandId = NewType("BrandId", str)
"""A brand's slug; the first column of every key."""

GuestCustomers = Literal["none", "match"]
DeviceKind = Literal["terminal", "kitchen"]
Strength = Literal["password", "pin"]
"""What a session was begun with."""
SCOPES: tuple[str, ...] = (
    "orders:read",
    "orders:write",
    "receipts:read",
    "receipts:write",
    "events:read",
    "catalogue:read",
    "customers:read",
    "customers:write",
    "users:read",
    "waiter-calls:write",
)
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
class Device:
    """A till or a kitchen screen; it stands in one venue and calls with a token of its own.

    ``name`` and ``station_id`` were given when it was paired, at ``paired_at``.
    """

    brand_id: BrandId
    id: int
    kind: DeviceKind
    venue_id: int
    enabled: bool
    name: str | None = None
    station_id: int | None = None
    paired_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works for a brand and signs in with a password, on a paired device also with a PIN.

    No venues means every venue.
    """

    brand_id: BrandId
    username: str
    name: str
    role: str
    venues: frozenset[int]
    enabled: bool
    has_pin: bool = False

    def may_see(self, venue_id: int) -> bool:
        """Whether the person works at a venue; no venues listed means every venue."""
        return not self.venues or venue_id in self.venues


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in of a person, good until ``expires_at`` or until it is ended; with a device, only on that device.

    ``strong_until``: until when it counts as the password's; None for a PIN's that was never confirmed.
    """

    brand_id: BrandId
    username: str
    expires_at: Micros
    created_at: Micros
    strong_until: Micros | None = None
    device_id: int | None = None

    @property
    def strength(self) -> Strength:
        """What it was begun with; a PIN's stays one also while it is confirmed."""
        return "password" if self.strong_until is not None and self.strong_until >= self.expires_at else "pin"

    def is_strong(self, now: Micros) -> bool:
        """Whether it may do what needs the password."""
        return self.strong_until is not None and now < self.strong_until


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs tokens; the newest signs, all verify. ``created_s`` is epoch seconds."""

    kid: str
    secret: str
    created_s: int


@dataclass(frozen=True, slots=True)
class Published:
    """Credentials that stand on paper: a server that does not serve the demo never knows their owners.

    Clients by brand, id and SHA-256 of the secret; devices by SHA-256 of the token; people by brand and user name,
    since their passwords' hashes are salted.
    """

    clients: frozenset[tuple[str, str, str]] = frozenset()
    devices: frozenset[str] = frozenset()
    people: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is known and enabled, read whole from the store; at most a second old where it is used.

    Devices and sessions are found by the SHA-256 of their token, people by brand and user name.
    """

    version: int = -1
    brands: Mapping[str, Brand] = field(default_factory=dict)
    integrators: Mapping[str, Integrator] = field(default_factory=dict)
    clients: Mapping[tuple[str, str], Client] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    people: Mapping[tuple[str, str], Person] = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)
    present: Mapping[tuple[str, int], frozenset[int]] = field(default_factory=dict)
    """The ids of the devices that are there, by brand and venue."""
    watched: frozenset[tuple[str, int]] = frozenset()
    """The venues of which a terminal has ever said that it is there."""
    attended: frozenset[tuple[str, int]] = frozenset()
    """The venues of which an enabled terminal is there now."""
    signing_keys: tuple[SigningKey, ...] = ()
    """Newest first."""

    def terminal_absent(self, brand_id: str, venue_id: int) -> bool:
        """Whether a venue that has terminals to watch has none that is there now (contract 14.1.5)."""
        venue = (brand_id, venue_id)
        return venue in self.watched and venue not in self.attended

    def without(self, published: Published) -> "Directory":
        """Everybody but the owners of published credentials; the sessions of people left out go with them."""
        clients = {
            key: client for key, client in self.clients.items() if (*key, client.secret_sha256) not in published.clients
        }
        devices = {token: device for token, device in self.devices.items() if token not in published.devices}
        people = {key: person for key, person in self.people.items() if key not in published.people}
        return replace(self, clients=clients, devices=devices, people=people)


class Caller(Struct, frozen=True):
    """An integrator, established by the door; ``venue_id`` is the token's venue, None for no venue."""

    kind: ClassVar[CallerKind] = "integrator"
    role: ClassVar[None] = None
    brand: Brand
    client: Client
    integrator: Integrator
    venue_id: int | None

    @property
    def actor(self) -> str:
        """Who acts, for idempotency scopes, events and logs."""
        return f"client:{self.client.id}"

    def may_see(self, venue_id: int) -> bool:
        """Whether the venue is within this caller's limits."""
        return self.client.may_see(venue_id)


class DeviceCaller(Struct, frozen=True):
    """A terminal or kitchen screen; it acts for the venue it stands in and sees no other.

    ``by_cookie``: it is a paired one, known by its cookie.
    """

    kind: ClassVar[CallerKind] = "device"
    role: ClassVar[None] = None
    brand: Brand
    device: Device
    by_cookie: bool = False

    @property
    def venue_id(self) -> int:
        """The venue it stands in."""
        return self.device.venue_id

    @property
    def actor(self) -> str:
        """Who acts, for idempotency scopes, events and logs."""
        return f"device:{self.device.id}"

    def may_see(self, venue_id: int) -> bool:
        """Whether the venue is within this caller's limits."""
        return venue_id == self.device.venue_id


class StaffCaller(Struct, frozen=True):
    """A person who has signed in; ``session_sha256`` names the session it was done with.

    ``strong``: the session may do now what needs the password; ``terminal_id``: the paired till it is done at.
    """

    kind: ClassVar[CallerKind] = "staff"
    brand: Brand
    person: Person
    session_sha256: str
    session: Session
    strong: bool = False
    terminal_id: int | None = None

    @property
    def role(self) -> str:
        """What the person works as."""
        return self.person.role

    @property
    def venue_id(self) -> int | None:
        """The only venue the person is limited to; None for every other person."""
        return next(iter(self.person.venues)) if len(self.person.venues) == 1 else None

    @property
    def actor(self) -> str:
        """Who acts, for idempotency scopes, events and logs."""
        return f"staff:{self.person.username}"

    def may_see(self, venue_id: int) -> bool:
        """Whether the venue is within this caller's limits; no venues listed means every venue."""
        return self.person.may_see(venue_id)


AnyCaller = Caller | DeviceCaller | StaffCaller
