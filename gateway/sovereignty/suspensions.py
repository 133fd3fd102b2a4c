"""Deployments whose answers contradicted their entry: not called again until a person has verified the entry anew.

A suspension is of a deployment **as it was verified**: a new verification (another date, source, person or expiry, which
only a person of the body can give) lifts it, and nothing else does: not time, not a restart, not another edit. *Edge*
for `KeptSuspensions`, which keeps them in the store: the record, the row and the new epoch are one transaction, so every
other process learns of it from the epoch of its next `call.opened`, before that call leaves.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Protocol

from sqlalchemy import insert, select, update

from gateway.audit import Entry, now_text, write_entries
from gateway.config import Deployment
from gateway.storage import Store
from gateway.storage.tables import signals, suspensions, tree


class Suspensions(Protocol):
    """What the way of a call asks."""

    def suspended(self, deployment: Deployment) -> bool: ...

    async def suspend(self, deployment: Deployment, decision: str, /) -> None: ...

    async def refresh(self, epoch: int, /) -> None: ...


def verification(deployment: Deployment) -> str:
    """What identifies the verification of an entry: a hash; of one that was never verified as well."""
    verified = deployment.verified
    return hashlib.sha256(verified.model_dump_json().encode() if verified is not None else b"").hexdigest()


class RememberedSuspensions:
    """In memory only: for one process, without a store."""

    def __init__(self) -> None:
        self._known: frozenset[tuple[str, str]] = frozenset()

    def suspended(self, deployment: Deployment) -> bool:
        """Whether it was suspended since its entry was last verified."""
        return bool(self._known) and (deployment.id, verification(deployment)) in self._known

    async def suspend(self, deployment: Deployment, _decision: str, /) -> None:
        """An answer of its own contradicted its entry."""
        self._known |= {(deployment.id, verification(deployment))}

    async def refresh(self, _epoch: int, /) -> None:
        """Nothing else knows of any."""


class KeptSuspensions(RememberedSuspensions):
    """In the store, and in memory as of the last epoch that this process saw."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store, self._epoch = store, 0

    async def suspend(self, deployment: Deployment, decision: str, /) -> None:
        """At once in this process; durable and known to all when it returns. Raises `StoreUnavailable`."""
        await super().suspend(deployment, decision)
        await asyncio.to_thread(self._keep, deployment, decision)

    async def refresh(self, epoch: int, /) -> None:
        """Read again unless known as of `epoch`. Raises `StoreUnavailable`."""
        if self._epoch == 0 or self._epoch < epoch:
            await asyncio.to_thread(self._read)

    def _keep(self, deployment: Deployment, decision: str) -> None:
        name, verified, now = deployment.id, verification(deployment), now_text()
        row = {"deployment": name, "verification": verified}
        with self._store.write() as connection:
            connection.execute(select(tree.c.size).with_for_update()).one()
            if connection.execute(select(suspensions).filter_by(**row)).first() is not None:
                return
            connection.execute(insert(suspensions).values(**row, decision=decision, since=now))
            connection.execute(update(signals).values(epoch=signals.c.epoch + 1))
            record = {"kind": "deployment.suspended", "id": f"s-{name}.{verified[:16]}", "time": now, **row}
            write_entries(connection, [Entry.of({**record, "decision": decision, "reason": "residency_contradicted"})])

    def _read(self) -> None:
        with self._store.read() as connection:
            epoch = connection.execute(select(signals.c.epoch)).scalar_one()
            rows = connection.execute(select(suspensions.c.deployment, suspensions.c.verification)).all()
        self._known |= {(row.deployment, row.verification) for row in rows}
        self._epoch = epoch
