"""Who else changed something: a halt, a key, a hold, in another process. *Edge*: a connection that listens.

On PostgreSQL a trigger tells every process of each change of the `signals` row, when it is committed; on SQLite, and when the
listening connection is lost, whoever waits looks for itself once its patience ends. So a missed signal costs a moment, never a
change: what is waited for is always read from the tables.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading

import psycopg
from sqlalchemy import URL

from gateway.storage.store import Store

CHANNEL = "vigie_signals"
STOP_WITHIN_S = 1.0
RETRY_S = 2.0


class Signals:
    """Owned by the composition root, which starts and stops it. `changed` may be awaited by many at once."""

    def __init__(self, store: Store) -> None:
        self._url = None if store.embedded else store.engine.url
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, if the store can tell."""
        if self._url is not None:
            self._thread = threading.Thread(target=self._listen, args=(self._url,), daemon=True, name="vigie-signals")
            self._thread.start()

    async def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, STOP_WITHIN_S * 3)

    async def changed(self, patience_s: float) -> None:
        """Until something changed somewhere, or `patience_s` has passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._changed.wait()

    def _listen(self, url: URL) -> None:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stopping.is_set():
            try:
                with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not self._stopping.is_set():
                        for _ in connection.notifies(timeout=STOP_WITHIN_S, stop_after=1):
                            self._loop.call_soon_threadsafe(self._wake)
            except (psycopg.Error, OSError):
                self._stopping.wait(RETRY_S)
            except RuntimeError:  # the loop has ended, and with it everyone who waited
                return

    def _wake(self) -> None:
        """Let go everyone who waits now; whoever comes next waits for the next change."""
        self._changed.set()
        self._changed.clear()
