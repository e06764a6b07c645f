"""Which rows of a list a reader asks for: filters, order and page of contract 14.5, already checked."""

from dataclasses import dataclass, field

from comanda.base import limits
from comanda.base.clock import Micros


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of rows: of a venue, or of the whole brand where ``venue_id`` is None.

    ``filters`` are IN lists; ``span`` is a half-open range of ``created_at``.
    """

    venue_id: int | None = None
    filters: dict[str, tuple[str | int, ...]] = field(default_factory=dict)
    also: tuple[tuple[str, tuple[str | int, ...]], ...] = ()
    """Further filters of fields in ``filters``, where a row has several values or is searched in; all must hold."""
    span: tuple[Micros | None, Micros | None] = (None, None)
    sort: str = "created_at"
    descending: bool = True
    page: int = 1
    limit: int = limits.DEFAULT_PAGE_SIZE
    relations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    after: tuple[int, int] | None = None
    """The sort value and id of the last row of the page before."""
    until: Micros | None = None
    """Only rows created by then: those that were there at a cursor's first page."""
