"""One row of a source, taken field by field; what cannot be taken as it is becomes a remark.

Only fields that the source tells are collected: what it does not tell stays as it is here.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from comanda.base import limits
from comanda.base.numbers import Number, NumberError
from comanda.mirror.source import Remarks
from comanda.mirror.values import decimal_of, flag_of, id_of, instant_text, mapping_of, rounded, text_of, whole_of

_EVERYWHERE: Final = frozenset(
    ("id", "name", "created_at", "updated_at", "deleted_at", "pivot", "_lft", "_rgt", "depth", "slug", "name_slug")
)
"""Keys that every row may have and that are taken, or follow from what is taken."""
_NOTHING: Final[tuple[Any, ...]] = (None, "", 0, [], {})
_SHOWN_KEY: Final = 60


@dataclass(slots=True)
class Row:
    """A row with an id of ours; ``told`` are the fields taken so far, in our spelling."""

    kind: str
    id: int
    source: Mapping[str, Any]
    remarks: Remarks
    told: dict[str, Any] = field(default_factory=dict)

    def remark(self, text: str) -> None:
        """Say something of this row."""
        self.remarks.note(self.kind, text, self.id)

    def name(self, called: str) -> None:
        """Take the name; a row without one is called by its id."""
        if not self._name("name"):
            self.told["name"] = f"{called} {self.id}"
            self.remark("has no name, and is called by its id")

    def _name(self, key: str) -> bool:
        text = text_of(self.source.get(key))
        if not text:
            return False
        self.told["name"] = self._cut(key, text, limits.MAX_TEXT)
        return True

    def times(self) -> None:
        """Take when it was made and changed."""
        for key in ("created_at", "updated_at"):
            value = self.source.get(key)
            if value is None:
                continue
            instant = instant_text(value)
            if instant is None:
                self.remark(f"{key} is no time that can be kept")
            else:
                self.told[key] = instant

    def standing(self, key: str = "status") -> None:
        """Take whether it is active; what was deleted is not."""
        self.flag("active", key)
        if self.source.get("deleted_at") not in (None, ""):
            self.told["active"] = False

    def flag(self, name: str, key: str | None = None) -> None:
        """Take something that holds or does not."""
        value = self._value(name, key)
        if value is None:
            return
        found = flag_of(value)
        if found is None:
            self._skip(key or name)
        else:
            self.told[name] = found

    def text(self, name: str, key: str | None = None, *, most: int = limits.MAX_TEXT, pattern: str = "") -> None:
        """Take a text that may be null; one that is too long is cut, one of another form is skipped."""
        key = key or name
        if key not in self.source:
            return
        value = self.source[key]
        found = None if value is None else text_of(value)
        if (found is None and value not in (None, [], {})) or (found and pattern and not re.fullmatch(pattern, found)):
            self._skip(key)
        elif pattern:
            self.told[name] = found or None
        else:
            self.told[name] = None if found is None else self._cut(key, found, most)

    def whole(self, name: str, key: str | None = None, *, high: int = limits.MAX_ID, null: bool = False) -> None:
        """Take a whole number, 0 to ``high``; with ``null`` also null."""
        key = key or name
        value = self._value(name, key)
        if value is None:
            if null and key in self.source:
                self.told[name] = None
            return
        found = whole_of(value)
        if found is None or not 0 <= found <= high:
            self._skip(key)
        else:
            self.told[name] = found

    def number(self, name: str, kind: type[Number], key: str | None = None, *, null: bool = False) -> bool:
        """Take an exact number of a kind; with ``null`` also null. Whether it was taken."""
        key = key or name
        value = self._value(name, key)
        if value is None:
            if null and key in self.source:
                self.told[name] = None
            return False
        found = number_of(value, kind)
        if found is None:
            self._skip(key)
            return False
        if found != decimal_of(value):
            self.remark(f"{key} is rounded: it has more digits than are kept")
        self.told[name] = found
        return True

    def choice(self, name: str, allowed: Sequence[Any], key: str | None = None, *, null: bool = False) -> None:
        """Take one of a few values, written as a number or a text."""
        key = key or name
        value = self._value(name, key)
        if value is None:
            if null and key in self.source:
                self.told[name] = None
            return
        found = next((option for option in allowed if str(option) == text_of(value)), None)
        if found is None:
            self._skip(key)
        else:
            self.told[name] = found

    def reference(self, name: str, known: Container[int], what: str, key: str | None = None) -> None:
        """Take the id of another row, if that is there; null otherwise."""
        key = key or name
        if key not in self.source:
            return
        self.told[name] = None
        if self.source[key] in (None, 0, "", "0", [], {}):
            return
        found = id_of(self.source[key])
        if found is None or found not in known:
            self.remark(f"{key} names a {what} that the source does not have; left out")
        else:
            self.told[name] = found

    def without_nulls(self, *names: str) -> None:
        """Leave out fields that must have a text and have none."""
        for name in names:
            if not self.told.get(name, "-"):
                del self.told[name]

    def passing(self, *keys: str) -> None:
        """Say which keys with a value have no place here; ``keys`` are those that have one or follow from others."""
        for key, value in self.source.items():
            if key not in _EVERYWHERE and key not in keys and not _says_nothing(value):
                self.remarks.note(self.kind, f"{_shown(key)} has no place here", self.id)

    def _value(self, name: str, key: str | None) -> Any:
        return self.source.get(key or name)

    def _skip(self, key: str) -> None:
        self.remark(f"{key} cannot be taken; skipped")

    def _cut(self, key: str, text: str, most: int) -> str:
        if len(text) > most:
            self.remark(f"{key} is cut to {most} characters")
        return text[:most]


def number_of(value: Any, kind: type[Number]) -> Any:
    """An exact number of a kind, rounded to what the kind keeps; None for what is none or out of bounds."""
    number = decimal_of(value)
    if number is None:
        return None
    try:
        return kind.read(rounded(number, kind))
    except NumberError:
        return None


def row_of(kind: str, value: Any, remarks: Remarks) -> Row | None:
    """The row of a value; None, with a remark, for what has no id that can be kept."""
    source = mapping_of(value)
    number = id_of(source.get("id"))
    if number is None:
        remarks.note(kind, "a row without an id that can be kept is skipped")
        return None
    return Row(kind, number, source, remarks)


def _says_nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return all(item is False or item in _NOTHING for item in value.values())
    if isinstance(value, str):
        return not value or decimal_of(value) == 0
    return value is False or value in _NOTHING


def _shown(key: str) -> str:
    return key[:_SHOWN_KEY].encode(errors="replace").decode()
