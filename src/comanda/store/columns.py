"""What the tables are made of: their metadata, and the columns that many have."""

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Text

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})


def brand() -> Column[str]:
    """The first column of every table but reference data."""
    return Column("brand_id", Text, nullable=False)


def words(name: str, *, null: bool = False) -> Column[str]:
    """A text."""
    return Column(name, Text, nullable=null)


def big(name: str, *, null: bool = False) -> Column[int]:
    """A whole number of 64 bits."""
    return Column(name, BigInteger, nullable=null)


def flag(name: str) -> Column[bool]:
    """A truth."""
    return Column(name, Boolean, nullable=False)
