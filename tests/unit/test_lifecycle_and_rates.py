"""The state table and the sliding windows, as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comanda.access.rates import SlidingWindow
from comanda.base.errors import ComandaError
from comanda.orders.lifecycle import TRANSITIONS, Actor, Status, moves

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
