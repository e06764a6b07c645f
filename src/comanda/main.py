"""The composition root: builds one running Comanda from its settings, serves it, and winds it down."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

from comanda import demo
from comanda.access.model import BrandId, Published, SigningKey
from comanda.access.secrets import random_text, sha256_hex
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import SetupError
from comanda.demo.life import Life
from comanda.demo.living import keep_living
from comanda.duties.certificate import warn_of_lapse
from comanda.duties.deadlines import keep_deadlines
from comanda.duties.housekeeping import clear_brand
from comanda.duties.presence import watch_presence
from comanda.duties.printing import Printing
from comanda.duties.rounds import pause
from comanda.events.feed import Feed
from comanda.http.app import build_app
from comanda.http.hub import Hub
from comanda.http.metrics import Metrics
from comanda.kitchen.moves import check_moves as check_ticket_moves
from comanda.orders.dossier import House
from comanda.orders.lifecycle import check_lifecycle
from comanda.receipts.moves import check_moves as check_receipt_moves
from comanda.settings import Settings
from comanda.store import access
from comanda.store.driver import Driver, Observer, Silent
from comanda.store.known import Known
from comanda.store.migrate import migrate_postgres, migrate_sqlite
from comanda.store.postgres import PostgresDriver
from comanda.store.sqlite import SqliteDriver
from comanda.store.store import Store

log = structlog.get_logger("comanda")
_DEMO = Published(
    clients=frozenset(
        {
            (demo.BRAND, demo.CLIENT_ID, sha256_hex(demo.CLIENT_SECRET)),
            *((demo.BRAND, channel.client_id, sha256_hex(channel.secret)) for channel in demo.CHANNELS),
        }
    ),
    devices=frozenset({sha256_hex(demo.TERMINAL_TOKEN), sha256_hex(demo.KITCHEN_TOKEN)}),
    people=frozenset((demo.BRAND, person.username) for person in demo.PEOPLE),
)
"""The demo's credentials are printed on paper; a server without --demo never accepts them."""


@asynccontextmanager
async def open_store(settings: Settings, observer: Observer | None = None) -> AsyncIterator[Store]:
    """The settings' store, migrated and started. Raises SetupError when it cannot be used."""
    driver: Driver
    if settings.database_url:
        await migrate_postgres(settings.database_url)
        driver = PostgresDriver(settings.database_url, observer or Silent())
    else:
        os.umask(0o077)  # the file holds signing keys and people's addresses
        await asyncio.to_thread(migrate_sqlite, settings.database_file)
        driver = SqliteDriver(settings.database_file, observer or Silent())
    store = Store(driver)
    await store.start()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_hub(settings: Settings) -> AsyncIterator[Hub]:
    """A whole Comanda but for its socket."""
    metrics = Metrics()
    async with open_store(settings, metrics) as store:
        known = Known(store, refused=Published() if settings.demo else _DEMO)
        feed = Feed(store)
        store.on_commit(feed.hint)
        hub = Hub(settings, store, known, metrics, feed)
        check_lifecycle()
        check_receipt_moves()
        check_ticket_moves()
        metrics.watch_queue(store.queued)
        await ensure_signing_key(store)
        await known.start()
        feed.start()
        ending = asyncio.Event()
        duties = [
            asyncio.create_task(_keep_house(hub, ending), name="housekeeping"),
            asyncio.create_task(watch_presence(store, known, ending), name="presence"),
            asyncio.create_task(keep_deadlines(store, known, metrics, ending), name="deadlines"),
            asyncio.create_task(Printing(store, known, settings).keep_printing(ending), name="printing"),
        ]
        if settings.demo:
            hub.life = Life()
            living = keep_living(hub.life, settings.own_url, lambda: known.snapshot(BrandId(demo.BRAND)))
            duties.append(asyncio.create_task(living, name="demo"))
        try:
            yield hub
        finally:
            ending.set()
            if hub.life is not None:
                hub.life.end()
            _, unfinished = await asyncio.wait(duties, timeout=limits.DUTIES_END_S)
            for duty in unfinished:
                duty.cancel()
            if unfinished:
                await asyncio.wait(unfinished)
            await feed.close()
            await known.close()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run the server's work to its end, on uvloop where there is one."""
    try:
        from uvloop import new_event_loop  # noqa: PLC0415 - not made for every platform
    except ImportError:
        asyncio.run(work)
        return
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work)


