"""Query strings in every notation of contract 4 and 13, held against what a resource allows (14.5)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from comanda.base import limits
from comanda.base.errors import ComandaError, Problem
from comanda.base.reading import echo, text_flaw

_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_CLOCK = re.compile(r"[T ][0-9]{2}:[0-9]{2}(?P<seconds>:[0-9]{2})?(?:[.,](?P<fraction>[0-9]+))?")
_INDEX = re.compile(r"\[([^\[\]]*)\]")


Day = date | datetime | None
"""A day of the venue, or an instant with its zone."""


@dataclass(slots=True)
class Query:
    """A parsed query: plain values by name, and the bracketed ones by their indexes."""

    plain: dict[str, str] = field(default_factory=dict)
    indexed: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)


def parse_query(raw: bytes) -> Query:
    """Split a query string. Raises ComandaError ``invalid_parameter`` for one that is too long or no UTF-8."""
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=limits.MAX_QUERY_PARAMETERS,
        )
    except ValueError as error:
        raise ComandaError("invalid_parameter", "The query string cannot be read") from error
    query = Query()
    for name, value in pairs:
        if flaw := text_flaw(value):
            refuse_parameter(name, flaw, value)
        head, bracket, _ = name.partition("[")
        if bracket:
            query.indexed.setdefault(head, []).append((tuple(_INDEX.findall(name)), value))
        else:
            query.plain[name] = value
    return query


def refuse_parameter(name: str, rule: str, value: Any, code: str = "invalid_parameter") -> NoReturn:
    """Raise the documented 400 of a query parameter; ``rule`` completes "<name> …", ``code`` is the detail's."""
    message = f"{echo(name)} {rule}"
    raise ComandaError("invalid_parameter", message, details=(Problem(echo(name), code, message, echo(value)),))


def page_and_limit(query: Query, max_limit: int) -> tuple[int, int]:
    """``page`` (1-based) and ``limit``."""
    page = bounded_number(query, "page", 1, 1, limits.MAX_PAGE)
    return page, bounded_number(query, "limit", limits.DEFAULT_PAGE_SIZE, 1, max_limit)


def sorting(query: Query, allowed: Sequence[str], default: str) -> tuple[str, bool]:
    """The field to sort by and whether descending: ``sort[0]``/``sort[1]`` or ``sort_by``/``sort_order``."""
    # Price lists write sort[0][0]=name&sort[0][1]=asc (contract 9.19), all others sort[0]=name&sort[1]=1.
    found = {path[-1]: value for path, value in query.indexed.get("sort", []) if path and path[:-1] in ((), ("0",))}
    name = found.get("0", query.plain.get("sort_by", default))
    if name not in allowed:
        refuse_parameter("sort[0]", f"must be one of {', '.join(allowed)}", name)
    direction = found.get("1", query.plain.get("sort_order", "-1")).lower()
    if direction not in ("1", "-1", "asc", "desc"):
        refuse_parameter("sort[1]", "must be 1 or -1", direction)
    return name, direction in ("-1", "desc")


def days(query: Query) -> tuple[Day, Day]:
    """The inclusive days, or instants, of ``date[0]``/``date[1]`` or ``date_from``/``date_to``.

    Libraries send date-times; one that names no zone is UTC. An end is as long as it is written: ``23:59:59`` means the
    whole second, ``23:59`` the whole minute.
    """
    positions = iter(("0", "1"))
    found: dict[str, str] = {}
    for path, value in query.indexed.get("date", []):
        found[path[-1] if path and path[-1] else next(positions, "1")] = value
    first = _day("date[0]", found.get("0", query.plain.get("date_from")))
    end = found.get("1", query.plain.get("date_to"))
    last = _day("date[1]", end)
    return first, last + _rest(end or "") if isinstance(last, datetime) else last


