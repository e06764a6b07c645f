"""The shapes of customers, their groups, users and waiter calls, for the OpenAPI document.

`comanda.catalogue.customer_view` makes them.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from comanda.http.open_api.answers import Envelope, Instant

Gender = Annotated[Literal[1, 2], Meta(description="1 male, 2 female")]


class CustomerGroupObject(Struct, frozen=True, kw_only=True):
    """A group of customers; ``deleted_at`` is when it was retired."""

    id: int
    name: str
    discount_type: str | None
    discount_value: float
    system_type: str | None
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant | None


class CustomerGroupColumns(Struct, frozen=True, kw_only=True):
    """A customer's group as ``with`` shows it: the columns asked for."""

    id: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    discount_type: str | UnsetType | None = UNSET
    discount_value: float | UnsetType = UNSET
    system_type: str | UnsetType | None = UNSET
    created_at: Instant | UnsetType = UNSET
    updated_at: Instant | UnsetType = UNSET
    deleted_at: Instant | UnsetType | None = UNSET


class CustomerObject(Struct, frozen=True, kw_only=True):
    """A customer; ``spent``, ``total_discount`` and ``receipt_count`` are of closed receipts, in major units.

    ``group_id`` is 0 for a customer of no group.
    """

    id: int
    venue_id: int | None
    cid: str
    group_id: int
    balance_id: Literal[0]
    name: str
    email: str | None
    phone: str | None
    phones: list[str]
    address: str | None
    address_data: Annotated[list[Any], Meta(max_length=0)]
    description: str | None
    discount: Literal[0]
    spent: float
    total_discount: float
    total_bonus: Literal[0]
    receipt_count: int
    gender: Gender | None
    date_of_birth: str | None
    code: str | None
    source: str | None
    reference_id: str | None
    status: bool
    can_use_loyalty_system: Literal[False]
    is_verified: Literal[False]
    created_at: Instant
    updated_at: Instant
    group: CustomerGroupColumns | UnsetType | None = UNSET
    balance: UnsetType | None = UNSET
    cashback_balance: UnsetType | None = UNSET


class CustomerRead(Envelope, frozen=True, kw_only=True):
    """One customer."""

    data: CustomerObject


class CustomerPage(Envelope, frozen=True, kw_only=True):
    """A page of customers; ``total`` counts all pages."""

    data: list[CustomerObject]
    total: int
    sorts: list[str]
    next_cursor: str | None


class CustomerGroupPage(Envelope, frozen=True, kw_only=True):
    """A page of customer groups; ``total`` counts all pages."""

    data: list[CustomerGroupObject]
    total: int
    sorts: list[str]
    next_cursor: str | None


class UserObject(Struct, frozen=True, kw_only=True):
    """Somebody who works here; ``status`` is whether they still do."""

    id: int
    email: str | None
    username: str
    first_name: str
    last_name: str | None
    mobile_number: str | None
    owner: Literal[0, 1]
    status: bool
    created_at: Instant
    updated_at: Instant


class UserRead(Envelope, frozen=True, kw_only=True):
    """One user."""

    data: UserObject


class UserPage(Envelope, frozen=True, kw_only=True):
    """A page of users; ``total`` counts all pages."""

    data: list[UserObject]
    total: int
    sorts: list[str]
    next_cursor: str | None


class WaiterCallObject(Struct, frozen=True, kw_only=True):
    """A table that calls, as the event tells it; ``payment_method`` is null where the waiter is wanted."""

    venue_id: int
    table_id: int
    table: str
    type: Literal["WAITER", "PAY"]
    payment_method: int | None


class WaiterCalled(Envelope, frozen=True, kw_only=True):
    """The call was told to the venue."""

    data: WaiterCallObject
