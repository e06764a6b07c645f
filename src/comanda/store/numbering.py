"""Daily receipt numbers: the venue's next one on its business day (contract 14.1.11), taken in the transaction."""

from collections.abc import Sequence

from comanda.receipts.model import Receipt
from comanda.store.tables import daily_numbers
from comanda.store.transaction import InsertMany, Transaction, many

DailyKey = tuple[str, int, str]


def take_numbers(receipts: Sequence[Receipt]) -> Transaction[dict[int, str]]:
    """A number for each receipt, by its id; the rows are locked in order, just before the row counts."""
    wanted: dict[DailyKey, list[int]] = {}
    for receipt in receipts:
        wanted.setdefault((receipt.brand_id, receipt.venue_id, receipt.shift_date), []).append(receipt.id)
    found: dict[int, str] = {}
    for brand_id, venue_id, day, last in (
        yield many(_COUNT_NUMBERS, [(*key, len(ids)) for key, ids in sorted(wanted.items())])
    ):
        ids = wanted[brand_id, venue_id, day]
        for number, receipt_id in enumerate(ids, start=int(last) - len(ids) + 1):
            found[receipt_id] = f"{number:03d}"
    return found


_COUNT_NUMBERS = InsertMany(
    daily_numbers,
    lambda insert: insert.on_conflict_do_update(
        index_elements=[daily_numbers.c.brand_id, daily_numbers.c.venue_id, daily_numbers.c.day],
        set_={"last_number": daily_numbers.c.last_number + insert.excluded.last_number},
    ).returning(daily_numbers.c.brand_id, daily_numbers.c.venue_id, daily_numbers.c.day, daily_numbers.c.last_number),
)
