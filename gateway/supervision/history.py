"""What policy may ask of the past: what a session has used up, and what people approved before. *Edge*: the store.

Both are read from the store each time, by one indexed query in a thread, so they are right across processes and restarts;
for a call that names no session, nothing is read at all.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import bindparam, func, select

from gateway.audit import NO_SESSION, Counters, read_session
from gateway.storage import Prepared, Store
from gateway.storage.tables import holds
from gateway.supervision.holds import State
from gateway.supervision.keeping import text_of

LET_GO = {"approved": State.APPROVED.value, "released": State.RELEASED.value}


def _counting(_: str) -> Any:
    """Holds of exactly this action that people let go, and that were used or still may be."""
    names = ("of_system", "of_sha256", "since", "approved", "released")
    system, sha256, since, approved, released = (bindparam(name) for name in names)  # type: ignore[var-annotated]
    same = (holds.c.system == system) & (holds.c.approved_sha256 == sha256)
    let_go = (holds.c.state == approved) | (holds.c.state == released)
    return select(func.count()).where(same, let_go, holds.c.changed_at >= since)


_APPROVALS = Prepared(_counting)


class History(Protocol):
    """As the way of a call needs it. Raises a `Fault` when the store does not answer."""

    async def session(self, system: str, session: str) -> Counters: ...

    async def approvals(self, system: str, sha256: str, since: datetime) -> int: ...


class KeptHistory:
    """The history that the store keeps."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def session(self, system: str, session: str) -> Counters:
        """The session so far; all 0 for a call without one. Raises `StoreUnavailable`."""
        if not session:
            return NO_SESSION
        return await asyncio.to_thread(read_session, self._store, system, session)

    async def approvals(self, system: str, sha256: str, since: datetime) -> int:
        """How often people let exactly this action of this system go. Raises `StoreUnavailable`."""
        return await asyncio.to_thread(self._approvals, system, sha256, since)

    def _approvals(self, system: str, sha256: str, since: datetime) -> int:
        with self._store.read() as connection:
            values = {"of_system": system, "of_sha256": sha256, "since": text_of(since), **LET_GO}
            return int(_APPROVALS.one(connection, values)[0])


class NoHistory:
    """For an installation, or a test, without a store."""

    async def session(self, system: str, session: str) -> Counters:  # noqa: ARG002 - nothing was kept of anything
        """Nothing was used up."""
        return NO_SESSION

    async def approvals(self, system: str, sha256: str, since: datetime) -> int:  # noqa: ARG002 - as above
        """Nothing was approved."""
        return 0
