"""The tables, as the newest migration leaves them. *Data*."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

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
    Column(
        "held", SEQUENCE, nullable=False, server_default="1", comment="the same for holds, which calls do not wait for"
    ),
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

sessions = Table(
    "sessions",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("session", String(128), primary_key=True),
    Column("started_at", String(24), nullable=False, comment="of its first record that counts"),
    Column("calls", SEQUENCE, nullable=False, comment="that left for a provider"),
    Column("actions", SEQUENCE, nullable=False, comment="that policy decided on"),
    Column("tokens", SEQUENCE, nullable=False),
    Column("spend", SEQUENCE, nullable=False, comment="billionths of the currency of the catalogue's prices"),
)

session_tools = Table(
    "session_tools",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("session", String(128), primary_key=True),
    Column("tool", String(256), primary_key=True, comment="that an action of the session named"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("change", SEQUENCE, nullable=False, index=True, comment="signals.held as this row last changed"),
    Column("system", String(64), nullable=False),
    Column("session", String(128), nullable=False),
    Column("subject", Text, nullable=False, comment="the names that a halt may name, as JSON"),
    Column("decision", String(64), nullable=False, comment="of the call that proposed the action"),
    Column("door", String(16), nullable=False, comment="which API the action came through"),
    Column("requester", String(160), nullable=False, comment="whoever must not approve"),
    Column("join_key", String(64), nullable=False, comment="keyed hash of the request, so that a retry joins"),
    Column("position", Integer, nullable=False, comment="which action of the request"),
    Column("joined", SEQUENCE, nullable=False, comment="signals.held as somebody last came to wait for it"),
    Column("tool", String(256), nullable=False),
    Column("action_sha256", String(64), nullable=False),
    Column("approved_sha256", String(64), nullable=False),
    Column("entities", Text, nullable=False, comment="types of findings in the arguments, as JSON: type to count"),
    Column("policy", String(64), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("code", String(64), nullable=False),
    Column("reason_fr", Text, nullable=False),
    Column("reason_en", Text, nullable=False),
    Column("approvals_needed", Integer, nullable=False),
    Column("created_at", String(24), nullable=False, index=True),
    Column("expires_at", String(24), nullable=False),
    Column(
        "escalate_s",
        Integer,
        nullable=False,
        server_default="0",
        comment="when others are told, as the rule says; 0: unsaid",
    ),
    Column("changed_at", String(24), nullable=False),
    Column("delivered_at", String(24), comment="when its requester was told the end"),
    Column("halt", String(16), nullable=False, comment="what cancelled it, if a halt did"),
    Column("ended_because", String(24), nullable=False),
    Column("wrapped", LargeBinary, comment="the data key, wrapped; NULL once destroyed"),
    Column("sealed", LargeBinary, comment="the action, encrypted; NULL once destroyed"),
    Column("edited", LargeBinary, comment="the action as a person edited it, encrypted"),
    Index("ix_holds_state", "state", "expires_at"),
    Index("ix_holds_join_key", "join_key", "position"),
    Index("ix_holds_session", "system", "session"),
    Index("ix_holds_approved", "system", "approved_sha256"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("hold", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("person", String(64), nullable=False),
    Column("verdict", String(12), nullable=False, comment="approved, edited or denied"),
    Column("at", String(24), nullable=False),
    Column("sha256", String(64), nullable=False, comment="the action that the verdict is on"),
    Column("counts", Integer, nullable=False, comment="0 for an approval of what was edited afterwards"),
    Column("said", Text, nullable=False, comment="comment or reason, findings masked"),
    Column("shown_at", String(24), comment="when this person was first shown the hold"),
)

shown = Table(
    "shown",
    metadata,
    Column("hold", String(32), primary_key=True),
    Column("person", String(64), primary_key=True),
    Column("at", String(24), nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", String(96), primary_key=True, comment="what happened: a receiver sees it once"),
    Column("hook", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", String(24), nullable=False),
    Column("done_at", String(24)),
    Column("outcome", String(24), nullable=False),
    Index("ix_notices_next_at", "done_at", "next_at"),
)

contents = Table(
    "contents",
    metadata,
    Column("decision", String(64), primary_key=True),
    Column("part", String(8), primary_key=True, comment="prompt or answer"),
    Column("system", String(64), nullable=False),
    Column("sha256", String(64), nullable=False, comment="of sealed: what the ledger holds"),
    Column("bytes", SEQUENCE, nullable=False, comment="of sealed"),
    Column("kept_at", String(24), nullable=False),
    Column("due_at", String(24), nullable=False, comment="when its retention ends, as it was when it was kept"),
    Column("sealed", LargeBinary, comment="what was said, encrypted; NULL once destroyed"),
    Column("destroy_by", String(160), comment="a person, or schedule: from here on it is read no more"),
    Column("destroy_why", Text),
    Column("destroy_at", String(24)),
    Column("destroyed_at", String(24), comment="when its key was gone"),
    Index("ix_contents_due_at", "destroyed_at", "due_at"),
    Index("ix_contents_kept_at", "kept_at"),
)

content_keys = Table(  # in a database of its own where it can be (see gateway.content.keys)
    "content_keys",
    metadata,
    Column("decision", String(64), primary_key=True),
    Column("part", String(8), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False, comment="the data key, wrapped by the system's key"),
    Column("due_at", String(24), nullable=False, index=True),
)

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("scope", String(160), nullable=False, comment="decision:ID or system:ID"),
    Column("reason", Text, nullable=False),
    Column("placed_by", String(160), nullable=False),
    Column("placed_at", String(24), nullable=False),
    Column("released_by", String(160)),
    Column("released_at", String(24)),
    Column("release_reason", Text),
)

manifest_keys = Table(
    "manifest_keys",
    metadata,
    Column("kid", String(64), primary_key=True, comment="RFC 7638 thumbprint"),
    Column("public", LargeBinary(32), nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("revoked_at", String(24), comment="when it was no longer to be trusted; NULL for a key that retired well"),
)

issued = Table(
    "issued",
    metadata,
    Column("decision", String(64), primary_key=True),
    Column("system", String(64), nullable=False),
    Column("time", String(24), nullable=False),
    Column("label", String(64), nullable=False),
    Column(
        "approval", String(96), nullable=False, comment="id of the record by which a person approved the text, or empty"
    ),
    Column("manifest", LargeBinary, nullable=False, comment="encrypted: its content hash could tell a short text"),
    sqlite_with_rowid=False,
)

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("week", Integer, primary_key=True, autoincrement=False, comment="of the decision, since 1970"),
    Column(
        "digest",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="keyed; of a text, or of a passage of it",
    ),
    Column("decision", LargeBinary(16), primary_key=True, comment="its 32 hexadecimal digits"),
    sqlite_with_rowid=False,
)

escalations = Table(
    "escalations",
    metadata,
    Column("hold", String(32), primary_key=True),
    Column("step", Integer, nullable=False, comment="which step of the configuration is next, from 0"),
    Column("due_at", String(24), nullable=False, index=True),
)
