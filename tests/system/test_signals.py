"""What one process changes, others learn at once where the store can tell them, and soon where it cannot."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import make_url, text

from gateway.storage import Signals, Store, open_store
from gateway.supervision import Halts, Scope


async def listening(store: Store) -> Signals:
    """Signals that are known to listen."""
    signals = Signals(store)
    signals.start()
    async with asyncio.timeout(20):
        while not await heard(signals, store):
            pass
    return signals


async def heard(signals: Signals, store: Store) -> bool:
    """Whether a change made now is heard within a second, by two who wait."""
    waiting = [asyncio.create_task(signals.changed(60)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.to_thread(Halts(store).raise_now, Scope.parse("tool:essai"), "essai", "s.gagnon")
    _, left = await asyncio.wait(waiting, timeout=1)
    for one in left:
        one.cancel()
    return not left


async def test_a_change_in_another_process_is_heard_and_a_lost_connection_is_made_again(postgresql: str) -> None:
    root = make_url(postgresql).set(drivername="postgresql+psycopg")
    store = open_store(root.render_as_string(hide_password=False))
    store.upgrade()
    other: Any = open_store(root.render_as_string(hide_password=False))
    signals = await listening(store)
    try:
        assert await heard(signals, other)
        with other.write() as connection:
            ended = connection.execute(
                text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'")
            )
            assert ended.scalar_one() == 1
        async with asyncio.timeout(20):
            while not await heard(signals, other):
                pass
    finally:
        await signals.stop()
        store.close()
        other.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_where_nobody_tells_whoever_waits_looks_for_itself(store: Store) -> None:
    signals = Signals(store)
    signals.start()
    async with asyncio.timeout(5):
        await signals.changed(0.05)
    await signals.stop()
