"""The errors Comanda answers with: a stable code, a kind, a sentence. No HTTP here; `http/errors.py` maps kinds.

`CODES` is the closed list; a test walks it and checks that each has a status and stands in `docs/errors.md`.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Kind(Enum):
    """What sort of failure an error is; the door maps each kind to one HTTP status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TIMED_OUT = "timed_out"
    CONFLICT = "conflict"
    GONE = "gone"
    VERSION_DIFFERS = "version_differs"
    VERSION_REQUIRED = "version_required"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA = "unsupported_media"
    UNPROCESSABLE = "unprocessable"
    TOO_MANY = "too_many"
    HEADERS_TOO_LARGE = "headers_too_large"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"


CODES: Final[dict[str, Kind]] = {
    "validation_failed": Kind.INVALID,
    "invalid_parameter": Kind.INVALID,
    "invalid_json": Kind.INVALID,
    "invalid_header": Kind.INVALID,
    "not_a_picture": Kind.INVALID,
    "picture_too_large": Kind.INVALID,
    "unauthorized": Kind.UNAUTHENTICATED,
    "forbidden": Kind.FORBIDDEN,
    "csrf_failed": Kind.FORBIDDEN,
    "password_needed": Kind.FORBIDDEN,
    "resource_not_found": Kind.NOT_FOUND,
    "not_found": Kind.NOT_FOUND,
    "method_not_allowed": Kind.METHOD_NOT_ALLOWED,
    "request_timeout": Kind.TIMED_OUT,
    "request_in_progress": Kind.CONFLICT,
    "order_already_ignored": Kind.CONFLICT,
    "duplicate_integration_id": Kind.CONFLICT,
    "ticket_not_allowed": Kind.CONFLICT,
    "order_changed": Kind.CONFLICT,
    "receipt_closed": Kind.CONFLICT,
    "receipt_locked": Kind.CONFLICT,
    "no_printer": Kind.CONFLICT,
    "print_not_uncertain": Kind.CONFLICT,
    "duplicate_phone": Kind.CONFLICT,
    "duplicate_code": Kind.CONFLICT,
    "duplicate_cid": Kind.CONFLICT,
    "already_exists": Kind.CONFLICT,
    "name_taken": Kind.CONFLICT,
    "own_account": Kind.CONFLICT,
    "catalogue_busy": Kind.CONFLICT,
    "events_expired": Kind.GONE,
    "version_differs": Kind.VERSION_DIFFERS,
    "version_required": Kind.VERSION_REQUIRED,
    "body_too_large": Kind.TOO_LARGE,
    "unsupported_media_type": Kind.UNSUPPORTED_MEDIA,
    "idempotency_key_reused": Kind.UNPROCESSABLE,
    "rate_limited": Kind.TOO_MANY,
    "pin_locked": Kind.TOO_MANY,
    "headers_too_large": Kind.HEADERS_TOO_LARGE,
    "internal_error": Kind.INTERNAL,
    "intake_full": Kind.UNAVAILABLE,
    "too_many_viewers": Kind.UNAVAILABLE,
    "too_many_pictures": Kind.UNAVAILABLE,
    "too_many_readings": Kind.UNAVAILABLE,
    "storage_unavailable": Kind.UNAVAILABLE,
    "shutting_down": Kind.UNAVAILABLE,
    "outcome_unknown": Kind.OUTCOME_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request: where (a path such as ``products[0].count``), which code, in words."""

    field: str
    code: str
    message: str
    value: Any = None

    def as_json(self) -> dict[str, Any]:
        """The form used in ``details`` (contract 14.1.4)."""
        return {"field": self.field, "code": self.code, "message": self.message, "value": self.value}


class ComandaError(Exception):
    """A refusal or failure that is answered to the caller; nothing of the request has been stored.

    ``error`` overrides the text of the ``error`` key where the contract fixes a literal (2.1, 2.5); an empty
    string leaves the key out. ``extra`` are further top-level keys of the body.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        details: tuple[Problem, ...] = (),
        error: str | None = None,
        extra: dict[str, Any] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.kind = CODES[code]
        self.message = message
        self.details = details
        self.error = code if error is None else error
        self.extra = extra or {}
        self.retry_after_s = retry_after_s


def invalid(problems: list[Problem]) -> ComandaError:
    """Build the 400 that reports every problem of a body at once (contract 14.1.4)."""
    count = len(problems)
    sentence = "1 field is invalid" if count == 1 else f"{count} fields are invalid"
    return ComandaError("validation_failed", sentence, details=tuple(problems))


def unavailable(code: str, message: str, retry_after_s: int) -> ComandaError:
    """Build a 503: nothing was stored, and the caller may try again after ``retry_after_s`` seconds."""
    return ComandaError(code, message, retry_after_s=retry_after_s)


class SetupError(Exception):
    """A mistake of the person at the command line or in a document; the message is shown as it is."""
