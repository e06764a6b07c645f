"""The delivery chain of an order as times: from stored to handed over, and how long each leg took."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from comanda.base.clock import Micros, iso_micros
from comanda.orders.model import StoredOrder

STEPS: Final = (
    ("stored", "created_at"),
    ("seen", "seen_at"),
    ("accepted", "received_at"),
    ("sent_to_station", "sent_at"),
    ("started", "started_at"),
    ("ready", "ready_at"),
    ("handed_over", "handed_over_at"),
)
"""The steps of the chain in their order, and where an order keeps the instant of each."""
LEGS: Final = (
    ("stored_to_seen", "created_at", "seen_at"),
    ("stored_to_accepted", "created_at", "received_at"),
    ("accepted_to_sent", "received_at", "sent_at"),
    ("sent_to_started", "sent_at", "started_at"),
    ("started_to_ready", "started_at", "ready_at"),
    ("ready_to_handed_over", "ready_at", "handed_over_at"),
    ("stored_to_handed_over", "created_at", "handed_over_at"),
)
"""The legs that are measured: a name, where it begins, where it ends."""


def timeline(order: StoredOrder) -> list[dict[str, Any]]:
    """The steps that happened, in the order they happened; durations in seconds."""
    found = [(name, getattr(order, field)) for name, field in STEPS]
    happened = sorted([(at, name) for name, at in found if at is not None], key=lambda step: step[0])
    steps: list[dict[str, Any]] = []
    before = order.created_at
    for at, name in happened:
        steps.append(
            {
                "step": name,
                "at": iso_micros(Micros(at)),
                "since_stored_s": _seconds(at - order.created_at),
                "since_previous_s": _seconds(at - before),
            }
        )
        before = at
    return steps


def legs_of(order: StoredOrder) -> Iterator[tuple[str, float]]:
    """The legs an order has behind it, in seconds; an order handed over before it was ready has no such leg."""
    for name, begin, end in LEGS:
        began, ended = getattr(order, begin), getattr(order, end)
        if began is not None and ended is not None and ended >= began:
            yield name, (ended - began) / 1_000_000


def performance(times: Iterable[Mapping[str, int | None]]) -> dict[str, Any]:
    """How many orders went each leg, with p50 and p99 in seconds (nearest rank); null for a leg nobody went."""
    found: dict[str, list[int]] = {name: [] for name, _, _ in LEGS}
    for order in times:
        for name, begin, end in LEGS:
            began, ended = order[begin], order[end]
            if began is not None and ended is not None and ended >= began:
                found[name].append(ended - began)
    return {name: _percentiles(sorted(values)) for name, values in found.items()}


def _percentiles(values: Sequence[int]) -> dict[str, Any]:
    if not values:
        return {"orders": 0, "p50_s": None, "p99_s": None}
    return {"orders": len(values), "p50_s": _seconds(_rank(values, 0.5)), "p99_s": _seconds(_rank(values, 0.99))}


def _rank(values: Sequence[int], share: float) -> int:
    return values[max(0, math.ceil(share * len(values)) - 1)]


def _seconds(micros: int) -> float:
    return round(micros / 1_000_000, 3)
