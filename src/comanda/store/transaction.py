"""Transactions written once for both stores.

A transaction is a generator: it yields `Query` values, is sent the rows, and returns its result. It awaits nothing
and knows no driver; the committers of SQLite and of PostgreSQL each run the same generator. What differs
between the dialects is how a statement is compiled, and that happens here and nowhere else.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol, TypeVar

from msgspec import Struct
from sqlalchemy import ARRAY, BigInteger, Column, Dialect, Table, and_, bindparam, column, func, select, true, values
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import asyncpg as postgresql
from sqlalchemy.dialects.postgresql import insert as insert_rows
from sqlalchemy.sql.expression import ClauseElement, FromClause

from comanda.base import limits

Row = Sequence[Any]
Rows = list[Row]
Params = Mapping[str, Any]

SQLITE: Dialect = sqlite.dialect()
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


class Compiled(NamedTuple):
    """A statement's text for one driver and the names of its parameters in the order the text takes them."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def bind(self, params: Params) -> tuple[Any, ...]:
        """The parameters as the driver wants them."""
        fixed = self.fixed
        return tuple([params[name] if name in params else fixed[name] for name in self.names])


class Statement:
    """A SQLAlchemy Core statement, compiled at most once for each dialect."""

    __slots__ = ("_compiled", "element", "returns")

    def __init__(self, element: ClauseElement, *, returns: bool = True) -> None:
        self.element = element
        self.returns = returns
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, dialect: Dialect) -> Compiled:
        """The statement for a dialect."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = compile_statement(self.element, dialect)
        return found


def compile_statement(element: ClauseElement, dialect: Dialect) -> Compiled:
    """Compile a statement; lists in it are expanded, so one built for a single use works too."""
    result: Any = element.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return Compiled(str(result), tuple(result.positiontup or ()), dict(result.params))


class Many:
    """One statement for many rows at once, so that a batch costs a few steps of the database and not a few per order.

    PostgreSQL takes the rows as one array a column. SQLite takes them as a list of values, which has a fixed length in
    its text: there are texts for 1, 2, 4, … rows, and a list between two of them is filled up with its last row.
    """

    def __init__(self, columns: Sequence[Column[Any]], *, returns: bool) -> None:
        """``columns`` say what a row is made of, in order."""
        self.columns = tuple(columns)
        self.returns = returns
        self._texts: dict[tuple[str, int], str] = {}

    def calls(self, dialect: Dialect, rows: Sequence[Row]) -> Iterator[tuple[str, Sequence[Any]]]:
        """The texts to run, each with its parameters: one, but for more rows than SQLite takes parameters for."""
        if dialect is POSTGRESQL:
            yield self._text(dialect, 0), tuple(zip(*rows, strict=True))
            return
        for begin in range(0, len(rows), limits.SQLITE_ROWS):
            part = rows[begin : begin + limits.SQLITE_ROWS]
            size = 1 << (len(part) - 1).bit_length()
            flat = list(chain.from_iterable(part))
            for _ in range(size - len(part)):
                flat.extend(part[-1])
            yield self._text(dialect, size), self._completed(flat, len(part))

    def _completed(self, flat: list[Any], _: int) -> Sequence[Any]:
        """The parameters of a list of values, with whatever else the text takes."""
        return flat

    def _text(self, dialect: Dialect, size: int) -> str:
        found = self._texts.get((dialect.name, size))
        if found is None:
            found = compile_statement(self._element(arrays=not size), dialect).sql
            if size > 1:
                row = f"({', '.join('?' * len(self.columns))})"
                assert found.count(f"VALUES {row}") == 1, found
                found = found.replace(f"VALUES {row}", f"VALUES {', '.join([row] * size)}")
            self._texts[dialect.name, size] = found
        return found

    def _element(self, *, arrays: bool) -> ClauseElement:
        """The statement for rows as arrays, or for a list of one row."""
        raise NotImplementedError

    def _source(self, *, arrays: bool) -> FromClause:
        """The rows as a table to select from."""
        names = [column(found.name, found.type) for found in self.columns]
        if arrays:
            given = [bindparam(f"all_{found.name}", type_=ARRAY(found.type)) for found in names]
            return func.unnest(*given).table_valued(*names, name="given").render_derived()
        row = tuple(bindparam(f"one_{found.name}", type_=found.type) for found in names)
        return values(*names, name="given").data([row]).cte("given")


class InsertMany(Many):
    """Insert rows; ``finish`` completes the statement with what is to happen on conflicts and what it returns."""

    def __init__(self, table: Table, finish: Callable[[Insert], ClauseElement] | None = None) -> None:
        super().__init__(tuple(table.c), returns=finish is not None)
        self._table = table
        self._finish = finish

    def _completed(self, flat: list[Any], count: int) -> Sequence[Any]:
        flat.extend((count, 0))  # limit and offset: what only fills up is not inserted
        return flat

    def _element(self, *, arrays: bool) -> ClauseElement:
        rows = select(self._source(arrays=arrays))
        if not arrays:
            rows = rows.where(true())  # without it SQLite reads ON CONFLICT as part of the join
            rows = rows.limit(bindparam("count", type_=BigInteger))
        statement = insert_rows(self._table).from_select([found.name for found in self.columns], rows)
        return self._finish(statement) if self._finish else statement


class SelectMany(Many):
    """Select the rows with any of the given keys, sorted by key; ``lock`` takes them for the transaction.

    A row may come back more than once.
    """

    def __init__(
        self, selected: Sequence[Column[Any]], keys: Sequence[Column[Any]], *where: Any, lock: bool = False
    ) -> None:
        super().__init__(keys, returns=True)
        self._selected = selected
        self._where = where
        self._lock = lock

    def _element(self, *, arrays: bool) -> ClauseElement:
        table = self.columns[0].table
        given = self._source(arrays=arrays)
        equal = and_(*(found == given.c[found.name] for found in self.columns))
        statement = select(*self._selected).join_from(given, table, equal).where(*self._where).order_by(*self.columns)
        return statement.with_for_update(of=table) if self._lock else statement


class Query(Struct, frozen=True):
    """A statement to run once with every set of parameters, or once for many rows; what it returns is one list."""

    statement: "Statement | Many"
    sets: Sequence[Any]


Result = TypeVar("Result")
ResultOut = TypeVar("ResultOut", covariant=True)
Transaction = Generator[Query, Rows, Result]


def each(statement: Statement, sets: Sequence[Params]) -> Query:
    """Run a statement once for every set of parameters, in order."""
    return Query(statement, sets)


def many(statement: Many, rows: Sequence[Row]) -> Query:
    """Run a statement for all rows together."""
    return Query(statement, rows)


def one(statement: Statement, /, **params: Any) -> Query:
    """Run a statement once."""
    return Query(statement, (params,))


class RunAgain(Exception):
    """Rows changed between two statements of a transaction; it is rolled back and run again whole."""


class StillHeld(Exception):
    """Thrown into a transaction whose statement waited in vain for another's row; it may only raise what that means."""


class TransactionBuilder(Protocol[ResultOut]):
    """Makes a fresh generator for each try, so that a transaction can be retried whole."""

    def __call__(self) -> Transaction[ResultOut]:
        """A new run of the transaction."""
        ...
