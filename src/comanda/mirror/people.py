"""Customers, their groups, and those who work there. Nobody gets a password, and nobody here is taken for another."""

import re
from typing import Final

from msgspec.structs import replace

from comanda.base import limits
from comanda.base.numbers import Money
from comanda.catalogue.model import Customer, CustomerGroup, User
from comanda.mirror.context import Context
from comanda.mirror.row import Row
from comanda.mirror.values import flag_of, list_of, text_of
from comanda.orders.phone import personal_phone
from comanda.orders.redact import ERASED

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_DAY: Final = r"[0-9]{4}-(0[0-9]|1[0-2])-([0-2][0-9]|3[01])"
_USERNAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_CUSTOMER_KEYS: Final = (
    "status",
    "cid",
    "phone",
    "phones",
    "address",
    "email",
    "venue_id",
    "group_id",
    "group",
    "code",
    "description",
    "gender",
    "date_of_birth",
    "source",
    "reference_id",
    "spent",
    "total_discount",
    "receipt_count",
)
"""What is taken, and what follows from receipts."""


def customer_groups_of(context: Context) -> tuple[CustomerGroup, ...]:
    """The groups that customers belong to."""
    rows = context.rows("customer_groups")
    context.learn(CustomerGroup, rows)
    return tuple(_group(row, context) for row in rows)


def customers_of(context: Context) -> tuple[Customer, ...]:
    """Customers, where they were fetched; a phone number, code or cid stays with the first who has it."""
    rows = sorted(context.rows("customers"), key=lambda row: row.id)
    found = [customer for row in rows if (customer := _customer(row, context)) is not None]
    ids = {customer.id for customer in found}
    names = _Names(context.here.region)
    for customer in context.here.document.customers:
        if customer.id not in ids:
            names.claim(customer)
    return tuple(names.first_come(customer, context) for customer in found)


def users_of(context: Context) -> tuple[User, ...]:
    """People who work there, where they were fetched. v2 tells no roles: owners become managers, others cashiers."""
    names = {user.username: user.id for user in context.here.document.users}
    found: list[User] = []
    for row in context.rows("users"):
        user = _user(row, context, names)
        if user is not None:
            names[user.username] = user.id
            found.append(user)
    return tuple(found)


def _group(row: Row, context: Context) -> CustomerGroup:
    row.name("Group")
    row.standing()
    row.times()
    row.text("discount_type", pattern=f"(?s).{{1,{limits.MAX_TEXT}}}")
    row.number("discount_value", Money)
    row.text("system_type", pattern=f"(?s).{{1,{limits.MAX_TEXT}}}")
    row.passing("status", "discount_type", "discount_value", "system_type")
    return context.take(row, CustomerGroup)


def _customer(row: Row, context: Context) -> Customer | None:
    row.name("Customer")
    row.standing()
    row.times()
    for name in ("phone", "address", "email", "code", "source", "reference_id"):
        row.text(name)
    row.text("description", most=limits.MAX_NOTE)
    row.source = {**row.source, **_normalised(row)}
    row.text("cid", pattern=_UUID)
    row.without_nulls("cid")
    row.text("date_of_birth", pattern=_DAY)
    row.choice("gender", (1, 2), null=True)
    row.reference("venue_id", context.known["venues"], "venue")
    row.reference("group_id", context.known["customer_groups"], "group")
    _take_phones(row)
    row.passing(*_CUSTOMER_KEYS)
    base = context.bases(Customer).get(row.id)
    if base is not None and base.name == ERASED and not base.active:
        row.remark("was erased here, and stays so; skipped")
        return None
    if base is not None and row.id >= limits.FIRST_GUEST_ID and base.cid != row.told.get("cid"):
        row.remark("has the id of a guest here, who is somebody else; skipped")
        return None
    return context.take(row, Customer)


def _normalised(row: Row) -> dict[str, str]:
    """Spellings that are ours: UUIDs in small letters, days without a time."""
    cid, born = row.source.get("cid"), row.source.get("date_of_birth")
    found = {"cid": cid.lower()} if isinstance(cid, str) else {}
    return found | ({"date_of_birth": born[:10]} if isinstance(born, str) else {})


def _take_phones(row: Row) -> None:
    """Take the further numbers; lists name the main one among them too."""
    if "phones" not in row.source:
        return
    texts = [text_of(value) for value in list_of(row.source["phones"])]
    numbers = dict.fromkeys(text[: limits.MAX_TEXT] for text in texts if text and text != row.told.get("phone"))
    if len(numbers) > limits.MAX_PHONES:
        row.remark(f"has more than {limits.MAX_PHONES} further phone numbers; the rest is left out")
    row.told["phones"] = tuple(numbers)[: limits.MAX_PHONES]


class _Names:
    """Who has which phone number, code and cid: each is one customer's only."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._claimed: set[tuple[str, str]] = set()

    def claim(self, customer: Customer) -> None:
        """Note what somebody has."""
        self._claimed.update(self._of(customer).items())

    def first_come(self, customer: Customer, context: Context) -> Customer:
        """The customer without what somebody before has; a number stays as a further one."""
        for name, value in self._of(customer).items():
            if (name, value) not in self._claimed:
                continue
            context.remarks.note("customers", f"{name} is another customer's already; left out", customer.id)
            customer = _without_phone(customer) if name == "phone" else replace(customer, **{name: None})
        self.claim(customer)
        return customer

    def _of(self, customer: Customer) -> dict[str, str]:
        phone = personal_phone(customer.phone, self._region) if customer.phone else None
        found = {"phone": phone, "code": customer.code, "cid": customer.cid}
        return {name: value for name, value in found.items() if value}


def _without_phone(customer: Customer) -> Customer:
    numbers = dict.fromkeys((str(customer.phone), *customer.phones))
    return replace(customer, phone=None, phones=tuple(numbers)[: limits.MAX_PHONES])


def _user(row: Row, context: Context, names: dict[str, int]) -> User | None:
    username = text_of(row.source.get("username")) or ""
    if not _USERNAME.fullmatch(username):
        row.remark("has a user name that nobody can sign in with here; skipped")
        return None
    base: User | None = context.bases(User).get(row.id)
    if names.get(username, row.id) != row.id or (base is not None and base.username != username):
        row.remark("has the id or the user name of somebody else here; skipped")
        return None
    row.standing()
    row.times()
    row.flag("owner")
    for name in ("first_name", "last_name", "email", "mobile_number"):
        row.text(name)
    row.passing("status", "owner", "username", "first_name", "last_name", "email", "mobile_number")
    if base is None:
        row.told["role"] = "manager" if flag_of(row.source.get("owner")) else "cashier"
        row.remark(f"is taken as {row.told['role']}, which v2 does not tell; has no password yet")
    full = f"{row.told.get('first_name') or ''} {row.told.get('last_name') or ''}".strip()
    row.told["name"] = (full or username)[: limits.MAX_TEXT]
    row.told["username"] = username
    return context.take(row, User)
