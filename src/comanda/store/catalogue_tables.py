"""The tables of a brand's catalogue: resources, customers, pictures, and who changed what."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from comanda.store.columns import big, brand, flag, metadata, words

_BY_BYTES = Text().with_variant(Text(collation="C"), "postgresql")
"""A text that both stores sort alike: SQLite always compares bytes."""

catalogue = Table(
    "catalogue",
    metadata,
    brand(),
    words("kind"),
    big("id"),
    big("version"),
    words("document"),
    PrimaryKeyConstraint("brand_id", "kind", "id"),
    Index(None, "brand_id", "version"),
)
"""One row a resource; ``version`` is the catalogue version that last changed it, so readers fetch only changes."""

customers = Table(
    "customers",
    metadata,
    brand(),
    big("id"),
    words("name"),
    words("phone", null=True),
    words("phone_e164", null=True),
    words("address", null=True),
    words("email", null=True),
    flag("active"),
    big("created_at"),
    big("updated_at"),
    Column("phones", Text, nullable=False, server_default="[]"),
    words("cid", null=True),
    big("venue_id", null=True),
    big("group_id", null=True),
    words("code", null=True),
    words("description", null=True),
    Column("gender", Integer, nullable=True),
    words("date_of_birth", null=True),
    words("source", null=True),
    words("reference_id", null=True),
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("name_folded", _BY_BYTES, nullable=False, server_default=""),
    Column("phone_digits", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("brand_id", "id"),
    Index("uq_customers_phone", "brand_id", "phone_e164", unique=True),
    Index("uq_customers_cid", "brand_id", "cid", unique=True),
    Index("uq_customers_code", "brand_id", "code", unique=True),
    Index(None, "brand_id", "created_at", "id"),
)
"""``phones`` are further numbers, a JSON array; ``version`` rises with each change of the row, from 1 on.

``name_folded`` and ``phone_digits`` are what a search looks through; see `comanda.catalogue.customer_names`.
"""

catalogue_staged = Table(
    "catalogue_staged",
    metadata,
    brand(),
    words("batch"),
    words("kind"),
    big("id"),
    words("document"),
    words("before", null=True),
    big("staged_at"),
    PrimaryKeyConstraint("brand_id", "batch", "kind", "id"),
)
"""Resources of a large import on their way into `catalogue` and `audit_log`, so that the commit which changes the
catalogue is short. The row of no kind marks a batch that was moved."""

audit_log = Table(
    "audit_log",
    metadata,
    brand(),
    big("number"),
    big("at"),
    words("actor"),
    words("action"),
    words("kind"),
    words("resource"),
    words("before", null=True),
    words("after", null=True),
    PrimaryKeyConstraint("brand_id", "number"),
)
"""Who changed what, and what it was before; numbered like the catalogue: version times a million, then by position.

Of customers it says which fields changed and never what stands in them.
"""

pictures = Table(
    "pictures",
    metadata,
    brand(),
    words("id"),
    words("media_type"),
    Column("size_bytes", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    words("blur_hash"),
    big("created_at"),
    PrimaryKeyConstraint("brand_id", "id"),
)
"""Pictures by the UUID made of their content's SHA-256."""

picture_files = Table(
    "picture_files",
    metadata,
    brand(),
    words("id"),
    words("variant"),
    words("media_type"),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("brand_id", "id", "variant"),
)
