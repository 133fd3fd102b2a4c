"""Emergency stops."""

from alembic import op
from sqlalchemy import Column, Integer, String, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table of halts."""
    op.create_table(
        "halts",
        Column("id", String(16), primary_key=True),
        Column("scope", String(160), nullable=False),
        Column("reason", Text, nullable=False),
        Column("raised_by", String(160), nullable=False),
        Column("raised_at", String(24), nullable=False),
        Column("drill", Integer, nullable=False),
        Column("lifted_by", String(160)),
        Column("lifted_at", String(24)),
        Column("lift_reason", Text),
    )
