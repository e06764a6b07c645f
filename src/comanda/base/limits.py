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
MAX_STATED_ID: Final = 2**52
"""The highest id that a manager may give a resource: there are always free ones above."""
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
MAX_PHONES: Final = 10
MAX_PICTURES: Final = 10

# Reads
DEFAULT_PAGE_SIZE: Final = 50
MAX_ORDER_PAGE_SIZE: Final = 200
MAX_PRODUCT_PAGE_SIZE: Final = 100
MAX_STATION_PAGE_SIZE: Final = 200
MAX_PAGE_SIZE: Final = 999
"""Of every other list (contract 4)."""
SEARCHED_ORDERS: Final = 2_000
"""How many of a venue's newest orders are looked through for what has no index: numbers, names, ends of phones."""
MIN_SEARCHED_DIGITS: Final = 4
MAX_SEARCH: Final = 100
DEFAULT_SUMMARIES: Final = 20
DEFAULT_GUESTS: Final = 10
DEFAULT_PAST_ORDERS: Final = 5
FOUND_LISTS: Final = 64
"""How many filtered and sorted lists a process remembers of one version of a catalogue."""
MAX_PAGE: Final = 1_000_000
MAX_QUERY_PARAMETERS: Final = 200

FIRST_GUEST_ID: Final = 1_000_000_001
"""Guests get ids above this, out of the way of imported customers."""

# Acceptance and the kitchen
MAX_DEADLINE_S: Final = 24 * 3600
MAX_DEADLINE_STEPS: Final = 10
MAX_PREPARATION_MINUTES: Final = 24 * 60
MAX_CATEGORY_DEPTH: Final = 16
"""How far up a product's category is asked for a station."""
MAX_CATEGORY_LEVELS: Final = 64
"""How deep the children of a category are shown."""
MAX_PAYMENTS: Final = 20
LINE_IDS: Final = 1_000
"""Lines of a receipt have ids of their own: the receipt's times this, plus their position."""
MAX_BOARD_ORDERS: Final = 2_000
MAX_MEASURED_ORDERS: Final = 20_000
MAX_PERFORMANCE_HOURS: Final = 7 * 24

# Insights
MAX_INSIGHT_DAYS: Final = 92
INSIGHTS_AT_ONCE: Final = 1
"""Readings of a venue's figures that one process does at a time: each holds one of the readers."""
INSIGHTS_WAITING: Final = 8
"""Those that run included."""
TOP_ITEMS: Final = 20
EXPORT_STEP: Final = 1_000
MAX_EXPORTED_ORDERS: Final = 400_000
MAX_DEMO_ORDERS_PER_MINUTE: Final = 120

# Duties
CLOCK_JUMP_S: Final = 5.0
"""No clock that is only kept in step moves so far between two looks."""
DEADLINE_RESPITE_S: Final = 60.0
"""After the clock was set nothing is accepted or refused by it for so long: people may have had no time to answer."""
DEADLINE_POLL_S: Final = 0.25
DEADLINE_SWEEP_S: Final = 10.0
"""How often brands without a deadline are looked at for steps left over from one they had."""
DUE_STEPS: Final = 200
STEPS_AT_ONCE: Final = 8
"""Orders whose deadlines one process carries out at the same time; each is a transaction of its own."""
LEASE_S: Final = 6.0
PRINT_POLL_S: Final = 0.25
PRINT_RETRY_S: Final = 1.0
PRINT_MAX_RETRY_S: Final = 5.0
PRINT_CLOCKS_S: Final = 60
"""A next try that is further ahead than a pause and this was written by a clock that was wrong."""
PRINT_DRAIN_S: Final = 5.0
DUTIES_END_S: Final = 6.0
"""How long duties may take to end their round when the server winds down."""
KEEP_PAPERS_DAYS: Final = 7
PURGE_STEP: Final = 1_000
REDACT_STEP: Final = 200
"""How many orders one transaction takes personal data out of."""
ORDER_SCAN: Final = 10_000
"""How many orders one read looks through for those of a guest, or for old ones."""
SPARE_OPEN_DAYS: Final = 7
"""How much longer an order that is still open keeps its personal data: somebody may yet have to find the door."""

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
LISTS_AT_ONCE: Final = 2
"""A list that is counted row by row may take seconds: it must not keep intake from the other readers."""
READ_WAIT_S: Final = 8.0
SQLITE_BUSY_S: Final = 5.0
SQLITE_RETRY_S: Final = 0.002
"""How soon a batch of orders asks again for the lock that another process has."""
SQLITE_STATEMENTS: Final = 256
SQLITE_ROWS: Final = 1_024
"""Rows in one statement; 24 columns of them stay below the 32,766 parameters that SQLite takes by default."""
MAX_CACHED_DIGITS: Final = 40
DRAIN_S: Final = 20.0
LAST_READ_S: Final = 2.0
"""What clients are given to read the last answers when the server winds down."""

