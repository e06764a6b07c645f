"""What Comanda measures of itself, for Prometheus, on a port of its own."""

from collections.abc import Callable
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from comanda.base.errors import SetupError
from comanda.orders.model import StoredOrder
from comanda.orders.timeline import legs_of

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LEG_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 450, 600, 900, 1_200, 1_800, 2_700, 3_600, 7_200)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The meters of one process. Implements `comanda.store.driver.Observer` and `comanda.orders.ports.ChainMeter`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._intake = Histogram(
            "comanda_intake_seconds",
            "Time from an order request's arrival to its answer",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._orders = Counter("comanda_orders", "Order requests by outcome", ["outcome"], registry=self.registry)
        self._requests = Counter(
            "comanda_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self._batch = Histogram("comanda_batch_orders", "Orders in one commit", buckets=_SIZES, registry=self.registry)
        self._commit = Histogram(
            "comanda_commit_seconds", "Time of one commit with its statements", buckets=_SECONDS, registry=self.registry
        )
        self._legs = Histogram(
            "comanda_leg_seconds",
            "Time of one leg of the delivery chain, as people went it",
            ["brand", "venue", "leg"],
            buckets=_LEG_SECONDS,
            registry=self.registry,
        )
        self._by_outcome: dict[str, Counter] = {}
        self._by_answer: dict[tuple[str, int], Counter] = {}
        self._queue = Gauge("comanda_intake_queue_orders", "Orders waiting for a commit", registry=self.registry)

    def watch_queue(self, depth: Callable[[], int]) -> None:
        """Read the queue's depth whenever the meters are read."""
        self._queue.set_function(depth)

    def committed(self, orders: int, seconds: float) -> None:
        """A batch was committed."""
        self._batch.observe(orders)
        self._commit.observe(seconds)

    def intake(self, outcome: str, seconds: float) -> None:
        """An order request was answered."""
        counter = self._by_outcome.get(outcome)
        if counter is None:
            counter = self._by_outcome[outcome] = self._orders.labels(outcome)
        counter.inc()
        self._intake.observe(seconds)

    def chain(self, before: StoredOrder, after: StoredOrder) -> None:
        """An order moved on: the legs it has behind it now and had not before are counted."""
        known = dict(legs_of(before))
        for leg, seconds in legs_of(after):
            if leg not in known:
                self._legs.labels(after.brand_id, str(after.venue_id), leg).observe(seconds)

    def request(self, route: str, status: int) -> None:
        """A request was answered."""
        counter = self._by_answer.get((route, status))
        if counter is None:
            counter = self._by_answer[route, status] = self._requests.labels(route, str(status))
        counter.inc()

    def serve(self, host: str, port: int) -> WSGIServer:
        """Serve ``/metrics`` from a thread. Raises SetupError when the port is taken."""
        try:
            server, _ = start_http_server(port, host, registry=self.registry)
        except OSError as error:
            raise SetupError(
                f"{host}:{port} cannot serve metrics: {error.strerror}; --metrics-port chooses another, 0 none"
            ) from error
        return server
