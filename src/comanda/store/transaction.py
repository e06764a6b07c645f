"""Transactions written once for both stores.

A transaction is a generator: it yields `Query` values, is sent the rows, and returns its result. It awaits nothing
and knows no driver; SQLite's writer thread and PostgreSQL's committers each run the same generator. What differs
between the dialects is how a statement is compiled, and that happens here and nowhere else.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg as postgresql
from sqlalchemy.sql.expression import ClauseElement

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


@dataclass(frozen=True, slots=True)
class Query:
    """One statement and the parameter sets to run it with; the rows of all sets come back in one list."""

    statement: Statement
    sets: Sequence[Params]


Result = TypeVar("Result")
ResultOut = TypeVar("ResultOut", covariant=True)
Transaction = Generator[Query, Rows, Result]


def each(statement: Statement, sets: Sequence[Params]) -> Query:
    """Run a statement once for every set of parameters, in order."""
    return Query(statement, sets)


def one(statement: Statement, /, **params: Any) -> Query:
    """Run a statement once."""
    return Query(statement, (params,))


class RunAgain(Exception):
    """Rows changed between two statements of a transaction; it is rolled back and run again whole."""


class TransactionBuilder(Protocol[ResultOut]):
    """Makes a fresh generator for each try, so that a transaction can be retried whole."""

    def __call__(self) -> Transaction[ResultOut]:
        """A new run of the transaction."""
        ...
