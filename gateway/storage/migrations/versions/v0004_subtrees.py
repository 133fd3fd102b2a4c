"""The hashes of the tree's complete subtrees of 256 leaves and more, so that tiles and proofs are read, not recomputed."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, text

revision = "0004"
down_revision = "0003"

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Create the table, and fill it from the leaves that are there."""
    subtrees = op.create_table(
        "subtrees",
        Column("level", Integer, primary_key=True, autoincrement=False),
        Column("number", SEQUENCE, primary_key=True, autoincrement=False),
        Column("hash", LargeBinary(32), nullable=False),
    )
    rows = list(_complete(op.get_bind()))
    if rows:
        op.bulk_insert(subtrees, rows)


def _complete(connection: Connection) -> Iterator[dict[str, Any]]:
    """RFC 6962, written out here: a migration does today what it did when it was written."""
    hashes: list[bytes] = []
    in_order = text("SELECT seq, leaf FROM records ORDER BY seq").execution_options(yield_per=2_000)
    for seq, leaf in connection.execute(in_order):
        index, level, value = seq, 0, bytes(leaf)
        while index & 1:
            value = sha256(b"\x01" + hashes.pop() + value).digest()
            index >>= 1
            level += 1
            if level % 8 == 0:
                yield {"level": level // 8, "number": index, "hash": value}
        hashes.append(value)
