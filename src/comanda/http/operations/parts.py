"""The parts operations are described with: parameters, bodies, answers."""

from collections.abc import Callable
from typing import Any

from comanda.base import limits
from comanda.demo import example
from comanda.http.open_api.lists import ListRules

Operation = dict[str, Any]
Operations = dict[tuple[str, str], Callable[[], Operation]]
"""How the operation of a method on a path is described."""

ID: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": limits.MAX_ID}
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": limits.MAX_ID}


def operation(name: str, summary: str, tag: str, responses: dict[str, Any], **more: Any) -> Operation:
    """An operation; ``more`` are ``parameters`` and ``requestBody``."""
    return {"operationId": name, "summary": summary, "tags": [tag], **more, "responses": responses}


def parameter(place: str, name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    """A parameter that may be left out."""
    return {"in": place, "name": name, "schema": schema, "description": description, "required": False}


def comma_list(name: str, items: dict[str, Any], most: int, description: str) -> dict[str, Any]:
    """A query parameter that is a list with commas."""
    schema = {"type": "array", "items": items, "maxItems": most}
    return {**parameter("query", name, schema, description), "style": "form", "explode": False}


def path_part(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    """A part of the path."""
    return {**parameter("path", name, schema, description), "required": True}


def body(name: str, examples: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """A JSON body of a named schema, with examples."""
    shown = {title: {"value": value} for title, value in examples.items()}
    content = {"schema": reference(name), "examples": shown}
    return {"required": required, "content": {"application/json": content}}


def reply(description: str, name: str, shown: str | None = None) -> dict[str, Any]:
    """A JSON answer of a named schema; ``shown`` is the name of a documented example of it."""
    content: dict[str, Any] = {"schema": reference(name)}
    if shown is not None:
        content["example"] = example(shown)
    return {"description": description, "content": {"application/json": content}}


def reference(name: str) -> dict[str, Any]:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def paging(rules: ListRules) -> list[dict[str, Any]]:
    """The parameters that a v2 list takes."""
    page = {"type": "integer", "minimum": 1, "maximum": limits.MAX_PAGE, "default": 1}
    default = min(limits.DEFAULT_PAGE_SIZE, rules.most)
    limit = {"type": "integer", "minimum": 1, "maximum": rules.most, "default": default}
    day = {"type": "string", "format": "date"}
    days = [
        parameter("query", "date[0]", day, "First day, in the venue's zone"),
        parameter("query", "date[1]", day, "Last day"),
    ]
    filters = [
        parameter("query", "filters[0][0]", {"enum": list(rules.filters)}, "Field of a filter; needs its value"),
        parameter("query", "filters[0][1]", {"type": "string"}, "Value of the filter"),
    ]
    return [
        parameter("query", "page", page, "1-based"),
        parameter("query", "limit", limit, "Page size"),
        parameter("query", "cursor", {"type": "string"}, "next_cursor of the page before, with the same filters"),
        parameter("query", "sort[0]", {"enum": list(rules.sorts)}, "Field"),
        parameter("query", "sort[1]", {"enum": ["1", "-1"]}, "1 ascending, -1 descending"),
        *(days if rules.dated else []),
        *(filters if rules.filters else []),
        *with_parameters(rules),
    ]


def with_parameters(rules: ListRules) -> list[dict[str, Any]]:
    """The parameters that ask for relations."""
    wanted = {"enum": list(rules.relations)}
    amount = min(2, len(rules.relations))
    return [parameter("query", f"with[{index}]", wanted, "Relation") for index in range(amount)]
