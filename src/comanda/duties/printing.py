"""Printing: each printer's papers one after the other, by one process at a time; intake never waits for paper.

A paper is marked as being sent before its first byte leaves. Whoever takes the duty over from a process that is gone
finds such papers and sets them aside as uncertain: they are neither dropped nor silently printed again.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfoNotFoundError

import structlog

from comanda.access.secrets import random_text
from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import ComandaError
from comanda.catalogue.model import Printer
from comanda.catalogue.snapshot import Snapshot
from comanda.kitchen.model import Ticket, TicketStatus
from comanda.printing.connection import PrinterAddressRefused, Sent, send_paper
from comanda.printing.paper import paper_of
from comanda.settings import Settings
from comanda.store import print_jobs
from comanda.store.boards import PrintJob
from comanda.store.known import Known
from comanda.store.leases import NOBODY, Lease, hold_lease, release_lease
from comanda.store.store import Store
from comanda.store.transaction import Transaction

log = structlog.get_logger("comanda.printing")
DUTY = "printing"
Result = TypeVar("Result")


class Printing:
    """The printing of one process."""

    def __init__(self, store: Store, known: Known, settings: Settings) -> None:
        self._store = store
        self._known = known
        self._settings = settings
        self._holder = random_text(16)
        self._held_until: dict[str, float] = {}
        self._ask_again_at: dict[str, float] = {}
        self._others: dict[str, tuple[Lease, float]] = {}
        """Another's lease, and since when on our own clock it has stood unrenewed."""
        self._sending: dict[tuple[str, int], tuple[PrintJob, asyncio.Task[None]]] = {}
        self._in_use: set[tuple[str, int]] = set()
        """Addresses that papers are being sent to: two printers of the catalogue may be one device."""
        self._free = asyncio.Event()

    async def keep_printing(self, ending: asyncio.Event) -> None:
        """Print what is due until the server winds down; papers being sent are then finished, and the duty given up."""
        try:
            while not ending.is_set():
                try:
                    await self._one_round()
                except Exception:
                    log.exception("printing.postponed")
                await self._rest()
        finally:
            await self._wind_down()

    async def _rest(self) -> None:
        """Until something may be due, or a printer has become free for its next paper."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limits.PRINT_POLL_S):
                await self._free.wait()
        self._free.clear()

    async def _one_round(self) -> None:
        directory = await self._known.directory()
        for brand_id in sorted(directory.brands):
            if self._known.snapshot(brand_id).printers and await self._holds(brand_id):
                await self._start_due(brand_id)

    async def _holds(self, brand_id: str) -> bool:
        """Whether the duty is ours; with each renewal papers that nobody is sending any more are set aside."""
        held_until = self._held_until.get(brand_id, float("-inf"))
        if time.monotonic() < held_until - limits.LEASE_S * 2 / 3:
            return True
        asked_at = time.monotonic()
        if asked_at < self._ask_again_at.get(brand_id, float("-inf")):
            return False
        now = now_micros()
        wanted = Lease(self._holder, Micros(now + int(limits.LEASE_S * 1_000_000)))
        other, since = self._others.get(brand_id, (NOBODY, asked_at))
        lapsed = other if asked_at - since > limits.LEASE_S else NOBODY
        found = await self._store.run(lambda: hold_lease(brand_id, DUTY, wanted, lapsed=lapsed))
        if found is not None:
            self._others[brand_id] = (found, since if found == other else asked_at)
            self._held_until.pop(brand_id, None)
            self._ask_again_at[brand_id] = asked_at + limits.LEASE_S / 3
            return False
        self._others.pop(brand_id, None)
        await self._set_abandoned_aside(brand_id)
        self._held_until[brand_id] = asked_at + limits.LEASE_S
        # A store that took as long as a lease lasts may have given it to another meanwhile.
        return time.monotonic() < self._held_until[brand_id]

    async def _set_abandoned_aside(self, brand_id: str) -> None:
        ours = {(job.venue_id, job.number) for (brand, _), (job, _) in self._sending.items() if brand == brand_id}
        for job in await self._store.read(lambda: print_jobs.find_abandoned(brand_id)):
            if (job.venue_id, job.number) not in ours:
                await self._run(lambda job=job: print_jobs.make_uncertain(brand_id, job, now_micros()))  # type: ignore[misc]

    async def _start_due(self, brand_id: str) -> None:
        snapshot = self._known.snapshot(brand_id)
        # Whose paper was on its way when the lines were read has another behind it for a head, which is not its turn.
        busy = self._at_work(brand_id)
        heads = await self._store.read(lambda: print_jobs.heads_of_lines(brand_id, now_micros()))
        gone = {job: due for job, due in heads if _has_lost_its_printer(job, snapshot)}
        if await self._move(brand_id, gone, snapshot):
            # What was moved may belong before what was read: the lines are read anew.
            self._free.set()
            return
        for job in [job for job, due in heads if due and job not in gone]:
            places = _places(job)
            if busy & places:
                continue
            printer = snapshot.printers[job.printer_id]
            address = (printer.host, printer.port)
            if address in self._in_use:
                continue
            task = asyncio.create_task(self._print(brand_id, job, printer, snapshot), name=f"print-{job.printer_id}")
            key = (brand_id, job.printer_id)
            self._sending[key] = (job, task)
            self._in_use.add(address)
            busy |= places
            task.add_done_callback(lambda done, key=key, address=address: self._finished(key, address, done))  # type: ignore[misc]

    def _at_work(self, brand_id: str) -> set[tuple[int, ...]]:
        """Printers and stations with a paper on its way: the next one waits, also if another printer prints it."""
        jobs = [job for (brand, _), (job, _) in self._sending.items() if brand == brand_id]
        return {place for job in jobs for place in _places(job)}

    async def _move(self, brand_id: str, gone: Mapping[PrintJob, bool], snapshot: Snapshot) -> bool:
        """Papers of printers that are in use there no more go to those that have taken their places; whether any did.

        ``gone`` says of each line's first paper whether it may be tried now: only then it is looked at what becomes of
        one for which there is no printer.
        """
        moved = False
        for job, due in gone.items():
            instead = snapshot.printer_at.get((job.venue_id, job.station_id))
            if instead is not None:
                await self._store.run(partial(print_jobs.move_line, brand_id, job, instead.id, now_micros()))
                moved = True
            elif due:
                is_needless = partial(_is_needless, job, snapshot)
                await self._store.run(partial(print_jobs.wait_for_printer, brand_id, job, is_needless, now_micros()))
        return moved

    def _finished(self, key: tuple[str, int], address: tuple[str, int], task: "asyncio.Task[None]") -> None:
        self._sending.pop(key, None)
        self._in_use.discard(address)
        self._free.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("printing.failed", printer=key[1], error=repr(task.exception()))

    async def _print(self, brand_id: str, job: PrintJob, printer: Printer, snapshot: Snapshot) -> None:
        ticket = await self._run(lambda: print_jobs.take_job(brand_id, job, DUTY, self._holder, now_micros()))
        if ticket is None:
            # Perhaps another process has the duty by now: it is asked for before anything else is tried.
            self._held_until.pop(brand_id, None)
            return
        if _is_needless(job, snapshot, ticket):
            await self._run(lambda: print_jobs.settle_job(brand_id, job, "overtaken", now_micros()))
            return
        try:
            sent, error = await self._send(job, ticket, printer, snapshot)
        except Exception as failure:
            log.exception("printing.failed", printer=printer.id, job=job.number)
            sent, error = Sent.UNCERTAIN, repr(failure)
        if sent is Sent.PRINTED:
            await self._run(lambda: print_jobs.settle_job(brand_id, job, "printed", now_micros()))
        elif sent is Sent.UNCERTAIN:
            await self._run(lambda: print_jobs.make_uncertain(brand_id, job, now_micros()))
        else:
            pause_s = min(limits.PRINT_RETRY_S * 2 ** min(job.attempts, 10), limits.PRINT_MAX_RETRY_S)
            next_try_at = Micros(now_micros() + int(pause_s * 1_000_000))
            await self._run(lambda: print_jobs.put_back(brand_id, job, error, next_try_at, now_micros()))
        if sent is not Sent.PRINTED:
            log.warning("printing.not_printed", printer=printer.id, job=job.number, outcome=sent.value, error=error)

    async def _send(self, job: PrintJob, ticket: Ticket, printer: Printer, snapshot: Snapshot) -> tuple[Sent, str]:
        venue, station = snapshot.venues.get(job.venue_id), snapshot.stations.get(job.station_id)
        # Of a ticket that is cancelled by now nothing is printed but that it is, or it would be cooked.
        kind = "cancellation" if ticket.status is TicketStatus.CANCELLED else job.kind
        try:
            paper = await asyncio.to_thread(
                paper_of,
                ticket,
                kind,  # type: ignore[arg-type]
                station=station.name if station else "",
                zone=venue.timezone if venue else "UTC",
                printed_at=now_micros(),
                columns=printer.columns,
            )
            sent = await send_paper(
                printer.host,
                printer.port,
                paper,
                allowed=self._settings.printer_networks,
                loopback=self._settings.loopback_printers or self._settings.demo,
            )
        except (PrinterAddressRefused, ValueError, ZoneInfoNotFoundError) as refused:
            return Sent.AWAY, str(refused)  # nothing was sent: the address or the paper itself is at fault
        return sent, "" if sent is Sent.PRINTED else f"{printer.host}:{printer.port} is {sent.value}"

    async def _run(self, build: Callable[[], Transaction[Result]]) -> Result:
        """Run a transaction, again and again while the store is away: a paper's fate must not be forgotten."""
        while True:
            try:
                return await self._store.run(build)
            except Exception as error:
                log.warning("printing.store_away", error=repr(error))
                await asyncio.sleep(limits.PRINT_RETRY_S)

    async def _wind_down(self) -> None:
        tasks = [task for _, task in self._sending.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=limits.PRINT_DRAIN_S)
        for task in tasks:
            task.cancel()
        if self._sending:
            return
        for brand_id in self._held_until:
            try:
                await self._store.run(lambda brand_id=brand_id: release_lease(brand_id, DUTY, self._holder))
            except ComandaError as error:
                log.warning("printing.lease_kept", brand=brand_id, error=str(error))


def _is_needless(job: PrintJob, snapshot: Snapshot, ticket: Ticket) -> bool:
    """Whether a paper need not be printed any more.

    Nobody reads paper at its station; or the slip that says CANCELLED follows; or it is cooked already, and would be
    cooked again: what was asked for once more only if that was before it was cooked. What says CANCELLED is needed.
    """
    if not snapshot.prints(ticket.station_id):
        return True
    if ticket.status is TicketStatus.CANCELLED:
        return job.kind in ("ticket", "reprint")
    cooked = ticket.finished or not ticket.open
    return cooked and (job.kind == "ticket" or ticket.updated_at > job.created_at)


def _places(job: PrintJob) -> set[tuple[int, ...]]:
    """What a paper keeps busy: its printer, and its station at its venue."""
    return {(job.printer_id,), (job.venue_id, job.station_id)}


def _has_lost_its_printer(job: PrintJob, snapshot: Snapshot) -> bool:
    """Whether the printer is gone or at another venue by now, or at another station and the paper's own has one."""
    printer = snapshot.printers.get(job.printer_id)
    if printer is None or not printer.active or printer.venue_id != job.venue_id:
        return True
    return printer.station_id != job.station_id and (job.venue_id, job.station_id) in snapshot.printer_at