async def serve(settings: Settings, announce: Callable[[Hub], Coroutine[Any, Any, None]]) -> None:
    """Serve until SIGTERM or SIGINT, then drain: what is in flight is committed and answered.

    ``announce`` runs once requests are answered. Raises SetupError when an address cannot be bound.
    """
    _check_address(settings)
    _check_certificate(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stop.set)
    async with open_hub(settings) as hub:
        meters = hub.metrics.serve(settings.metrics_host, settings.metrics_port) if settings.metrics_port else None
        server = build_server(settings, hub)
        # What was loaded stays; looking through it for garbage again and again would stop every order that long.
        gc.collect()
        gc.freeze()
        serving = asyncio.create_task(server.serve(), name="http")
        try:
            await _until_answering(settings, serving)
            log.info("server.started", host=settings.host, port=settings.port, database=hub.store.name)
            telling = asyncio.create_task(announce(hub))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait([stopping, serving], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            telling.cancel()
            await asyncio.wait([telling])
        finally:
            await _drain(hub, server, serving)
            if meters is not None:
                meters.shutdown()
    log.info("server.stopped")


def build_server(settings: Settings, hub: Hub) -> Server:
    """The HTTP server for a hub, inside this process and event loop."""
    return http_server(build_app(hub), settings)


def http_server(app: Any, settings: Settings) -> Server:
    """The HTTP server for any ASGI application; the benchmarks measure it with one that answers a constant."""
    return Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=1024 + limits.MAX_VIEWERS,  # what goes on for hours leaves as much room for everything else
        http1_settings=HTTP1Settings(header_read_timeout=int(limits.HEADER_READ_TIMEOUT_S * 1_000)),
        log_enabled=False,
        ssl_cert=settings.tls_cert,
        ssl_key=settings.tls_key,
        ssl_protocol_min=SSLProtocols.tls12,
    )


async def ensure_signing_key(store: Store) -> None:
    """Make a signing key where there is none younger than 30 days; older ones verify until their tokens lapse."""
    directory = await store.directory()
    now_s = now_micros() // 1_000_000
    newest = directory.signing_keys[0].created_s if directory.signing_keys else 0
    if now_s - newest < limits.SIGNING_KEY_LIFE_S:
        return
    await rotate_signing_key(store)


async def rotate_signing_key(store: Store) -> SigningKey:
    """Sign with a fresh key from now on; it is newer than every other, also within one second."""
    now_s = now_micros() // 1_000_000
    newest_s = max((key.created_s for key in (await store.directory()).signing_keys), default=0)
    key = SigningKey(kid=random_text(12), secret=random_text(64), created_s=max(now_s, newest_s + 1))
    retire_before_s = now_s - limits.SIGNING_KEY_LIFE_S - 2 * limits.TOKEN_LIFE_S
    await store.run(lambda: access.add_signing_key(key, retire_before_s=retire_before_s))
    return key


def _check_address(settings: Settings) -> None:
    """The server shares its port with whoever asks, so that two could run at once unnoticed; this refuses it."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        raise SetupError(f"{settings.host}:{settings.port} cannot be served: {error.strerror or error}") from error


def _check_certificate(settings: Settings) -> None:
    """Raise SetupError for a certificate and a key that cannot be served together, as while they are renewed."""
    if settings.tls_cert is None or settings.tls_key is None:
        return
    try:
        # Without a password here the library would ask for one at the terminal; the server takes no key that has one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except OSError as error:
        raise SetupError(
            f"{settings.tls_cert} and {settings.tls_key} are no certificate and its key: {error}"
        ) from error


async def _until_answering(settings: Settings, serving: "asyncio.Task[None]") -> None:
    """Wait until the socket takes connections. Raises SetupError when the server could not bind."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    context = ssl.create_default_context() if settings.tls_cert else None
    if context is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    began = time.monotonic()
    while time.monotonic() - began < limits.DRAIN_S:
        if serving.done():
            break
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, settings.port, ssl=context)
            writer.close()
            if not serving.done():
                return
        await asyncio.sleep(0.02)
    reason = serving.exception() if serving.done() and not serving.cancelled() else "it does not answer"
    raise SetupError(f"{settings.host}:{settings.port} cannot be served: {reason}")


async def _drain(hub: Hub, server: Server, serving: "asyncio.Task[None]") -> None:
    """Take nothing more, finish what is in flight; who does not read its answer is not waited for."""
    hub.draining = True
    hub.feed.drain()
    if hub.life is not None:
        hub.life.end()
    began = time.monotonic()
    while hub.store.queued() and time.monotonic() - began < limits.DRAIN_S:  # noqa: ASYNC110 - a count, not an event
        await asyncio.sleep(0.01)
    if not serving.done():
        server.stop()  # type: ignore[no-untyped-call]
        await _until_answered(hub, serving)


async def _until_answered(hub: Hub, serving: "asyncio.Task[None]") -> None:
    """Wait until the server has ended, or until nothing is answered any more and clients had 2 seconds to read it."""
    began = quiet_since = time.monotonic()
    while not serving.done() and (now := time.monotonic()) - began < limits.DRAIN_S:
        if hub.answering:
            quiet_since = now
        elif now - quiet_since > limits.LAST_READ_S:
            return
        await asyncio.wait([serving], timeout=0.02)


async def _keep_house(hub: Hub, ending: asyncio.Event) -> None:
    """At start and once an hour: a fresh signing key when due, what has lapsed away, one brand at a time."""
    while not ending.is_set():
        try:
            await asyncio.to_thread(warn_of_lapse, hub.settings)
            await ensure_signing_key(hub.store)
            directory = await hub.known.directory()
            for brand_id in sorted(directory.brands):
                house = House(directory.brands[brand_id], hub.known.snapshot(brand_id))
                await clear_brand(hub.store, house, hub.settings)
        except Exception:
            log.exception("housekeeping.postponed")
        await pause(ending, 3600)
