"""What was issued: signed manifests, the fingerprints by which a text is recognised, and the keys that signed."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables. Fingerprints are kept by week, then in the order of their digests, and nothing else: they are
    written near each other, looked up without an index of their own, and forgotten from the beginning.
    """
    op.create_table(
        "manifest_keys",
        Column("kid", String(64), primary_key=True),
        Column("public", LargeBinary(32), nullable=False),
        Column("created_at", String(24), nullable=False),
        Column("revoked_at", String(24)),
    )
    op.create_table(
        "issued",
        Column("decision", String(64), primary_key=True),
        Column("system", String(64), nullable=False),
        Column("time", String(24), nullable=False),
        Column("label", String(64), nullable=False),
        Column("approval", String(96), nullable=False),
        Column("manifest", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fingerprints",
        Column("week", Integer, primary_key=True, autoincrement=False),
        Column("digest", BigInteger, primary_key=True, autoincrement=False),
        Column("decision", LargeBinary(16), primary_key=True),
        sqlite_with_rowid=False,
    )