# What a process remembers
SNAPSHOT_POLL_S: Final = 0.25
SNAPSHOT_MAX_AGE_S: Final = 1.0
SNAPSHOT_WAIT_S: Final = 5.0
"""How long a request waits for a store that answers no question; clients give up after 8 seconds (contract 6)."""
TOKEN_CACHE: Final = 10_000
RATE_KEYS: Final = 50_000
PHONE_CACHE: Final = 10_000
NUMBER_CACHE: Final = 20_000
ADDRESS_CACHE: Final = 10_000

# The event log
MAX_EVENT_PAGE: Final = 500
DEFAULT_EVENT_PAGE: Final = 100
EVENT_SCAN: Final = 10_000
"""How many events one read looks through for the types it wants."""
MAX_EVENT_WAIT_S: Final = 30
FEED_POLL_S: Final = 0.2
FEED_PAUSE_S: Final = 0.005
"""Between two looks, so that a busy kitchen's wake-ups become few reads."""
FEED_PAGE: Final = 500
FEED_EVENTS: Final = 20_000
FEED_BYTES: Final = 64 * 1024 * 1024
FEED_REMEMBERS_S: Final = 600.0
"""What is older is read from the store, where notes of erased people are gone."""
MAX_VIEWERS: Final = 1_000
MAX_VIEWERS_EACH: Final = 250
"""Of one caller, so that none shuts out the tills."""
MAX_INTEGRATORS_VIEWERS: Final = 500
"""Of all integrators together: the other places are the house's."""
VIEWER_RETRY_S: Final = 5
MAX_STREAM_VENUES: Final = 50
MAX_STREAM_LAG: Final = 50_000
STREAM_HEARTBEAT_S: Final = 15.0
STREAM_LOOK_S: Final = 0.5
"""How soon a stream that has nothing to tell looks whether its caller is still let in."""
STREAM_SEND_S: Final = 30.0
STREAM_LAST_S: Final = 1.0
"""What a stream is given to end by itself when the server winds down."""
STREAM_CHUNK_BYTES: Final = 32 * 1024
"""The server keeps up to 32 chunks of a body that is not read; larger is only a chunk of one large event."""

# Tokens
TOKEN_LIFE_S: Final = 3600
SIGNING_KEY_LIFE_S: Final = 30 * 24 * 3600

