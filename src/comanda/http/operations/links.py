"""Where an answer leads: OpenAPI links from lists and creates to the operations on what they name.

A reader of the document follows them, and so does the test that walks the API by them.
"""

from collections.abc import Iterator
from typing import Any, Final

_CREATED: Final = "$response.body#/data/id"
_LISTED: Final = "$response.body#/data/0/id"
_ALSO: Final = {
    "/open-api/v2/orders": ("/open-api/v2/receipts", "/hub/v1/orders"),
    "/open-api/v2/receipts": ("/hub/v1/receipts",),
}
"""Collections whose members have the same ids: an order, its receipt, what the house does with them."""


def add_links(paths: dict[str, Any]) -> None:
    """Give the answers of every collection links to the operations on its members."""
    for path, item in paths.items():
        for method, status, place in (("get", "200", _LISTED), ("post", "201", _CREATED), ("post", "200", _CREATED)):
            response = item.get(method, {}).get("responses", {}).get(status)
            links = dict(_links(paths, path, place)) if response and "{" not in path else {}
            if links:
                response["links"] = links


def _links(paths: dict[str, Any], collection: str, place: str) -> Iterator[tuple[str, Any]]:
    for parent in (collection, *_ALSO.get(collection, ())):
        for path, item in paths.items():
            if not path.startswith(f"{parent}/{{id}}") or path.count("{") != 1:
                continue
            for operation in item.values():
                yield operation["operationId"], _link(operation, place)


def _link(operation: dict[str, Any], place: str) -> dict[str, Any]:
    """The id from the answer, and its version where a change has to name one."""
    needs = {parameter["name"] for parameter in operation["parameters"] if parameter["required"]}
    parameters = {"path.id": place}
    if "If-Match" in needs:
        parameters["header.If-Match"] = "$response.header.ETag" if place == _CREATED else "*"
    return {"operationId": operation["operationId"], "parameters": parameters}