def filters(query: Query, allowed: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Filters as IN lists: ``filters[N][0]`` names the field, ``filters[N][1]`` or ``…[1][M]`` the values."""
    if not allowed and ("filters" in query.plain or "filters" in query.indexed):
        refuse_parameter("filters", "are for other lists: this one takes no filters", None)
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for path, value in query.indexed.get("filters", []):
        if len(path) >= 2 and path[1] == "0":
            names[path[0]] = value
        elif len(path) >= 2 and path[1] == "1":
            values.setdefault(path[0], []).append(value)
        else:
            refuse_parameter(
                "filters", f"are written filters[0][0]=FIELD&filters[0][1]=VALUE; {_fields(allowed)}", value
            )
    if "filters" in query.plain:
        refuse_parameter("filters", f"are written filters[0][0]=FIELD&filters[0][1]=VALUE; {_fields(allowed)}", None)
    found: list[tuple[str, list[str]]] = []
    for outer, name in names.items():
        if name not in allowed:
            refuse_parameter(f"filters[{outer}][0]", f"must be one of {', '.join(allowed)}", name)
        if outer not in values:
            refuse_parameter(f"filters[{outer}][1]", "is required", None)
        found.append((name, values[outer]))
    for outer in values.keys() - names.keys():
        refuse_parameter(f"filters[{outer}][0]", f"must be one of {', '.join(allowed)}", None)
    return found


def flag(query: Query, name: str) -> bool | None:
    """A ``true`` or ``false`` of a query parameter, also written 1 and 0; None when it is not there."""
    text = query.plain.get(name)
    if text is None or text == "":
        return None
    if text.lower() not in _FLAGS:
        refuse_parameter(name, "must be true or false", text)
    return _FLAGS[text.lower()]


def _fields(allowed: Sequence[str]) -> str:
    return f"fields are {', '.join(allowed)}"


def relations(query: Query, allowed: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """What ``with`` asks for, with the columns wanted of each; bare columns after a relation join its list."""
    texts = [value for _, value in query.indexed.get("with", [])]
    if "with" in query.plain:
        texts.insert(0, query.plain["with"])
    found: dict[str, list[str]] = {}
    current: str | None = None
    for token in (part.strip() for text in texts for part in text.split(",")):
        if not token:
            continue
        name, colon, column = token.partition(":")
        if name in allowed:
            current = name
            found.setdefault(name, [])
            columns = [column] if colon else []
        elif current is not None and not colon:
            columns = [token]
        else:
            refuse_parameter("with", f"must be one of {', '.join(allowed)}" if allowed else "takes nothing here", token)
        for wanted in columns:
            if wanted not in allowed[current]:
                refuse_parameter("with", f"{current} has the columns {', '.join(allowed[current])}", wanted)
            found[current].append(wanted)
    return {name: tuple(columns) or tuple(allowed[name]) for name, columns in found.items()}


def whole_number(name: str, text: str) -> int:
    """An integer of a query parameter, within the range of ids."""
    if not re.fullmatch(r"[0-9]{1,16}", text) or int(text) > limits.MAX_ID:
        refuse_parameter(name, f"must be an integer from 0 to {limits.MAX_ID}", text)
    return int(text)


def bounded_number(query: Query, name: str, default: int, low: int, high: int) -> int:
    """A whole number of a query parameter between two bounds, or its default."""
    text = query.plain.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        refuse_parameter(name, f"must be between {low} and {high}", text)
    return int(text)


def names(query: Query, name: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """A list with commas, each of it one of the allowed names; empty when it is not there."""
    texts = (query.plain.get(name, ""), *(value for _, value in query.indexed.get(name, [])))
    found = tuple(part.strip() for text in texts for part in text.split(",") if part.strip())
    for part in found:
        if part not in allowed:
            refuse_parameter(name, f"must be of {', '.join(allowed)}", part)
    return found


def _day(name: str, text: str | None) -> Day:
    if not text:
        return None
    found: Day = None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            found = date.fromisoformat(text)
        elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:.{2,40}", text):
            # A plus sign that was not encoded arrives as a space.
            moment = datetime.fromisoformat(text[:10] + "T" + text[11:].replace(" ", "+"))
            found = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        found = None
    if found is not None and found.year <= 1970:
        # Nothing here is as old.
        found = datetime(1970, 1, 2, tzinfo=UTC) if isinstance(found, datetime) else date(1970, 1, 2)
    if found is None or found.year > 9000:
        refuse_parameter(name, "must be a day such as 2026-01-19, or a time such as 2026-01-19T14:51:33", text)
    return found


def _rest(text: str) -> timedelta:
    """From the first microsecond to the last of what the text of an instant names: a minute, a second or less."""
    written = _CLOCK.search(text)
    if written is None or not written["seconds"]:
        return timedelta(seconds=60, microseconds=-1)
    return timedelta(microseconds=10 ** max(0, 6 - len(written["fraction"] or "")) - 1)
