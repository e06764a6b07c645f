"""What docs/wire.md says, read: tables, enumerations, queries, refusals, examples, and JSON schemas made of the tables."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(
    r"^(Body|Answer|Item) of `(\w+) ([^`]+)`(?:, (\d+))?:\n\n```json\n(.*?)\n```$", re.DOTALL | re.MULTILINE
)
_PLAIN: dict[str, dict[str, Any]] = {
    **{name: {"type": name} for name in ("integer", "number", "string", "boolean", "object", "array")},
    "flag": {"enum": [0, 1]},
    "map": {"type": "object", "propertyNames": {"pattern": "^[0-9]+$"}, "additionalProperties": {"enum": [0, 1]}},
    "uuid": {"type": "string", "format": "uuid"},
    "instant": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
    "second": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"},
    "day": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
}


@dataclass(frozen=True)
class Field:
    """A published field; ``example`` is JSON text, empty where none is published."""

    name: str
    type: str
    nullable: bool
    optional: bool
    example: str


@dataclass(frozen=True)
class Example:
    """A published body, answer, or item of a list's answer."""

    title: str
    part: str
    method: str
    path: str
    status: int
    value: Any


def section(title: str, level: int = 2) -> str:
    """What stands under a heading, its own subheadings too."""
    found = re.search(
        rf"^{'#' * level} {re.escape(title)}\n(.*?)(?=^#{{1,{level}}} |\Z)", PAGE, re.DOTALL | re.MULTILINE
    )
    assert found is not None, title
    return found[1]


def subsections(title: str) -> Iterator[tuple[str, str]]:
    """The subheadings of a section with what stands under each."""
    parts = re.split(r"^### (.+)\n", section(title), flags=re.MULTILINE)
    yield from zip(parts[1::2], parts[2::2], strict=True)


def rows(text: str) -> list[list[str]]:
    """The rows of the one table in a text, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines, text[:200]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def ticked(cell: str) -> list[str]:
    """What a cell has between backticks."""
    return re.findall(r"`([^`]*)`", cell)


def _objects(title: str) -> dict[str, tuple[Field, ...]]:
    return {name.lower(): tuple(_field(row) for row in rows(text)) for name, text in subsections(title)}


def _field(row: list[str]) -> Field:
    name, type_, may_be, example = row
    known = {word.strip() for word in may_be.split(",") if word.strip()}
    assert known <= {"null", "absent"}, row
    (field,) = ticked(name)
    return Field(field, type_, "null" in known, "absent" in known, "".join(ticked(example)))


def _examples() -> Iterator[Example]:
    for title, text in subsections("Examples"):
        found = _EXAMPLE.findall(text)
        assert len(found) == text.count("```json"), title
        for part, method, path, status, body in found:
            yield Example(title, part, method, path, int(status or 0), json.loads(body))


def _value(text: str) -> Any:
    return int(text) if text.isdigit() else text


ENUMERATIONS = {name: [_value(text) for text in ticked(values)] for name, values in rows(section("Enumerations"))}
BODIES = _objects("Bodies")
OBJECTS = _objects("Objects")
EXAMPLES = tuple(_examples())
QUERIES = [(*ticked(path), name, ticked(values)) for path, name, values in rows(section("Queries"))]
REFUSALS = [
    (*ticked(call), sends, int(status), *(next(iter(ticked(cell)), None) for cell in (error, message)))
    for call, sends, status, error, message in rows(section("Refusals"))
]
SCHEMAS = {
    name: (ticked(schemas), {*ticked(seen), *ticked(own)})
    for name, schemas, seen, own in rows(section("Comanda beside it"))
}
DEVIATIONS = {(what, *ticked(where)) for what, where, why in rows(section("Where Comanda deviates")) if why}


def schema_of(type_: str, *, nullable: bool = False) -> dict[str, Any]:
    """A published type as a JSON schema."""
    if nullable:
        return {"anyOf": [schema_of(type_), {"type": "null"}]}
    if type_.startswith("list of "):
        return {"type": "array", "items": schema_of(type_.removeprefix("list of "))}
    if type_ in ENUMERATIONS:
        return {"enum": ENUMERATIONS[type_]}
    if type_ in _PLAIN:
        return _PLAIN[type_]
    assert type_ in OBJECTS or type_ in BODIES, type_
    return {"$ref": f"#/components/schemas/{type_.replace(' ', '-')}"}


def _object_schema(name: str, fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: schema_of(field.type, nullable=_may_be_null(name, field)) for field in fields},
        "required": [field.name for field in fields if not field.optional],
    }


def _may_be_null(name: str, field: Field) -> bool:
    """As published, or as a deviation that the page states."""
    return field.nullable or ("null", f"{name}.{field.name}") in DEVIATIONS


COMPONENTS = {
    "schemas": {name.replace(" ", "-"): _object_schema(name, fields) for name, fields in {**BODIES, **OBJECTS}.items()}
}
"""Every published object as a schema; further keys pass, since Comanda adds some."""
