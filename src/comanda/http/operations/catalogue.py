"""The catalogue of v2: products, stop list, categories, stations, sale types, payment methods, price lists, venues."""

from typing import Any, Final

from comanda.base import limits
from comanda.http.open_api import catalogue, categories, products
from comanda.http.open_api.lists import ListRules
from comanda.http.operations.parts import (
    ID,
    NUMBER,
    Operation,
    Operations,
    comma_list,
    operation,
    paging,
    parameter,
    path_part,
    reply,
    with_parameters,
)

_TAG: Final = "Catalogue"
_FLAG: Final = {"enum": ["true", "false", "1", "0"]}
_STATUS: Final = {"enum": ["1", "0"]}


def _products() -> Operation:
    names = {"enum": list(products.COLUMNS)}
    return operation(
        "listProducts",
        "List the brand's products",
        _TAG,
        {"200": reply("A page of products", "ProductPage", "list-products.response")},
        parameters=[
            *paging(products.RULES),
            comma_list("selects", names, len(products.COLUMNS), "Only these fields, and id, type and name"),
        ],
    )


def _product() -> Operation:
    text = {"type": "string", "pattern": "^([0-9]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"}
    return operation(
        "getProduct",
        "Read one product",
        _TAG,
        {"200": reply("The product", "ProductRead")},
        parameters=[path_part("id", text, "The product's id"), *with_parameters(products.ONE_RULES)],
    )


def _stop_list() -> Operation:
    sorts = {"enum": list(products.STOP_LIST_SORTS)}
    limit = {"type": "integer", "minimum": 1, "maximum": limits.MAX_PAGE_SIZE}
    page = {"type": "integer", "minimum": 1, "maximum": limits.MAX_PAGE}
    return operation(
        "listProductStopList",
        "What the active venue has left of its limited products",
        _TAG,
        {"200": reply("Every row, unless a page of them is asked for", "StopListPage", "stop-list.response")},
        parameters=[
            parameter("query", "page", page, "1-based; without page, limit and cursor all rows"),
            parameter("query", "limit", limit, "Page size, 50 by default"),
            parameter("query", "cursor", {"type": "string"}, "next_cursor of the page before, with the sort id"),
            parameter("query", "sort[0]", sorts, "Field"),
            parameter("query", "sort[1]", {"enum": ["1", "-1"]}, "1 ascending, -1 descending"),
            parameter("query", "filters[0][0]", sorts, "Field of a filter; needs its values"),
            parameter("query", "filters[0][1][0]", {"type": "string"}, "One of the ids, or from"),
            parameter("query", "filters[0][1][1]", {"type": "string"}, "One of the ids, or to"),
        ],
    )


def _categories() -> Operation:
    parameters = [
        *paging(categories.RULES),
        parameter("query", "parent_id", NUMBER, "Only the children of this category"),
        parameter("query", "type", {"enum": ["PRODUCT", "INGREDIENT", "ACCOUNTING"]}, "Only this type"),
        parameter("query", "include_children", _FLAG, "The categories at the top, with all below them"),
        parameter("query", "include_inactive", _FLAG, "Also those that are not active, with all below them"),
    ]
    return _list("listCategories", "List the brand's categories", "CategoryPage", parameters)


def _category() -> Operation:
    children = parameter("query", "include_children", _FLAG, "With all below it")
    inactive = parameter("query", "include_inactive", _FLAG, "Also those below it that are not active")
    return operation(
        "getCategory",
        "Read one category",
        _TAG,
        {"200": reply("The category", "CategoryRead")},
        parameters=[path_part("id", ID, "The category's id"), children, inactive],
    )


def _stations() -> Operation:
    parameters = [
        *paging(catalogue.STATIONS),
        parameter("query", "status", _STATUS, "1 active, 0 not"),
        parameter("query", "can_print", _FLAG, "Whether its tickets are printed"),
    ]
    return _list("listStations", "List the brand's stations", "StationPage", parameters)


def _station() -> Operation:
    return operation(
        "getStation",
        "Read one station",
        _TAG,
        {"200": reply("The station", "StationRead")},
        parameters=[path_part("id", ID, "The station's id")],
    )


def _price_lists() -> Operation:
    names = {"enum": [*catalogue.PRICE_LIST_COLUMNS, "prices"]}
    selects = comma_list("selects", names, len(names["enum"]), "Only these fields, and id and name")
    return _list("listPriceLists", "List the price lists", "PriceListPage", [*paging(catalogue.PRICE_LISTS), selects])


def _plain_list(name: str, summary: str, answer: str, rules: ListRules) -> Operation:
    return _list(name, summary, answer, paging(rules))


def _list(name: str, summary: str, answer: str, parameters: list[dict[str, Any]]) -> Operation:
    return operation(name, summary, _TAG, {"200": reply("A page", answer)}, parameters=parameters)


OPERATIONS: Final[Operations] = {
    ("GET", "/open-api/v2/products"): _products,
    ("GET", "/open-api/v2/products/{id}"): _product,
    ("GET", "/open-api/v2/products/stop-list"): _stop_list,
    ("GET", "/open-api/v2/categories"): _categories,
    ("GET", "/open-api/v2/categories/{id}"): _category,
    ("GET", "/open-api/v2/stations"): _stations,
    ("GET", "/open-api/v2/stations/{id}"): _station,
    ("GET", "/open-api/v2/sale-types"): lambda: _plain_list(
        "listSaleTypes", "List the sale types", "SaleTypePage", catalogue.SALE_TYPES
    ),
    ("GET", "/open-api/v2/payment-methods"): lambda: _plain_list(
        "listPaymentMethods", "List the payment methods", "PaymentMethodPage", catalogue.PAYMENT_METHODS
    ),
    ("GET", "/open-api/v2/price-lists"): _price_lists,
    ("GET", "/open-api/v2/price-lists/prices"): lambda: _plain_list(
        "listPrices", "List the prices of all price lists", "PricePage", catalogue.PRICES
    ),
    ("GET", "/open-api/v2/venues"): lambda: _plain_list(
        "listVenues", "List the venues within the client's limits", "VenuePage", catalogue.VENUES
    ),
}