# People and devices
SESSION_LIFE_S: Final = 12 * 3600
SESSIONS_PER_PERSON: Final = 20
"""The sessions of a person that live at once; one more ends the oldest."""
CONFIRMED_S: Final = 15 * 60
"""How long a session that was begun with a PIN may do what needs the password, once it was confirmed with it."""
MIN_PIN: Final = 5
MAX_PIN: Final = 12
PIN_TRIES: Final = 3
"""Wrong PINs of one person on one device, or passwords of one confirmation, after which the next must wait."""
PIN_TRIES_PER_DEVICE: Final = 10
"""Wrong PINs on one device, whoever they are for."""
PIN_WAIT_S: Final = 30
PIN_LONGEST_WAIT_S: Final = 15 * 60
KEEP_GUESSES_S: Final = 24 * 3600
"""Guesses in vain are forgotten when there was none for so long."""
DEVICE_COOKIE_LIFE_S: Final = 400 * 24 * 3600
"""The longest that browsers keep a cookie."""
PAIRING_CODE: Final = 8
PAIRING_LIFE_S: Final = 5 * 60
PAIRINGS_PER_ADDRESS: Final = 10
PAIRINGS_PER_BRAND: Final = 200
PAIRING_GUESSES: Final = 30
"""Codes that a manager may look up in vain within a minute."""
RATE_CLAIMS: Final = 600
"""Claims of one address a minute; a device asks every two seconds."""
MAX_DEVICE_NAME: Final = 60
MAX_USER_AGENT: Final = 300
MIN_PASSWORD: Final = 8
PASSWORD_CHECKS: Final = 2
PASSWORD_CHECKS_WAITING: Final = 64
FIRST_SCREEN_ID: Final = 1_000_001
"""Kitchen screens get ids from here on, out of the way of terminals, with which they share one space of ids."""
HEARTBEAT_S: Final = 15
ABSENT_AFTER_S: Final = 40
PRESENCE_CHECK_S: Final = 2.0

# Printing
PRINTER_CONNECT_S: Final = 5.0
PRINTER_SEND_S: Final = 30.0
TEST_PAGE_S: Final = 5.0
"""What a test page may take in all: somebody stands before the screen and waits."""
TEST_PAGE_CONNECT_S: Final = 3.0
PRINTER_CLOSE_S: Final = 2.0
"""How long a printer may take to close after a whole paper; most do at once, some never."""
MAX_PAPER_ROWS: Final = 1_000
"""Past this many rows a paper takes no further line of the order and says so."""
MAX_PAPER_BYTES: Final = 8 * 1024 * 1024
MAX_PICTURE_DOTS: Final = 60_000
"""The longest picture of a paper; 200 dots are 25 mm."""
GLYPH_CACHE: Final = 4_096

# Pictures
MAX_PICTURE_BYTES: Final = 5 * 1024 * 1024
MAX_DRAINED_PICTURE_BYTES: Final = 20 * 1024 * 1024
"""A refused picture up to this size is read to its end: photos straight from a camera are often too large."""
MAX_PICTURE_PIXELS: Final = 40_000_000
MAX_ORIGINAL_BYTES: Final = 16 * 1024 * 1024
"""More than the largest file that rendering can make: 2,048 by 2,048 dots of noise, half transparent."""
PICTURE_READ_TIMEOUT_S: Final = 60.0
RENDERINGS: Final = 2
RENDERINGS_WAITING: Final = 16
"""Those that run included."""

# The catalogue
EDIT_TRIES: Final = 5
IMPORT_STEP: Final = 500
"""Resources of a kind that one transaction of an import writes; more are written in steps."""
DECODED_AT_ONCE: Final = 250
"""Resources that are decoded before the event loop has its turn: about a millisecond's worth."""
IMPORT_PAUSE_S: Final = 0.01
"""Between two steps: on a file that one process writes at a time, orders are let in."""
MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
MAX_DOCUMENT_NESTING: Final = 12

# Mirroring another server
MIRROR_PAGES: Final = 2_000
"""Pages of one resource."""
MIRROR_PAGE_BYTES: Final = 32 * 1024 * 1024
MIRROR_BYTES: Final = 512 * 1024 * 1024
MIRROR_TIME_S: Final = 6 * 3600
MIRROR_REQUEST_S: Final = 60.0
MIRROR_TRIES: Final = 6
MIRROR_LONGEST_WAIT_S: Final = 15 * 60
"""A source that wants a longer pause is left for another run."""
MIRROR_KEPT_S: Final = 24 * 3600
"""How long pages of an interrupted run are good."""
MIRROR_DETAILS: Final = 200
"""Products read by id, for what lists do not show."""
MIRROR_CATEGORY_DEPTH: Final = 64
MIRROR_REMARKS: Final = 500
"""Different remarks of one run; further ones are only counted."""
MIRROR_PICTURES: Final = 10_000
MIRROR_PICTURE_BYTES: Final = 5 * 1024 * 1024
MIRROR_PICTURE_S: Final = 30.0
MIRROR_PICTURE_REDIRECTS: Final = 3
