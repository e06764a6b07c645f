"""Every bound Comanda puts on what it accepts, queues or keeps. Reaching one is an error with a code.

Times end in ``_s`` (seconds), sizes in ``_bytes``. The wire bounds are contract section 14.1.3; the OpenAPI
document is generated from types that use these numbers, and a test holds the two equal.
"""

from decimal import Decimal
from typing import Final

# The wire: bodies and headers
MAX_BODY_BYTES: Final = 256 * 1024
MAX_DRAINED_BYTES: Final = 1024 * 1024
"""A refused body up to this size is read to its end, so that its caller can read the answer."""
MAX_HEADER_BYTES: Final = 16 * 1024
MAX_TARGET_BYTES: Final = 8 * 1024
MAX_NESTING: Final = 16
BODY_READ_TIMEOUT_S: Final = 10.0
HEADER_READ_TIMEOUT_S: Final = 10.0
MAX_ECHOED_TEXT: Final = 200
MAX_ECHOED_EXPONENT: Final = 300
"""Beyond it ordinary readers of JSON see infinity, so such a number is shown back as text."""
MAX_DETAILS: Final = 1_000

# The wire: values
MAX_ID: Final = 2**53 - 1
MAX_SIGNIFICANT_DIGITS: Final = 15
MAX_DECIMALS: Final = 4
MAX_COUNT: Final = Decimal(10_000)
MAX_COUNT_DECIMALS: Final = 3
MAX_MODIFIER_COUNT: Final = 1_000
MAX_MONEY: Final = Decimal(10**9)
MAX_PERCENT: Final = Decimal(100)
MAX_ORDER_NUMBER: Final = 20
MAX_NOTE: Final = 1_000
MAX_TEXT: Final = 255
MAX_LINES: Final = 500
MAX_MODIFIERS: Final = 100
MAX_EXTERNAL_ID: Final = 64
MAX_IDEMPOTENCY_KEY: Final = 255
MAX_REQUEST_ID: Final = 64
MAX_ADDRESS: Final = 64

# Reads
DEFAULT_PAGE_SIZE: Final = 50
MAX_ORDER_PAGE_SIZE: Final = 200
MAX_PAGE: Final = 1_000_000
MAX_QUERY_PARAMETERS: Final = 200

FIRST_GUEST_ID: Final = 1_000_000_001
"""Guests get ids above this, out of the way of imported customers."""

# Idempotency
IDEMPOTENCY_WINDOW_S: Final = 72 * 3600
IN_FLIGHT_WAIT_S: Final = 8.0
MAX_DUPLICATE_WINDOW_S: Final = 24 * 3600

# Intake and storage
INTAKE_QUEUE: Final = 2_000
MAX_BATCH: Final = 128
COMMITTERS: Final = 3
COMMIT_WAIT_S: Final = 8.0
OUTCOME_WAIT_S: Final = 8.0
BATCH_RETRIES: Final = 6
RETRY_AFTER_S: Final = 1
ORDER_ID_BLOCK: Final = 500
READ_CONNECTIONS: Final = 4
READ_WAIT_S: Final = 8.0
SQLITE_BUSY_S: Final = 5.0
SQLITE_STATEMENTS: Final = 256
SQLITE_ROWS: Final = 1_024
"""Rows in one statement; 24 columns of them stay below the 32,766 parameters that SQLite takes by default."""
MAX_CACHED_DIGITS: Final = 40
DRAIN_S: Final = 20.0

# What a process remembers
SNAPSHOT_POLL_S: Final = 0.25
SNAPSHOT_MAX_AGE_S: Final = 1.0
SNAPSHOT_WAIT_S: Final = 2.0
TOKEN_CACHE: Final = 10_000
RATE_KEYS: Final = 50_000
PHONE_CACHE: Final = 10_000
NUMBER_CACHE: Final = 20_000
ADDRESS_CACHE: Final = 10_000

# Tokens
TOKEN_LIFE_S: Final = 3600
SIGNING_KEY_LIFE_S: Final = 30 * 24 * 3600

# Imports
MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
MAX_DOCUMENT_NESTING: Final = 12
