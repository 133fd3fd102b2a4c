"""The ledger, its tree and checkpoint, policies, keys, signals and usage."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text

revision = "0001"
down_revision = None

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Create everything; one row each for the tree and the signals."""
    op.create_table(
        "records",
        Column("seq", SEQUENCE, primary_key=True, autoincrement=False),
        Column("leaf", LargeBinary(32), nullable=False),
        Column("kind", String(40), nullable=False),
        Column("decision", String(64), nullable=False),
        Column("system", String(64), nullable=False),
        Column("time", String(24), nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    op.create_index("ix_records_decision", "records", ["decision"])
    op.create_index("ix_records_time", "records", ["time"])
    tree = op.create_table(
        "tree",
        Column("id", Integer, primary_key=True),
        Column("size", SEQUENCE, nullable=False),
        Column("frontier", LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoint",
        Column("id", Integer, primary_key=True),
        Column("size", SEQUENCE, nullable=False),
        Column("note", Text, nullable=False),
    )
    op.create_table(
        "policies",
        Column("version", String(64), primary_key=True),
        Column("source", LargeBinary, nullable=False),
    )
    op.create_table(
        "keys",
        Column("id", String(16), primary_key=True),
        Column("system", String(64)),
        Column("person", String(64)),
        Column("digest", LargeBinary(32), nullable=False),
        Column("created_at", String(24), nullable=False),
        Column("revoked_at", String(24)),
    )
    signals = op.create_table(
        "signals",
        Column("id", Integer, primary_key=True),
        Column("epoch", SEQUENCE, nullable=False),
    )
    op.create_table(
        "usage",
        Column("system", String(64), primary_key=True),
        Column("day", String(10), primary_key=True),
        Column("tokens", SEQUENCE, nullable=False),
    )
    op.bulk_insert(tree, [{"id": 1, "size": 0, "frontier": b""}])
    op.bulk_insert(signals, [{"id": 1, "epoch": 1}])
