"""Customers, customer groups, users and waiter calls of v2."""

from typing import Any, Final

from comanda.http.open_api import customer_groups, customers, users
from comanda.http.operations.parts import (
    ID,
    Operation,
    Operations,
    body,
    operation,
    paging,
    path_part,
    reply,
    with_parameters,
)

_CUSTOMERS: Final = "Customers"
_USERS: Final = "Users"
_TABLES: Final = "Tables"


def _list_customers() -> Operation:
    return operation(
        "listCustomers",
        "List the brand's customers; `name` finds a part of it, `phones` a part of any number however it is spelled",
        _CUSTOMERS,
        {"200": reply("A page of customers", "CustomerPage")},
        parameters=paging(customers.RULES),
    )


def _create_customer() -> Operation:
    examples = {
        "whole": {
            "name": "Test Customer",
            "email": "test@example.com",
            "phone": "+10000000000",
            "code": "C-17",
            "cid": "0fd784b1-ee5a-4745-a130-a849b4e5db2f",
            "description": "Rings twice",
            "gender": 2,
            "date_of_birth": "1990-01-19",
        },
        "minimal": {"name": "Test Customer"},
    }
    return operation(
        "createCustomer",
        "Create a customer; phone, code and cid are no other's",
        _CUSTOMERS,
        {
            "200": reply("The customer", "CustomerRead"),
            "409": reply("Another customer has this phone, code or cid; `customer_id` names them", "Error"),
        },
        requestBody=body("CustomerRequest", examples),
    )


def _read_customer() -> Operation:
    return operation(
        "getCustomer",
        "Read one customer",
        _CUSTOMERS,
        {"200": reply("The customer", "CustomerRead")},
        parameters=[_id("The customer's id"), *with_parameters(customers.RULES)],
    )


def _list_groups() -> Operation:
    return operation(
        "listCustomerGroups",
        "List the brand's customer groups",
        _CUSTOMERS,
        {"200": reply("A page of customer groups", "CustomerGroupPage")},
        parameters=paging(customer_groups.RULES),
    )


def _list_users() -> Operation:
    return operation(
        "listUsers",
        "List the people who work for the brand",
        _USERS,
        {"200": reply("A page of users", "UserPage")},
        parameters=paging(users.RULES),
    )


def _read_user() -> Operation:
    return operation(
        "getUser",
        "Read one user",
        _USERS,
        {"200": reply("The user", "UserRead")},
        parameters=[_id("The user's id")],
    )


def _call_waiter() -> Operation:
    examples = {
        "waiter": {"table_id": 1, "type": "WAITER"},
        "pay": {"table_id": 1, "type": "PAY", "payment_method": 1},
    }
    return operation(
        "callWaiter",
        "Call a table's waiter, or for the bill; the venue's screens are told by the event waiter.called",
        _TABLES,
        {"200": reply("The call was told", "WaiterCalled")},
        requestBody=body("WaiterCall", examples),
    )


def _id(description: str) -> dict[str, Any]:
    return path_part("id", ID, description)


OPERATIONS: Final[Operations] = {
    ("GET", "/open-api/v2/customers"): _list_customers,
    ("POST", "/open-api/v2/customers"): _create_customer,
    ("GET", "/open-api/v2/customers/{id}"): _read_customer,
    ("GET", "/open-api/v2/customer-groups"): _list_groups,
    ("GET", "/open-api/v2/users"): _list_users,
    ("GET", "/open-api/v2/users/{id}"): _read_user,
    ("POST", "/open-api/v2/waiter-call"): _call_waiter,
}
