"""How customers, their groups and the people who work here look on the v2 wire (contract 9.17, 9.18).

In: resources, and what a customer spent. Out: objects with every documented key. Pure: nothing is read here.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from comanda.base.clock import Micros, instant_of
from comanda.base.json import major_json, number_json
from comanda.catalogue.model import Customer, CustomerGroup, User

GROUP_FIELDS: Final = (
    "id",
    "name",
    "discount_type",
    "discount_value",
    "system_type",
    "created_at",
    "updated_at",
    "deleted_at",
)
"""The keys of a customer group."""
RELATIONS: Final[Mapping[str, tuple[str, ...]]] = {"group": GROUP_FIELDS, "balance": (), "cashback_balance": ()}
"""What ``with`` may ask for beside a customer. Comanda keeps no balances: theirs are null."""


class Spending(NamedTuple):
    """What somebody's closed receipts come to, in minor units; cancelled ones count for nothing."""

    receipts: int = 0
    total_minor: int = 0
    discount_minor: int = 0


class KnownCustomer(NamedTuple):
    """A customer with what they spent."""

    customer: Customer
    spending: Spending = Spending()

    @property
    def id(self) -> int:
        """The customer's id."""
        return self.customer.id

    @property
    def created_at(self) -> Micros:
        """When the customer was stored."""
        assert self.customer.created_at is not None
        return instant_of(self.customer.created_at)


def customer_object(
    known: KnownCustomer,
    *,
    decimals: int,
    main_venue_id: int | None,
    groups: Mapping[int, CustomerGroup],
    relations: Mapping[str, tuple[str, ...]],
) -> dict[str, Any]:
    """A customer with the relations asked for; ``decimals`` are the currency's, ``groups`` the brand's by id."""
    customer, spending = known
    shown: dict[str, Any] = {
        "id": customer.id,
        "venue_id": customer.venue_id or main_venue_id,
        "cid": customer.cid,
        "group_id": customer.group_id or 0,
        "balance_id": 0,
        "name": customer.name,
        "email": customer.email,
        "phone": customer.phone,
        "phones": _phones(customer),
        "address": customer.address,
        "address_data": [],
        "description": customer.description,
        "discount": 0,
        "spent": major_json(spending.total_minor, decimals),
        "total_discount": major_json(spending.discount_minor, decimals),
        "total_bonus": 0,
        "receipt_count": spending.receipts,
        "gender": customer.gender,
        "date_of_birth": customer.date_of_birth,
        "code": customer.code,
        "source": customer.source,
        "reference_id": customer.reference_id,
        "status": customer.active,
        "can_use_loyalty_system": False,
        "is_verified": False,
        "created_at": customer.created_at,
        "updated_at": customer.updated_at,
    }
    for name, columns in relations.items():
        group = groups.get(customer.group_id) if name == "group" and customer.group_id else None
        whole = None if group is None else group_object(group)
        shown[name] = whole and {column: whole[column] for column in columns}
    return shown


def _phones(customer: Customer) -> list[str]:
    """Every number once, the main one first."""
    return list(dict.fromkeys(number for number in (customer.phone, *customer.phones) if number))


def group_object(group: CustomerGroup) -> dict[str, Any]:
    """A customer group; a retired one was deleted when it last changed."""
    return {
        "id": group.id,
        "name": group.name,
        "discount_type": group.discount_type,
        "discount_value": number_json(group.discount_value),
        "system_type": group.system_type,
        "created_at": group.created_at,
        "updated_at": group.updated_at,
        "deleted_at": None if group.active else group.updated_at,
    }


def user_object(user: User) -> dict[str, Any]:
    """A person who works here; nothing by which they sign in but the user name, and no role."""
    return {
        "id": user.id,
        "email": user.email,
        "username": user.username,
        "first_name": user.first_name or user.name,
        "last_name": user.last_name,
        "mobile_number": user.mobile_number,
        "owner": int(user.owner),
        "status": user.active,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
