"""What the rules read of a create request, whichever library decoded it: the body's documented fields."""
# ruff: noqa: D102 - the fields are the documented ones

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol


class SentModifier(Protocol):
    """A chosen modifier, whichever library read it."""

    @property
    def modifier_id(self) -> int: ...

    @property
    def count(self) -> int: ...

    @property
    def price(self) -> Decimal | None: ...


class SentLine(Protocol):
    """A line of an order, whichever library read it."""

    @property
    def product_id(self) -> int: ...

    @property
    def count(self) -> Decimal: ...

    @property
    def price(self) -> Decimal: ...

    @property
    def modifiers(self) -> Sequence[SentModifier] | None: ...


class SentDiscount(Protocol):
    """The order's discount: type 0 none, 1 percent, 2 amount."""

    @property
    def discount_type(self) -> int | None: ...

    @property
    def discount_value(self) -> Decimal | None: ...


class SentServiceCharge(Protocol):
    """A percentage added after the discount."""

    @property
    def enabled(self) -> bool | None: ...

    @property
    def value(self) -> Decimal | None: ...


class SentCustomer(Protocol):
    """Who ordered; id 0 is a guest."""

    @property
    def id(self) -> int: ...

    @property
    def phone(self) -> str: ...


class SentOrder(Protocol):
    """The body of a create request, its form already checked."""

    @property
    def sale_type_id(self) -> int: ...

    @property
    def venue_id(self) -> int: ...

    @property
    def customer(self) -> SentCustomer: ...

    @property
    def products(self) -> Sequence[SentLine]: ...

    @property
    def auto_accept_terminal(self) -> int | None: ...

    @property
    def auto_order_accept(self) -> bool | None: ...

    @property
    def delivery_fee(self) -> Decimal | None: ...

    @property
    def discount(self) -> SentDiscount | None: ...

    @property
    def service_charge(self) -> SentServiceCharge | None: ...
