"""The lines inside stored orders as rows. Where the two stores say it differently stands here and nowhere else.

Numbers inside a payload are JSON numbers in major units and with decimals; here they become whole numbers, exactly.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Numeric, bindparam, cast, func, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnClause, FunctionElement, TableValuedAlias

from comanda.store.tables import orders

MILLI: Final = 1_000
_TEN_THOUSANDTHS: Final = 10_000
_SCALE: Final = bindparam("scale", type_=BigInteger)
"""Minor units in a major one; a currency has at most four decimals, so it divides 10,000,000."""


def lines_of_orders() -> TableValuedAlias:
    """Every line of every order that a statement selects, as ``value``."""
    return _Elements(orders.c.payload, _literal("products")).table_valued("value", name="lines")


def modifiers_of(lines: TableValuedAlias) -> TableValuedAlias:
    """Every modifier of every line, as ``value``."""
    return _Elements(lines.c.value, _literal("product_modificators")).table_valued("value", name="chosen")


def text_in(value: ColumnElement[Any], path: str) -> ColumnElement[Any]:
    """What stands at a path such as ``totals.total`` of a JSON object."""
    return _Part(value, _literal(path))


def id_in(value: ColumnElement[Any], path: str) -> ColumnElement[int]:
    """An id inside a JSON object."""
    return cast(text_in(value, path), BigInteger)


def whole_in(value: ColumnElement[Any], path: str, times: "int | ColumnElement[int]") -> ColumnElement[int]:
    """A number inside a JSON object, ``times`` as much, as the whole number that this is."""
    return cast(func.round(cast(text_in(value, path), Numeric) * times), BigInteger)


def minor_in(value: ColumnElement[Any], path: str) -> ColumnElement[int]:
    """An amount of major units inside a JSON object, in minor units; it has no more decimals than the currency."""
    return whole_in(value, path, _SCALE)


def modifier_minor(line: ColumnElement[Any], chosen: ColumnElement[Any]) -> ColumnElement[int]:
    """What a modifier adds to its line: price by its count by the line's, rounded half-up to minor units.

    In whole numbers all the way; an order's total is bounded, and with it every product here stays within 64 bits.
    """
    exact = whole_in(chosen, "price", _TEN_THOUSANDTHS) * id_in(chosen, "count") * whole_in(line, "count", MILLI)
    unit = type_coerce(_TEN_THOUSANDTHS * MILLI // _SCALE, BigInteger)
    return (exact + unit // 2) // unit


class _Elements(FunctionElement[Any]):
    """The elements of an array inside a JSON text: (JSON, name of the array)."""

    name = "elements"
    inherit_cache = True


class _Part(FunctionElement[Any]):
    """A scalar inside a JSON object: (JSON, path)."""

    name = "part"
    inherit_cache = True


@compiles(_Elements, "sqlite")
def _sqlite_elements(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    json, name = element.clauses
    return f"json_each({compiler.process(json, **options)}, '$.{_path(name)}')"


@compiles(_Elements, "postgresql")
def _postgresql_elements(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    json, name = element.clauses
    return f"jsonb_array_elements(CAST({compiler.process(json, **options)} AS JSONB) -> '{_path(name)}')"


@compiles(_Part, "sqlite")
def _sqlite_part(element: _Part, compiler: SQLCompiler, **options: Any) -> str:
    json, path = element.clauses
    return f"json_extract({compiler.process(json, **options)}, '$.{_path(path)}')"


@compiles(_Part, "postgresql")
def _postgresql_part(element: _Part, compiler: SQLCompiler, **options: Any) -> str:
    json, path = element.clauses
    return f"(CAST({compiler.process(json, **options)} AS JSONB) #>> '{{{_path(path).replace('.', ',')}}}')"


def _literal(path: str) -> ColumnClause[Any]:
    """A path of ours, which stands in the statement's text."""
    return ColumnClause(path, is_literal=True)


def _path(clause: ColumnElement[Any]) -> str:
    assert isinstance(clause, ColumnClause)
    return clause.name
