"""What policy may ask of the past: what a session has used up, and what people approved before. *Edge*: the store.

Both are read from the store each time, by one indexed query in a thread, so they are right across processes and restarts;
for a call that names no session, nothing is read at all.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select

from gateway.audit import NO_SESSION, Counters, read_session
from gateway.storage import Store
from gateway.storage.tables import holds
from gateway.supervision.holds import State
from gateway.supervision.keeping import text_of

APPROVED = (State.APPROVED.value, State.RELEASED.value)


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
        counted = select(func.count()).where(
            holds.c.system == system,
            holds.c.approved_sha256 == sha256,
            holds.c.state.in_(APPROVED),
            holds.c.changed_at >= text_of(since),
        )
        with self._store.read() as connection:
            return int(connection.execute(counted).scalar_one())


class NoHistory:
    """For an installation, or a test, without a store."""

    async def session(self, system: str, session: str) -> Counters:  # noqa: ARG002 - nothing was kept of anything
        """Nothing was used up."""
        return NO_SESSION

    async def approvals(self, system: str, sha256: str, since: datetime) -> int:  # noqa: ARG002 - as above
        """Nothing was approved."""
        return 0
