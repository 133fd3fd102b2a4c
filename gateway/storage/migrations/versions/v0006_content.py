"""What systems have asked to keep of their calls, the keys it is read with, and legal holds."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text

revision = "0006"
down_revision = "0005"

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Create the tables. `content_keys` stays empty where the keys have a database of their own."""
    op.create_table(
        "contents",
        Column("decision", String(64), primary_key=True),
        Column("part", String(8), primary_key=True),
        Column("system", String(64), nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("bytes", SEQUENCE, nullable=False),
        Column("kept_at", String(24), nullable=False),
        Column("due_at", String(24), nullable=False),
        Column("sealed", LargeBinary),
        Column("destroy_by", String(160)),
        Column("destroy_why", Text),
        Column("destroy_at", String(24)),
        Column("destroyed_at", String(24)),
    )
    op.create_index("ix_contents_due_at", "contents", ["destroyed_at", "due_at"])
    op.create_index("ix_contents_kept_at", "contents", ["kept_at"])
    op.create_table(
        "content_keys",
        Column("decision", String(64), primary_key=True),
        Column("part", String(8), primary_key=True),
        Column("wrapped", LargeBinary, nullable=False),
        Column("due_at", String(24), nullable=False),
    )
    op.create_index("ix_content_keys_due_at", "content_keys", ["due_at"])
    op.create_table(
        "legal_holds",
        Column("id", String(16), primary_key=True),
        Column("scope", String(160), nullable=False),
        Column("reason", Text, nullable=False),
        Column("placed_by", String(160), nullable=False),
        Column("placed_at", String(24), nullable=False),
        Column("released_by", String(160)),
        Column("released_at", String(24)),
        Column("release_reason", Text),
    )
