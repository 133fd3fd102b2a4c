"""Deployments that are suspended, as they were verified."""

from alembic import op
from sqlalchemy import Column, String

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One row for each deployment and verification that an answer contradicted."""
    op.create_table(
        "suspensions",
        Column("deployment", String(64), primary_key=True),
        Column("verification", String(64), primary_key=True),
        Column("decision", String(64), nullable=False),
        Column("since", String(24), nullable=False),
    )
