"""What a session (one run of an agent) has used up, counted from the ledger's own records. *Edge*: the store.

Counters are written in the transaction of the records that they count, so they are never more or less than the ledger
says, after `kill -9` and in any number of processes; and they are read from the store, by one query on a primary key, only
for what names a session. What is under way is not in them yet: of calls made at the same time, each sees those before.
Rows are not removed: each is smaller than the records it counts, which stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.storage import Prepared, Store
from gateway.storage.tables import session_tools, sessions

LONGEST_TOOL = 256


@dataclass(frozen=True, slots=True)
class Counters:
    """A session so far. `spend`: billionths of the currency; `since`: RFC 3339, UTC, or nothing for no session."""

    calls: int = 0
    actions: int = 0
    distinct_tools: int = 0
    tokens: int = 0
    spend: int = 0
    since: str = ""


NO_SESSION = Counters()


@dataclass(frozen=True, slots=True)
class Spent:
    """What one record adds to its session. `tools`: one name for each action that policy decided on."""

    system: str
    session: str
    time: str
    calls: int = 0
    tools: tuple[str, ...] = ()
    tokens: int = 0
    spend: int = 0


def spent_by(record: Mapping[str, Any]) -> Spent | None:
    """What a record adds to a session, or None.

    `call.opened` is a call; `usage` its tokens and its cost (`cost_billionths`); each of `actions`, or the `tool` of an
    `action.asked`, is an action.
    """
    session, system, kind = record.get("session", ""), record.get("system", ""), record["kind"]
    if not session or not system:
        return None
    used = record.get("usage") or {}
    actions = [str(one["tool"])[:LONGEST_TOOL] for one in record.get("actions") or ()]
    if kind == "action.asked" and record.get("tool"):
        actions.append(str(record["tool"])[:LONGEST_TOOL])
    calls, tokens = int(kind == "call.opened"), used.get("input_tokens", 0) + used.get("output_tokens", 0)
    spend = used.get("cost_billionths", 0)
    if not (calls or tokens or spend or actions):
        return None
    return Spent(system, session, record["time"], calls, tuple(actions), tokens, spend)


def count_sessions(connection: Connection, spent: Sequence[Spent]) -> None:
    """Add to the sessions, in the transaction of the records."""
    if not spent:
        return
    together: dict[tuple[str, str], dict[str, Any]] = {}
    tools: set[tuple[str, str, str]] = set()
    for one in spent:
        new = {"system": one.system, "session": one.session, "started_at": one.time}
        row = together.setdefault((one.system, one.session), {**new, "calls": 0, "actions": 0, "tokens": 0, "spend": 0})
        row["calls"] += one.calls
        row["actions"] += len(one.tools)
        row["tokens"] += one.tokens
        row["spend"] += one.spend
        tools.update((one.system, one.session, tool) for tool in one.tools)
    _ADD.run(connection, list(together.values()))
    if tools:
        _NAME.run(connection, [dict(zip(("system", "session", "tool"), one, strict=True)) for one in sorted(tools)])


def read_session(store: Store, system: str, session: str) -> Counters:
    """A session as the ledger has it now. Raises `StoreUnavailable`."""
    with store.read() as connection:
        try:
            row = _READ.one(connection, {"of_system": system, "of_session": session})
        except LookupError:
            return NO_SESSION
    return Counters(*row)


def _adding(dialect: str) -> Any:
    added = (sqlite if dialect == "sqlite" else postgresql).insert(sessions)
    names = ("calls", "actions", "tokens", "spend")
    return added.on_conflict_do_update(
        index_elements=["system", "session"], set_={name: sessions.c[name] + added.excluded[name] for name in names}
    )


def _naming(dialect: str) -> Any:
    return (sqlite if dialect == "sqlite" else postgresql).insert(session_tools).on_conflict_do_nothing()


def _reading(_: str) -> Any:
    system: Any = bindparam("of_system")
    session: Any = bindparam("of_session")
    named = select(func.count()).where(session_tools.c.system == system, session_tools.c.session == session)
    one = sessions.c
    columns = one.calls, one.actions, named.scalar_subquery(), one.tokens, one.spend, one.started_at
    return select(*columns).where(one.system == system, one.session == session)


_ADD, _NAME, _READ = Prepared(_adding), Prepared(_naming), Prepared(_reading)
