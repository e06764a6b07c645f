"""The shapes of receipts in v2's answers, for the OpenAPI document; `comanda.orders.receipt_view` makes them."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from comanda.http.open_api.answers import Envelope, Second
from comanda.http.open_api.catalogue_answers import UnitItem

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
OrderStatusName = Literal["NEW", "SCHEDULED", "IN_PROGRESS", "READY", "PICKED_UP", "COMPLETED", "CANCELLED"]


class PaymentLine(Struct, frozen=True):
    """What was paid by one method."""

    id: int
    name: str
    amount: float


class ReceiptModifier(Struct, frozen=True):
    """A modifier of a receipt's line."""

    id: int
    name: str
    count: int
    price: float
    portion_size: float


class LineProduct(Struct, frozen=True):
    """The product of a receipt's line as it was sold."""

    name: str
    type: Literal["GOODS", "DISH", "TIMER", "PREPARATION", "INGREDIENT", "MODIFICATION"]
    price: float
    barcode: str | None


class ReceiptLineMeta(Struct, frozen=True):
    """What is kept beside a receipt's line."""

    product: LineProduct


class ProductStation(Struct, frozen=True):
    """The station that makes a product."""

    id: int
    name: str


class ReceiptProduct(Struct, frozen=True):
    """A line's product as the relation shows it.

    Its unit is null once it is gone from the catalogue, its station where nobody makes it.
    """

    id: int
    name: str
    unit: UnitItem | None
    station: ProductStation | None


class ReceiptLine(Struct, frozen=True, kw_only=True):
    """A line of a receipt; ``receipt_discount`` is its share of the receipt's discount."""

    id: int
    cid: str
    receipt_id: int
    product_id: int
    count: float
    portion_size: float
    total: float
    price: float
    subtotal: float
    is_gift: bool
    discount_type: int
    discount_value: float
    discount_rate: float
    total_discount: float
    receipt_discount: float
    loyalty_type: str | None
    loyalty_value: float | None
    product_hash: str
    meta: ReceiptLineMeta
    modificators: list[ReceiptModifier]
    created_at: Second
    updated_at: Second
    product: ReceiptProduct | UnsetType = UNSET


class ReceiptObject(Struct, frozen=True, kw_only=True):
    """A receipt; ``service_charge`` is in percent, ``service_charge_value`` the amount. Status 1 is open, 2 closed."""

    id: int
    venue_id: int
    cid: str
    customer_id: int | None
    sale_type_id: int
    source: Literal["web"]
    guests: int
    status: Literal[1, 2]
    order_status: OrderStatusName
    order_number: str
    lock: bool
    total: float
    subtotal: float
    discount_type: int
    discount_value: float
    discount_rate: float
    total_discount: float
    service_charge: float
    service_charge_value: float
    delivery_fee: float
    remaining: float
    i_tax: float
    e_tax: float
    total_tax: float
    payment_methods: list[PaymentLine]
    fiscal_id: str | None
    loyalty_type: str | None
    loyalty_value: float | None
    address: str | None
    description: str | None
    created_at: Second
    updated_at: Second
    closed_at: Second | None
    shift_date: Day
    service_notification_id: int
    terminal_id: int | None
    refund_due: bool
    deleted_at: str | None
    receipt_products: list[ReceiptLine] | UnsetType = UNSET


class ReceiptRead(Envelope, frozen=True, kw_only=True):
    """One receipt."""

    data: ReceiptObject


class ReceiptChanged(Envelope, frozen=True, kw_only=True):
    """A receipt after a change."""

    message: str
    data: ReceiptObject


class ReceiptPage(Envelope, frozen=True, kw_only=True):
    """A page of receipts; ``total`` counts all pages."""

    data: list[ReceiptObject]
    total: int
    sorts: list[str]
    next_cursor: str | None


class ClosedReceipt(ReceiptObject, frozen=True, kw_only=True):
    """A receipt that takes no more payments."""

    closed_at: Second


class ReceiptClosed(Envelope, frozen=True, kw_only=True):
    """The answer to a close: the three documented keys, and all else that reads show."""

    message: str
    data: ClosedReceipt


class StockProduct(Struct, frozen=True):
    """The product that a stock operation moved."""

    id: int
    name: str


class StockStorage(Struct, frozen=True):
    """Where stock lies."""

    id: int
    name: str


class StockPlace(Struct, frozen=True):
    """Stock of a product in a storage."""

    id: int
    storage: StockStorage


class StockOperation(Struct, frozen=True, kw_only=True):
    """What a line of a receipt took from stock, as documented; Comanda keeps no stock and answers none."""

    id: int
    receipt_id: int
    receipt_product_id: int
    product_id: int
    stock_id: int
    storage_id: int
    quantity: float
    before_quantity: float
    after_quantity: float
    cost: float
    before_cost: float
    total_cost: float
    operated_at: Second
    product: StockProduct
    stock: StockPlace


class StockOperationPage(Envelope, frozen=True, kw_only=True):
    """A receipt's stock operations: always none."""

    data: list[StockOperation]
    total: int
    sorts: list[str]
    next_cursor: str | None
