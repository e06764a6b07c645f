"""Errors on the wire: one table from kind to status, one envelope (contract 14.6)."""

from typing import Any, Final

from comanda.base.errors import ComandaError, Kind
from comanda.base.json import to_json
from comanda.http.call import Reply

STATUS: Final[dict[Kind, int]] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD_NOT_ALLOWED: 405,
    Kind.TIMED_OUT: 408,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.VERSION_DIFFERS: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED_MEDIA: 415,
    Kind.UNPROCESSABLE: 422,
    Kind.VERSION_REQUIRED: 428,
    Kind.TOO_MANY: 429,
    Kind.HEADERS_TOO_LARGE: 431,
    Kind.INTERNAL: 500,
    Kind.UNAVAILABLE: 503,
    Kind.OUTCOME_UNKNOWN: 504,
}
INTERNAL: Final = ComandaError("internal_error", "Something went wrong on our side; it has been logged")


def error_reply(error: ComandaError) -> Reply:
    """The answer for an error; a 5xx carries no internals."""
    body: dict[str, Any] = {"success": False}
    if error.error:
        body["error"] = error.error
    body["message"] = error.message
    if error.details:
        body["details"] = [problem.as_json() for problem in error.details]
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else {}
    return Reply(STATUS[error.kind], to_json({**body, **error.extra}), headers)
