"""The state table and the sliding windows, as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comanda.access.rates import SlidingWindow
from comanda.base.errors import ComandaError
from comanda.kitchen.model import TicketStatus
from comanda.kitchen.moves import MOVES as TICKET_MOVES
from comanda.kitchen.moves import check_moves as check_ticket_moves
from comanda.orders.lifecycle import TRANSITIONS, Actor, Status, When, check_lifecycle, moves
from comanda.receipts.model import OrderStatus
from comanda.receipts.moves import MOVES as RECEIPT_MOVES
from comanda.receipts.moves import check_moves as check_receipt_moves

PATHS = st.lists(st.tuples(st.sampled_from(Status), st.sampled_from(Actor)), max_size=12)


@given(PATHS)
def test_an_order_only_ever_takes_listed_moves(wishes):
    """Whatever is wished in whatever order: IGNORE and DELIVERED are left never, repeats change nothing."""
    present = Status.PENDING
    for wanted, actor in wishes:
        try:
            changes = moves(present=present, wanted=wanted, actor=actor)
        except ComandaError as error:
            assert (error.code, error.message) == ("validation_failed", "Status is not allowed")
            assert actor not in TRANSITIONS.get((present, wanted), ())
            continue
        assert changes == (present is not wanted)
        if changes:
            assert present not in (Status.IGNORE, Status.DELIVERED)
        present = wanted


@pytest.mark.parametrize("present", Status)
@pytest.mark.parametrize("wanted", Status)
def test_an_integrator_may_ignore_and_finish_but_never_accept(present, wanted):
    """PENDING or RECEIVED to IGNORE, RECEIVED to DELIVERED by its receipt; staying is no move."""
    allowed = (present, wanted) in {
        (Status.PENDING, Status.IGNORE),
        (Status.RECEIVED, Status.IGNORE),
        (Status.RECEIVED, Status.DELIVERED),
    }
    if present is wanted:
        assert moves(present=present, wanted=wanted, actor=Actor.INTEGRATOR) is False
    elif allowed:
        assert moves(present=present, wanted=wanted, actor=Actor.INTEGRATOR) is True
    else:
        with pytest.raises(ComandaError):
            moves(present=present, wanted=wanted, actor=Actor.INTEGRATOR)


@pytest.mark.parametrize(
    "broken",
    [
        {(Status.PENDING, Status.DELIVERED): {Actor.MANAGER: When.ALWAYS}},
        {(Status.DELIVERED, Status.RECEIVED): {Actor.MANAGER: When.ALWAYS}},
        {(Status.IGNORE, Status.PENDING): {Actor.MANAGER: When.ALWAYS}},
        {(Status.PENDING, Status.RECEIVED): dict.fromkeys(Actor, When.ALWAYS)},
        {(Status.RECEIVED, Status.IGNORE): dict.fromkeys(Actor, When.ALWAYS)},
        {(Status.PENDING, Status.RECEIVED): {}, (Status.PENDING, Status.IGNORE): {}},
    ],
)
def test_a_server_does_not_start_with_a_table_that_breaks_the_contract(broken):
    """A way round acceptance, a way back, an integrator who accepts, money cancelled by anybody, actors forgotten."""
    check_lifecycle()
    with pytest.raises(AssertionError, match=r"contract 14\.4"):
        check_lifecycle({**TRANSITIONS, **broken})


@pytest.mark.parametrize(
    "broken",
    [
        {OrderStatus.COMPLETED: frozenset({OrderStatus.NEW})},
        {OrderStatus.PICKED_UP: frozenset({*RECEIPT_MOVES[OrderStatus.PICKED_UP], OrderStatus.READY})},
        {OrderStatus.NEW: frozenset({OrderStatus.READY})},
    ],
)
def test_nor_with_such_a_table_of_receipts(broken):
    """A completed receipt that reopens, food that comes back, an order that can never be cancelled."""
    check_receipt_moves()
    with pytest.raises(AssertionError, match=r"contract 14\.4"):
        check_receipt_moves({**RECEIPT_MOVES, **broken})


@pytest.mark.parametrize(
    "broken",
    [
        {TicketStatus.CANCELLED: frozenset({TicketStatus.NEW})},
        {TicketStatus.STARTED: frozenset({TicketStatus.READY})},
        {TicketStatus.READY: frozenset({TicketStatus.NEW, TicketStatus.CANCELLED})},
    ],
)
def test_nor_with_such_a_table_of_tickets(broken):
    """A cancelled ticket that comes back, one that cannot be cancelled, one that was never begun after all."""
    check_ticket_moves()
    with pytest.raises(AssertionError, match=r"contract 14\.4"):
        check_ticket_moves({**TICKET_MOVES, **broken})


@given(st.lists(st.integers(0, 40), max_size=200), st.integers(1, 50))
def test_a_window_counts_the_last_minute_and_nothing_else(steps, quota):
    """Against a plain list of times."""
    window, times, now = SlidingWindow(), [], 1000
    for step in steps:
        now += step
        rate = window.peek("k", quota, now)
        recent = [moment for moment in times if moment > now - 60]
        assert rate.remaining == max(0, quota - len(recent))
        if recent:
            assert rate.reset_s == min(recent) + 60 - now
        if rate.remaining:
            window.count("k", now)
            times.append(now)


def test_windows_of_other_keys_are_apart_and_bounded(monkeypatch):
    """The least recently used key is forgotten at the bound."""
    from comanda.base import limits

    monkeypatch.setattr(limits, "RATE_KEYS", 2)
    window = SlidingWindow()
    for key in ("a", "b", "a", "c"):
        window.count(key, 5)
    assert [window.peek(key, 10, 5).remaining for key in ("a", "b", "c")] == [8, 10, 9]
