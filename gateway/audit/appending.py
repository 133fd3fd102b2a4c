"""One transaction of the ledger: records, their leaves, the tree's frontier and the counters of use. *Edge*.

Whoever appends (the writer's thread, a command, a change of keys) does so here, in a transaction of the caller's. The
tree's row is locked first, so sequence numbers have no gap and no double, whatever the number of processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.audit.merkle import TILE_WIDTH, Frontier, leaf_hash
from gateway.audit.records import canonical
from gateway.audit.sessions import Spent, count_sessions, spent_by
from gateway.errors import Fault, Message
from gateway.storage import Prepared, Store
from gateway.storage.tables import records, signals, subtrees, tree, usage

LAST_OF_TILE = TILE_WIDTH - 1
LONGEST = 65_535
"""Bytes of a record: the length of an entry of a C2SP entry bundle has 16 bits."""


class RecordTooLarge(Fault):
    """A record that the ledger's open format cannot hold. What it was to precede must not happen."""

    code = "record_too_large"
    status = 413


@dataclass(frozen=True, slots=True)
class Entry:
    """A record on its way, in canonical bytes, with the columns that the store is searched by.

    `tokens` are added to the usage of `system` on `day`, the body's own date; `spent` to its session.
    """

    kind: str
    decision: str
    system: str
    time: str
    body: bytes
    tokens: int = 0
    day: str = ""
    spent: Spent | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Entry:
        """Raises `ValueError` for what a record may not hold, `RecordTooLarge` for too much of it."""
        used = record.get("usage") or {}
        body = canonical(record)
        if len(body) > LONGEST:
            raise RecordTooLarge(
                Message(
                    "La demande nomme trop d'outils ou de champs pour être inscrite au registre.",
                    "The request names too many tools or fields to be recorded in the ledger.",
                ),
                Message("Réduire leur nombre ou leur longueur.", "Make them fewer or shorter."),
            )
        return cls(
            record["kind"],
            record.get("decision", ""),
            record.get("system", ""),
            record["time"],
            body,
            used.get("input_tokens", 0) + used.get("output_tokens", 0),
            used.get("day", ""),
            spent_by(record),
        )


_HEAD = Prepared(lambda _: select(tree.c.size, tree.c.frontier, signals.c.epoch).with_for_update(of=tree))
_INSERT = Prepared(lambda _: insert(records))
_FILL = Prepared(lambda _: insert(subtrees))
_GROW = Prepared(lambda _: update(tree).values(size=bindparam("new_size"), frontier=bindparam("new_frontier")))


def _adding(dialect: str) -> Any:
    added = (sqlite if dialect == "sqlite" else postgresql).insert(usage)
    return added.on_conflict_do_update(
        index_elements=["system", "day"], set_={"tokens": usage.c.tokens + added.excluded.tokens}
    ).returning(usage.c.tokens)


_ADD_USAGE = Prepared(_adding)


def write_entries(connection: Connection, entries: Sequence[Entry]) -> tuple[int, int, dict[tuple[str, str], int]]:
    """Append in one transaction: (first sequence number, epoch, new usage totals). Locks the tree's row."""
    first, packed, epoch = _HEAD.one(connection)
    frontier = Frontier(first, bytes(packed))
    rows: list[dict[str, Any]] = []
    filled: list[dict[str, Any]] = []
    for entry in entries:
        leaf = leaf_hash(entry.body)
        rows.append(
            {
                "seq": frontier.size,
                "leaf": leaf,
                "kind": entry.kind,
                "decision": entry.decision,
                "system": entry.system,
                "time": entry.time,
                "body": entry.body,
            }
        )
        if frontier.size & LAST_OF_TILE == LAST_OF_TILE:
            filled += [{"level": one[0], "number": one[1], "hash": one[2]} for one in frontier.fill(leaf)]
        else:
            frontier.push(leaf)
    _INSERT.run(connection, rows)
    if filled:
        _FILL.run(connection, filled)
    _GROW.run(connection, [{"new_size": frontier.size, "new_frontier": frontier.pack()}])
    count_sessions(connection, [entry.spent for entry in entries if entry.spent is not None])
    return first, epoch, _count(connection, entries)


def append_now(store: Store, written: Sequence[Mapping[str, Any]]) -> None:
    """Append from a command that has no event loop. The next checkpoint covers it. Raises `StoreUnavailable`."""
    with store.write() as connection:
        write_entries(connection, [Entry.of(record) for record in written])


def _count(connection: Connection, entries: Sequence[Entry]) -> dict[tuple[str, str], int]:
    """Add the tokens of closed calls to their system's day; the new totals."""
    added: dict[tuple[str, str], int] = {}
    for entry in entries:
        if entry.tokens and entry.system and entry.day:
            key = entry.system, entry.day
            added[key] = added.get(key, 0) + entry.tokens
    return {
        (system, day): _ADD_USAGE.one(connection, {"system": system, "day": day, "tokens": tokens})[0]
        for (system, day), tokens in added.items()
    }
