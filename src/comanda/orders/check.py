"""Step 2: an `OrderRequest` held against the brand's catalogue: a `CheckedOrder` with every problem it has.

Pure. Refuses what contract 14.1.5 refuses, applies the documented defaults and the venue's policies (14.1.6),
and says in warnings what it let pass. Customers and stop lists are decided later, in the transaction.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from comanda.access.model import Brand
from comanda.base import limits
from comanda.base.errors import Problem, invalid
from comanda.base.numbers import Money
from comanda.base.reading import echo, text_flaw
from comanda.catalogue.model import Product, SaleType, Venue
from comanda.catalogue.snapshot import Snapshot, price_at
from comanda.orders.decode import Decoded, external_id_text, stated_amount, v1_path
from comanda.orders.model import CheckedLine, CheckedModifier, CheckedOrder, External, OrderWarning
from comanda.orders.phone import normalise_phone, personal_phone
from comanda.orders.request import Line, Modifier, OrderRequest

ONE = Decimal(1)
ZERO = Decimal(0)
_PRICELESS = frozenset(
    {"unknown_venue", "unknown_product", "product_not_sellable", "product_unavailable", "unknown_modifier", "too_large"}
)
"""Refused with one of these, an order has a part of which nobody can say what it costs."""


def check_order(
    decoded: Decoded, snapshot: Snapshot, brand: Brand, header_venue: str | None, *, terminal_absent: bool = False
) -> CheckedOrder:
    """Check every reference and apply defaults and policies.

    ``header_venue`` is the text of ``x-venue``; ``terminal_absent``: the venue's terminals are watched and none is
    there. What speaks against the order stands in its ``problems``. Raises ComandaError ``validation_failed`` with
    every problem where nobody could say what it costs: a gap in its form, or a line that has no price here.
    """
    return _Check(decoded, snapshot, brand).run(header_venue, terminal_absent=terminal_absent)


def why_not_sold(product: Product, price: Money | None, snapshot: Snapshot) -> tuple[str, str] | None:
    """Code and sentence of what keeps a product from being sold where it costs ``price``; None for one on sale."""
    if product.id in snapshot.parents:
        return "product_not_sellable", f"Product {product.id} has variants; order one of them"
    if not product.active or price is None:
        return "product_unavailable", f"Product {product.id} is not available at this venue"
    return None


class _Check:
    """One pass over a request, gathering problems and warnings on its way."""

    def __init__(self, decoded: Decoded, snapshot: Snapshot, brand: Brand) -> None:
        self.request: OrderRequest = decoded.request
        self.snapshot = snapshot
        self.brand = brand
        self.fuller = decoded.fuller
        self.stated_total = stated_amount(decoded.stated_total)
        self.problems = list(decoded.problems)
        self.refused = {problem.field for problem in decoded.problems}
        self.around = {outer for field in self.refused for outer in _enclosing(field)}
        self.priceable = not decoded.problems
        self.warnings: list[OrderWarning] = []
        for path in decoded.unknown_fields[: limits.MAX_DETAILS]:
            message = f"{path} is not a field of this request and was ignored"
            self.warnings.append(OrderWarning("unknown_field", path, message))
        for path in decoded.unequal:
            self.warnings.append(OrderWarning("ignored_value", path, f"{path} differs from the line, which decides"))

    def run(self, header_venue: str | None, *, terminal_absent: bool) -> CheckedOrder:
        request = self.request
        venue = self._venue()
        sale_type = self._sale_type(venue)
        lines = tuple(self._line(line, f"products[{i}]", venue) for i, line in enumerate(request.products))
        discount_type, discount_value = self._discount()
        external = self._external()
        if venue is None or not self.priceable:
            raise invalid(self.problems)
        if header_venue is not None and header_venue.strip() != str(venue.id):
            self._warn("venue_header_differs", "venue_id", f"x-venue is {header_venue[:40]!a}; venue_id decides")
        needs_attention = not all(line.known for line in lines)
        accepts, terminal_id = self._acceptance(venue)
        if accepts and terminal_absent:
            self._warn("terminal_absent", "auto_order_accept", "No terminal of the venue is there to see the order")
        service_enabled, service_value = self._service_charge(venue, sale_type)
        return CheckedOrder(
            request=request,
            venue=venue,
            lines=lines,
            accepts=accepts and not needs_attention,
            terminal_id=None if needs_attention else terminal_id,
            phone_e164=normalise_phone(request.customer.phone, self.brand.region),
            guest_e164=self._guest_phone(),
            # Of blanks nobody could call an order.
            order_number=request.order_number if (request.order_number or "").strip() else None,
            comment=request.comment or None,
            delivery_fee=request.delivery_fee or ZERO,
            discount_type=discount_type,
            discount_value=discount_value,
            service_enabled=service_enabled,
            service_value=service_value,
            external=external,
            needs_attention=needs_attention,
            stated_total=self.stated_total,
            warnings=tuple(self.warnings),
            problems=tuple(self.problems),
        )

    def _venue(self) -> Venue | None:
        venue_id = self.request.venue_id
        venue = self.snapshot.venues.get(venue_id)
        if venue is None or not venue.active:
            self._refuse("venue_id", "unknown_venue", f"No venue {venue_id} in this brand", venue_id)
            return None
        if not venue.accepting_orders:
            self._refuse("venue_id", "venue_not_accepting", f"Venue {venue_id} is not accepting orders", venue_id)
        return venue

    def _sale_type(self, venue: Venue | None) -> SaleType | None:
        wanted = self.request.sale_type_id
        sale_type = self.snapshot.sale_types.get(wanted)
        if sale_type is None:
            self._refuse("sale_type_id", "unknown_sale_type", f"No sale type {wanted} in this brand", wanted)
        elif not sale_type.active or (venue is not None and venue.id in sale_type.disabled_venues):
            self._refuse("sale_type_id", "sale_type_disabled", f"Sale type {wanted} is not enabled here", wanted)
        return sale_type

    def _line(self, line: Line, path: str, venue: Venue | None) -> CheckedLine:
        product = self.snapshot.products.get(line.product_id)
        known = product is not None
        price: Decimal = line.price
        note = line.note or None
        if product is None:
            self._unknown_product(line, path, venue)
            modifiers = tuple(_as_sent(modifier) for modifier in line.modifiers or ())
        else:
            price = self._product_price(line, product, path, venue)
            modifiers = self._modifiers(line, product, path, venue)
            note = _with_unknown(note, modifiers)
        return CheckedLine(
            product_id=line.product_id,
            name=line.product_name or (product.name if product else ""),
            count=line.count,
            stated_price=line.price,
            price=price,
            status=line.status,
            product_hash=line.product_hash,
            portion_size=line.portion_size or ONE,
            note=note,
            modifiers=modifiers,
            known=known,
        )

    def _unknown_product(self, line: Line, path: str, venue: Venue | None) -> None:
        field, message = f"{path}.product_id", f"No product {line.product_id} in this brand"
        if venue is not None and venue.unknown_item_policy == "quarantine":
            self._warn("unknown_product", field, f"{message}; the order waits for staff to map it")
        else:
            self._refuse(field, "unknown_product", message, line.product_id)

    def _product_price(self, line: Line, product: Product, path: str, venue: Venue | None) -> Decimal:
        """The unit price charged; notes why a product cannot be sold."""
        field = f"{path}.product_id"
        ours = product.price if venue is None else price_at(product, venue.id)
        if flaw := why_not_sold(product, ours, self.snapshot):
            self._refuse(field, *flaw, product.id)
        if venue is None or ours is None:
            return line.price
        return self._price(f"{path}.price", line.price, ours, venue)

    def _price(self, field: str, stated: Decimal, ours: Decimal, venue: Venue) -> Decimal:
        if stated == ours:
            return ours
        message = f"The catalogue's price is {ours}"
        if venue.price_policy == "reject":
            self._refuse(field, "price_differs", message, stated)
            return ours
        charged = stated if venue.price_policy == "trust_caller" else ours
        self._warn("price_differs", field, f"{message}; {charged} is charged")
        return charged

    def _modifiers(self, line: Line, product: Product, path: str, venue: Venue | None) -> tuple[CheckedModifier, ...]:
        checked = []
        for index, modifier in enumerate(line.modifiers or ()):
            where = f"{path}.modifiers[{index}]"
            checked.append(self._modifier(modifier, product, where, venue))
        self._modifier_rules(line, product, path, venue)
        return tuple(checked)

    def _modifier(self, modifier: Modifier, product: Product, path: str, venue: Venue | None) -> CheckedModifier:
        ours = self.snapshot.modifier_of(product, modifier.modifier_id)
        sent = _as_sent(modifier)
        if ours is None:
            field = f"{path}.modifier_id"
            message = f"Product {product.id} has no modifier {modifier.modifier_id}"
            if venue is None or venue.unknown_modifier_policy == "reject":
                self._refuse(field, "unknown_modifier", message, modifier.modifier_id)
                return sent
            self._warn("unknown_modifier", field, f"{message}; it was kept as a note")
            return _as_sent(modifier, known=False)
        price = sent.price if venue is None else self._price(f"{path}.price", sent.price, ours.price, venue)
        return CheckedModifier(
            modifier_id=sent.modifier_id,
            name=sent.name or ours.name,
            count=sent.count,
            price=price,
            portion_size=sent.portion_size,
        )

    def _modifier_rules(self, line: Line, product: Product, path: str, venue: Venue | None) -> None:
        for group_id in self.snapshot.groups_of(product):
            group = self.snapshot.modifier_groups[group_id]
            members = self.snapshot.modifiers[group_id]
            chosen = sum(m.count for m in line.modifiers or () if m.modifier_id in members)
            if chosen >= group.min_select and (not group.max_select or chosen <= group.max_select):
                continue
            upper = group.max_select or "any number"
            message = f"{group.name} takes {group.min_select} to {upper}, not {chosen}"
            if venue is not None and venue.modifier_rules_policy == "reject":
                self._refuse(f"{path}.modifiers", "modifier_rules", message, chosen)
            else:
                self._warn("modifier_rules", f"{path}.modifiers", message)

    def _discount(self) -> tuple[int, Decimal]:
        discount = self.request.discount
        kind = (discount.discount_type if discount else None) or 0
        value: Decimal = (discount.discount_value if discount else None) or ZERO
        if kind == 1 and value > limits.MAX_PERCENT:
            message = f"discount_value must be {limits.MAX_PERCENT} or less for a percentage"
            self._refuse("discount.discount_value", "too_large", message, value)
        return kind, value

    def _service_charge(self, venue: Venue, sale_type: SaleType | None) -> tuple[bool, Decimal]:
        charge = self.request.service_charge
        if charge is not None:
            return bool(charge.enabled), charge.value or ZERO
        rate = sale_type.service_charge_rate if sale_type else None
        if venue.service_charge_default == "off" or not rate:
            return False, ZERO
        self._warn("service_charge_applied", "service_charge", f"The sale type's service charge of {rate} % applies")
        return True, rate

    def _acceptance(self, venue: Venue) -> tuple[bool, int | None]:
        """Whether the order is accepted at once, and by which terminal (contract 14.1.5, 14.1.9)."""
        wanted = self.request.auto_accept_terminal
        accepts = bool(self.request.auto_order_accept)
        if wanted and self.snapshot.has_terminal(wanted, venue.id):
            return accepts, wanted if accepts else None
        fallback = self.snapshot.default_terminal(venue)
        if wanted:
            self._warn("terminal_unavailable", "auto_accept_terminal", f"Terminal {wanted} is not available here")
            accepts = accepts and fallback is not None
        return accepts, fallback if accepts else None

    def _guest_phone(self) -> str | None:
        phone = personal_phone(self.request.customer.phone, self.brand.region)
        if phone is None:
            self._warn("phone_not_normalised", "customer.phone", "The phone number was kept as it was sent")
        return phone

    def _external(self) -> External:
        request = self.request
        return External(
            integration_id=self._external_id("integration_id", request.integration_id),
            integration_uuid=self._external_uuid(request.integration_uuid),
            customer_ref_id=self._external_id("customer_ref_id", request.customer_ref_id),
        )

    def _external_id(self, field: str, value: Any) -> str | None:
        if value is None or value == "":
            return None
        text = external_id_text(value) if field == "integration_id" or type(value) is str else None
        if text is None:
            self._warn("ignored_value", field, f"{field} is not a string and was ignored")
            return None
        if len(text) > limits.MAX_EXTERNAL_ID:
            message = f"{field} must have at most {limits.MAX_EXTERNAL_ID} characters"
            self._refuse(field, "too_long", message, text)
        elif flaw := text_flaw(text):
            self._refuse(field, "invalid_text", f"{field} {flaw}", text)
        return text

    def _external_uuid(self, value: Any) -> str | None:
        if value is None or value == "":
            return None
        try:
            return str(UUID(value if type(value) is str else ""))
        except ValueError:
            self._warn("ignored_value", "integration_uuid", "integration_uuid is not a UUID and was ignored")
            return None

    def _refuse(self, field: str, code: str, message: str, value: Any) -> None:
        field = v1_path(field) if self.fuller else field
        self.priceable = self.priceable and code not in _PRICELESS
        if not self._is_stand_in(field) and len(self.problems) < limits.MAX_DETAILS:
            self.problems.append(Problem(field, code, message, echo(value)))

    def _is_stand_in(self, field: str) -> bool:
        """Whether a field was refused already, or lies within or around one that was."""
        return field in self.refused or field in self.around or any(o in self.refused for o in _enclosing(field))

    def _warn(self, code: str, field: str, message: str) -> None:
        field = v1_path(field) if self.fuller else field
        self.warnings.append(OrderWarning(code, field, message))


def _as_sent(modifier: Modifier, *, known: bool = True) -> CheckedModifier:
    return CheckedModifier(
        modifier_id=modifier.modifier_id,
        name=modifier.modifier_name,
        count=modifier.count,
        price=modifier.price or ZERO,
        portion_size=modifier.portion_size or ONE,
        known=known,
    )


def _enclosing(field: str) -> Iterator[str]:
    """The paths around a path: ``products[0].count`` lies in ``products[0]`` and in ``products``."""
    for index, character in enumerate(field):
        if character in ".[":
            yield field[:index]


def _with_unknown(note: str | None, modifiers: tuple[CheckedModifier, ...]) -> str | None:
    """The line's note with the modifiers that only a reader can make sense of."""
    unknown = [f"{m.count} x {m.name or m.modifier_id}" for m in modifiers if not m.known]
    return "; ".join([note, *unknown] if note else unknown) if unknown else note
