"""One running Comanda: its settings, its store, what it remembers, its limits. Built by `main.py`."""

from dataclasses import dataclass, field

from comanda.access.rates import SlidingWindow
from comanda.access.tokens import TokenReader
from comanda.http.metrics import Metrics
from comanda.orders.gate import NameGate
from comanda.settings import Settings
from comanda.store.known import Known
from comanda.store.store import Store


@dataclass(slots=True)
class Hub:
    """What handlers work with."""

    settings: Settings
    store: Store
    known: Known
    metrics: Metrics
    gate: NameGate = field(default_factory=NameGate)
    tokens: TokenReader = field(default_factory=TokenReader)
    sign_ins: SlidingWindow = field(default_factory=SlidingWindow)
    failures: SlidingWindow = field(default_factory=SlidingWindow)
    calls: SlidingWindow = field(default_factory=SlidingWindow)
    draining: bool = False
