"""What sessions have used up, when a hold is told to the next people, and how to find what was approved before.

Sessions are counted from this upgrade on: one that was under way begins again at 0.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String

revision = "0008"
down_revision = "0007"

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Create the tables; holds get the time of their rule after which others are told."""
    op.create_table(
        "sessions",
        Column("system", String(64), primary_key=True),
        Column("session", String(128), primary_key=True),
        Column("started_at", String(24), nullable=False),
        Column("calls", SEQUENCE, nullable=False),
        Column("actions", SEQUENCE, nullable=False),
        Column("tokens", SEQUENCE, nullable=False),
        Column("spend", SEQUENCE, nullable=False),
    )
    op.create_table(
        "session_tools",
        Column("system", String(64), primary_key=True),
        Column("session", String(128), primary_key=True),
        Column("tool", String(256), primary_key=True),
    )
    op.create_table(
        "escalations",
        Column("hold", String(32), primary_key=True),
        Column("step", Integer, nullable=False),
        Column("due_at", String(24), nullable=False, index=True),
    )
    op.add_column("holds", Column("escalate_s", Integer, nullable=False, server_default="0"))
    op.create_index("ix_holds_approved", "holds", ["system", "approved_sha256"])
