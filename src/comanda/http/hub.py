"""One running Comanda: its settings, its store, what it remembers, its limits. Built by `main.py`."""

from dataclasses import dataclass, field

from comanda.access.passwords import PasswordChecks
from comanda.access.rates import SlidingWindow
from comanda.access.tokens import TokenReader
from comanda.demo.life import Life
from comanda.events.feed import Feed
from comanda.http.metrics import Metrics
from comanda.http.readings import Readings
from comanda.orders.gate import NameGate
from comanda.pictures.renderings import Renderings
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
    feed: Feed
    gate: NameGate = field(default_factory=NameGate)
    tokens: TokenReader = field(default_factory=TokenReader)
    passwords: PasswordChecks = field(default_factory=PasswordChecks)
    renderings: Renderings = field(default_factory=Renderings)
    readings: Readings = field(default_factory=Readings)
    life: Life | None = None
    """What the demo does by itself; None on every other server."""
    sign_ins: SlidingWindow = field(default_factory=SlidingWindow)
    claims: SlidingWindow = field(default_factory=SlidingWindow)
    code_guesses: SlidingWindow = field(default_factory=SlidingWindow)
    failures: SlidingWindow = field(default_factory=SlidingWindow)
    calls: SlidingWindow = field(default_factory=SlidingWindow)
    draining: bool = False
    answering: int = 0
    """How many requests are being answered right now."""
