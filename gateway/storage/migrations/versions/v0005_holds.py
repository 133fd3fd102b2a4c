"""Held actions, who decided on them, what each person was shown, and notices on their way."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text

revision = "0005"
down_revision = "0004"

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Create the tables; the signals get a counter of their own for holds, so that calls do not look up for them."""
    op.add_column("signals", Column("held", SEQUENCE, nullable=False, server_default="1"))
    op.create_table(
        "holds",
        Column("id", String(32), primary_key=True),
        Column("state", String(12), nullable=False),
        Column("change", SEQUENCE, nullable=False),
        Column("system", String(64), nullable=False),
        Column("session", String(128), nullable=False),
        Column("subject", Text, nullable=False),
        Column("decision", String(64), nullable=False),
        Column("door", String(16), nullable=False),
        Column("requester", String(160), nullable=False),
        Column("join_key", String(64), nullable=False),
        Column("position", Integer, nullable=False),
        Column("tool", String(256), nullable=False),
        Column("action_sha256", String(64), nullable=False),
        Column("approved_sha256", String(64), nullable=False),
        Column("entities", Text, nullable=False),
        Column("policy", String(64), nullable=False),
        Column("rule", String(64), nullable=False),
        Column("code", String(64), nullable=False),
        Column("reason_fr", Text, nullable=False),
        Column("reason_en", Text, nullable=False),
        Column("approvals_needed", Integer, nullable=False),
        Column("created_at", String(24), nullable=False),
        Column("expires_at", String(24), nullable=False),
        Column("changed_at", String(24), nullable=False),
        Column("delivered_at", String(24)),
        Column("halt", String(16), nullable=False),
        Column("ended_because", String(24), nullable=False),
        Column("wrapped", LargeBinary),
        Column("sealed", LargeBinary),
        Column("edited", LargeBinary),
    )
    op.create_index("ix_holds_state", "holds", ["state", "expires_at"])
    op.create_index("ix_holds_change", "holds", ["change"])
    op.create_index("ix_holds_join_key", "holds", ["join_key", "position"])
    op.create_index("ix_holds_session", "holds", ["system", "session"])
    op.create_index("ix_holds_created_at", "holds", ["created_at"])
    op.create_table(
        "verdicts",
        Column("hold", String(32), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("person", String(64), nullable=False),
        Column("verdict", String(12), nullable=False),
        Column("at", String(24), nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("counts", Integer, nullable=False),
        Column("said", Text, nullable=False),
        Column("shown_at", String(24)),
    )
    op.create_table(
        "shown",
        Column("hold", String(32), primary_key=True),
        Column("person", String(64), primary_key=True),
        Column("at", String(24), nullable=False),
    )
    op.create_table(
        "notices",
        Column("id", String(96), primary_key=True),
        Column("hook", String(64), primary_key=True),
        Column("body", LargeBinary, nullable=False),
        Column("tries", Integer, nullable=False),
        Column("next_at", String(24), nullable=False),
        Column("done_at", String(24)),
        Column("outcome", String(24), nullable=False),
    )
    op.create_index("ix_notices_next_at", "notices", ["done_at", "next_at"])
