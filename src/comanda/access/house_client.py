"""The client that orders taken by the house itself are of: built in, the same for every brand, and nobody's credential.

It stands in no table and signs in nowhere: a terminal or a person acts, under names and keys of their own, and the
order says ``house`` where others name the channel it came by.
"""

from functools import lru_cache
from typing import Final

from comanda.access.model import BrandId, Client

HOUSE_CLIENT: Final = "house"
"""The id, which no other client may have."""
HOUSE_NAME: Final = "House"


@lru_cache
def house_client(brand_id: BrandId) -> Client:
    """The house as a client of its brand: its guests become customers, so that the next call finds them.

    Its external ids are not unique: every order of the house has an idempotency key instead.
    """
    return Client(
        brand_id=brand_id,
        id=HOUSE_CLIENT,
        name=HOUSE_NAME,
        secret_sha256="",
        enabled=True,
        venue_id=None,
        venues=frozenset(),
        scopes=frozenset(),
        guest_customers="match",
        unique_integration_id=False,
        duplicate_window_s=0,
        quota_per_minute=None,
    )
