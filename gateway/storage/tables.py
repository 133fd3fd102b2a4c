"""The tables, as the newest migration leaves them. *Data*."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")

records = Table(
    "records",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=False, comment="position in the tree, from 0"),
    Column("leaf", LargeBinary(32), nullable=False, comment="RFC 6962 leaf hash of body"),
    Column("kind", String(40), nullable=False),
    Column("decision", String(64), nullable=False, index=True),
    Column("system", String(64), nullable=False),
    Column("time", String(24), nullable=False, index=True, comment="RFC 3339, UTC, milliseconds"),
    Column("body", LargeBinary, nullable=False, comment="canonical JSON, the very bytes that were hashed"),
)

tree = Table(
    "tree",
    metadata,
    Column("id", Integer, primary_key=True, comment="always 1; the row that every writer locks"),
    Column("size", SEQUENCE, nullable=False),
    Column("frontier", LargeBinary, nullable=False, comment="hashes of the complete subtrees, largest first"),
)

subtrees = Table(
    "subtrees",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False, comment="1: of 256 leaves, 2: of 256^2, …"),
    Column("number", SEQUENCE, primary_key=True, autoincrement=False, comment="from 0, in the order of the leaves"),
    Column(
        "hash", LargeBinary(32), nullable=False, comment="root of a complete subtree: what tiles above level 0 hold"
    ),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("id", Integer, primary_key=True, comment="always 1: the newest"),
    Column("size", SEQUENCE, nullable=False),
    Column("note", Text, nullable=False, comment="C2SP signed note"),
)

policies = Table(
    "policies",
    metadata,
    Column("version", String(64), primary_key=True, comment="SHA-256 of source"),
    Column("source", LargeBinary, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("system", String(64)),
    Column("person", String(64)),
    Column("digest", LargeBinary(32), nullable=False, comment="keyed BLAKE2b of the secret part"),
    Column("created_at", String(24), nullable=False),
    Column("revoked_at", String(24)),
)

signals = Table(
    "signals",
    metadata,
    Column("id", Integer, primary_key=True, comment="always 1"),
    Column("epoch", SEQUENCE, nullable=False, comment="grows with every change that running gateways must see"),
)

halts = Table(
    "halts",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("scope", String(160), nullable=False, comment="all, or KIND:NAME"),
    Column("reason", Text, nullable=False),
    Column("raised_by", String(160), nullable=False, comment="a person, or host:USER"),
    Column("raised_at", String(24), nullable=False),
    Column("drill", Integer, nullable=False, comment="1 for an exercise"),
    Column("lifted_by", String(160)),
    Column("lifted_at", String(24)),
    Column("lift_reason", Text),
)

suspensions = Table(
    "suspensions",
    metadata,
    Column("deployment", String(64), primary_key=True),
    Column("verification", String(64), primary_key=True, comment="SHA-256 of the entry's `verified`, as it was then"),
    Column("decision", String(64), nullable=False, comment="the call whose answer contradicted the entry"),
    Column("since", String(24), nullable=False),
)

usage = Table(
    "usage",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("day", String(10), primary_key=True, comment="the body's own date"),
    Column("tokens", SEQUENCE, nullable=False),
)
