"""Days of venues: whatever the clocks do, the day of an instant is the one whose span holds it (contract 14.8)."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comanda.base.clock import ClockWatch, Micros, business_day, day_bounds

ZONES = st.sampled_from(
    ["Asia/Baku", "Europe/Berlin", "America/New_York", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe", "UTC"]
)
STARTS = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@given(at=INSTANTS, zone=ZONES, day_start=STARTS)
def test_an_instant_lies_within_its_day(at, zone, day_start):
    """In any zone, with any beginning of the day, also one that comes twice a year or not at all."""
    instant = Micros(int(at.timestamp()) * 1_000_000)
    begin, end = day_bounds(date.fromisoformat(business_day(instant, zone, day_start)), zone, day_start)
    assert begin <= instant < end


@pytest.mark.parametrize("night", [datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 3, 28, 22, tzinfo=UTC)])
@pytest.mark.parametrize("day_start", ["02:00", "02:30", "03:00"])
def test_days_never_run_backwards(night, day_start):
    """On the nights when clocks are put back or forward."""
    minutes = [int((night + timedelta(minutes=n)).timestamp()) * 1_000_000 for n in range(360)]
    days = [business_day(Micros(instant), "Europe/Berlin", day_start) for instant in minutes]
    assert days == sorted(days)
    assert len(set(days)) == 2


@pytest.mark.parametrize("by_s", [-3600, -6, 6, 3600])
def test_a_clock_that_was_set_is_noticed_once(monkeypatch, by_s):
    """Forward or back, by more than clocks move that are only kept in step; then time goes on from there."""
    watch, set_by = ClockWatch(), 0.0
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() + set_by)
    assert not watch.jumped()
    set_by = by_s
    assert watch.jumped()
    assert not watch.jumped()


def test_a_clock_that_is_kept_in_step_has_not_jumped(monkeypatch):
    """A second now and then, as time servers do it."""
    watch, drift = ClockWatch(), 0.0
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() + drift)
    for _ in range(10):
        drift += 1
        assert not watch.jumped()
