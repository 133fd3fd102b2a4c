"""When somebody last came to wait for a held action, apart from what else changed of it."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer

revision = "0010"
down_revision = "0009"

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Holds that are there already were last joined when they were made."""
    op.add_column("holds", Column("joined", SEQUENCE, nullable=False, server_default="0"))
