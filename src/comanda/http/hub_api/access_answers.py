"""The shapes of what sessions, PINs, pairing and devices answer, for the OpenAPI document."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from comanda.base import limits
from comanda.http.hub_api.answers import Role
from comanda.http.open_api.answers import Envelope, Instant

Strength = Literal["password", "pin"]
Kind = Literal["terminal", "kitchen"]
Secret = Annotated[str, Meta(min_length=1)]
Pin = Annotated[str, Meta(pattern=rf"^[0-9]{{{limits.MIN_PIN},{limits.MAX_PIN}}}$")]


class PersonCredentials(Struct, frozen=True):
    """What a person signs in with."""

    brand: Secret
    username: Secret
    password: Secret


class PinCredentials(Struct, frozen=True):
    """What a person signs in with on a paired device; the brand is the device's."""

    username: Secret
    pin: Secret


class Confirmation(Struct, frozen=True):
    """The password of whose session it is."""

    password: Secret


class PinWish(Struct, frozen=True):
    """A PIN, 5 to 12 digits that are not simple; null for none."""

    pin: Pin | None


class BrandName(Struct, frozen=True):
    """The only brand of a server."""

    id: str
    name: str


class DemoPersonCard(Struct, frozen=True):
    """Somebody of the demo, whose password stands on paper."""

    username: str
    password: str
    name: str
    role: Role


class Hello(Struct, frozen=True):
    """What a page may know before anybody has signed in; no ``brand`` where there are several."""

    name: str
    version: str
    brand: BrandName | None
    demo: bool
    demo_people: list[DemoPersonCard]
    secure: bool
    ca_available: bool
    ca_fingerprint: str | None
    time: Instant


class HelloRead(Envelope, frozen=True, kw_only=True):
    """What this server is."""

    data: Hello


class SignedIn(Struct, frozen=True):
    """A session; send ``csrf_token`` as X-CSRF-Token with every change. No venues means every venue.

    ``strength`` is what it was begun with. Until ``strong_until`` it may do what needs the password: to its end for one
    that was begun with it. With a ``device_id`` it is good on that device only.
    """

    username: str
    name: str
    role: Role
    venues: list[int]
    csrf_token: str
    expires_at: Instant
    strength: Strength
    strong_until: Instant | None
    device_id: int | None


class SessionBegun(Envelope, frozen=True, kw_only=True):
    """The answer to a person's sign-in; the session itself is in the cookie."""

    data: SignedIn


class OwnDevice(Struct, frozen=True):
    """The paired device that a request came from."""

    id: int
    name: str
    kind: Kind
    venue_id: int
    station_id: int | None


class CallerCard(Struct, frozen=True):
    """Who calls. ``venue_id`` is null for who stands for no one venue.

    The keys from ``username`` on are a person's; ``name``, ``csrf_token`` and ``device`` also those of a device that is
    known by its cookie.
    """

    kind: Literal["integrator", "device", "staff"]
    actor: str
    brand: str
    venue_id: int | None
    username: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    venues: list[int] | UnsetType = UNSET
    csrf_token: str | UnsetType = UNSET
    expires_at: Instant | UnsetType = UNSET
    strength: Strength | UnsetType = UNSET
    strong_until: Instant | UnsetType | None = UNSET
    device_id: int | UnsetType | None = UNSET
    has_pin: bool | UnsetType = UNSET
    device: OwnDevice | UnsetType | None = UNSET


class CallerRead(Envelope, frozen=True, kw_only=True):
    """Who calls."""

    data: CallerCard


class SignedOut(Struct, frozen=True):
    """The session has ended, if there was one."""

    signed_out: Literal[True]


class SessionEnded(Envelope, frozen=True, kw_only=True):
    """The answer to a sign-out."""

    data: SignedOut


class HasPin(Struct, frozen=True):
    """Whether the person has a PIN now."""

    has_pin: bool


class PinSet(Envelope, frozen=True, kw_only=True):
    """The answer to another PIN."""

    data: HasPin


class PairingBegun(Struct, frozen=True):
    """The code to show to a manager, and the claim to fetch the device's cookie with; both until ``expires_at``."""

    code: str
    claim: str
    expires_at: Instant


class PairingAsked(Envelope, frozen=True, kw_only=True):
    """The answer to a device that wants to be let in."""

    data: PairingBegun


class DeviceCard(Struct, frozen=True):
    """A device; ``present`` and ``seen_at`` are null if never heard of, ``paired_at`` for one with a token by hand."""

    id: int
    kind: Kind
    name: str
    venue_id: int
    station_id: int | None
    enabled: bool
    present: bool | None
    seen_at: Instant | None
    paired_at: Instant | None


class PairingStanding(Struct, frozen=True):
    """How a device's wish stands; ``device`` once it is paired."""

    status: Literal["waiting", "paired", "expired"]
    device: DeviceCard | None


class PairingClaimed(Envelope, frozen=True, kw_only=True):
    """The answer to a claim; when paired, the device's token is in the cookie, this once."""

    data: PairingStanding


class WaitingDevice(Struct, frozen=True):
    """What waits under a code, as far as it says itself."""

    code: str
    kind: Kind
    address: str
    user_agent: str
    created_at: Instant
    expires_at: Instant


class PairingRead(Envelope, frozen=True, kw_only=True):
    """What waits under a code."""

    data: WaitingDevice


class DeviceRead(Envelope, frozen=True, kw_only=True):
    """A device that was let in."""

    data: DeviceCard


class DeviceList(Envelope, frozen=True, kw_only=True):
    """A brand's devices, by id."""

    data: list[DeviceCard]


class Revoked(Struct, frozen=True):
    """The device's token works no more."""

    revoked: Literal[True]


class DeviceRevoked(Envelope, frozen=True, kw_only=True):
    """The answer to revoking a device."""

    data: Revoked


class PersonOnDevice(Struct, frozen=True):
    """Somebody who may sign in with a PIN."""

    username: str
    name: str
    role: Role


class PeopleOnDevice(Envelope, frozen=True, kw_only=True):
    """Who may sign in with a PIN where the device stands, by name."""

    data: list[PersonOnDevice]


class SessionCard(Struct, frozen=True):
    """A living session; ``current`` is the one that asks."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    username: str
    name: str
    role: Role
    strength: Strength
    device_id: int | None
    created_at: Instant
    expires_at: Instant
    current: bool


class SessionList(Envelope, frozen=True, kw_only=True):
    """The living sessions of a brand's people, the newest first."""

    data: list[SessionCard]


class Ended(Struct, frozen=True):
    """The session works no more."""

    ended: Literal[True]


class SessionRemoved(Envelope, frozen=True, kw_only=True):
    """The answer to ending somebody's session."""

    data: Ended


BODIES = (PersonCredentials, PinCredentials, Confirmation)
"""Whose unknown keys are let pass."""
ANSWERS = (
    HelloRead,
    SessionBegun,
    CallerRead,
    SessionEnded,
    PinSet,
    PairingAsked,
    PairingClaimed,
    PairingRead,
    DeviceRead,
    DeviceList,
    DeviceRevoked,
    PeopleOnDevice,
    SessionList,
    SessionRemoved,
)
