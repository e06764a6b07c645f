"""Watches the server's certificate: a house whose certificate lapses is a house whose tablets show nothing."""

from datetime import UTC, datetime

import structlog

from comanda.base.errors import SetupError
from comanda.certificates import WARNED_BEFORE, lapses_at
from comanda.settings import Settings

log = structlog.get_logger("comanda.tls")


def warn_of_lapse(settings: Settings) -> None:
    """Say in the log when the certificate that is served has lapsed, or lapses within 30 days."""
    if settings.tls_cert is None:
        return
    try:
        lapse = lapses_at(settings.tls_cert)
    except SetupError as error:
        log.warning("tls.unreadable", reason=str(error))
        return
    left = lapse - datetime.now(UTC)
    if left < WARNED_BEFORE:
        log.warning("tls.lapses", file=str(settings.tls_cert), on=f"{lapse:%Y-%m-%d}", days=left.days)
