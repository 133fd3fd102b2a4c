"""Who waits for a hold, and who watches them all. *Edge*: the event loop of one process, and a poll for other processes.

One future for each waiter and no task, thread or timer of its own; one poll for all of them. So ten thousand waiting
holds cost some megabytes and no time. Changes of this process are known at once; those of others within `POLL_S`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from gateway.errors import Fault
from gateway.supervision.held import Held
from gateway.supervision.holds import State
from gateway.supervision.waiting import Holds

POLL_S = 0.1
SWEEP_S = 1.0
QUEUE = 1_000


class Watch:
    """Owned by the composition root, which runs `forever`."""

    def __init__(self, holds: Holds, changed: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """`changed` waits until another process may have changed something, and at most so many seconds."""
        self._holds, self._changed = holds, changed
        self._waiting: dict[str, set[asyncio.Future[Held]]] = {}
        self._watchers: set[asyncio.Queue[Held | None]] = set()
        self._loop = asyncio.get_running_loop()
        self._seen = 0
        holds.tell(self._from_thread)

    def __len__(self) -> int:
        """How many wait here."""
        return sum(map(len, self._waiting.values()))

    def waits_for(self, name: str) -> bool:
        """Whether anybody here waits for a hold."""
        return name in self._waiting

    @asynccontextmanager
    async def waiting(self, name: str) -> AsyncIterator[asyncio.Future[Held]]:
        """A future of the hold once it waits for nobody any more. Raises a 404 `Refusal`, or a `Fault`."""
        future: asyncio.Future[Held] = self._loop.create_future()
        self._waiting.setdefault(name, set()).add(future)
        try:
            await self._begin()
            self._settle([await asyncio.to_thread(self._holds.get, name)])  # after registering: no change is missed
            yield future
        finally:
            waiting = self._waiting[name]
            waiting.discard(future)
            if not waiting:
                del self._waiting[name]

    async def outcome(self, name: str, timeout_s: float) -> Held:
        """The hold once it waits for nobody any more, or as it is after `timeout_s`. Raises a 404 `Refusal`, or a `Fault`."""
        async with self.waiting(name) as decided:
            await asyncio.wait([decided], timeout=timeout_s)
            return decided.result() if decided.done() else await asyncio.to_thread(self._holds.get, name)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[asyncio.Queue[Held | None]]:
        """A queue of every change from now on, of every process; None ends it for whoever fell `QUEUE` changes behind."""
        queue: asyncio.Queue[Held | None] = asyncio.Queue(QUEUE + 1)
        self._watchers.add(queue)
        try:
            await self._begin()
            yield queue
        finally:
            self._watchers.discard(queue)

    async def forever(self) -> None:
        """Take up what other processes change; end what is due."""
        swept = 0.0
        while True:
            await self._changed(POLL_S)
            with suppress(Fault):  # nothing is decided while the store is gone; what is due stays due
                await self._poll()
                if self._loop.time() - swept >= SWEEP_S:
                    swept = self._loop.time()
                    await asyncio.to_thread(self._sweep)

    async def _begin(self) -> None:
        """From which change on the poll looks, if nobody waited before."""
        if self._seen == 0:
            newest = await asyncio.to_thread(self._holds.last_change)
            self._seen = self._seen or newest

    async def _poll(self) -> None:
        if not self._waiting and not self._watchers:
            self._seen = 0
        if self._seen == 0:
            return
        newest = await asyncio.to_thread(self._holds.last_change)
        while self._seen < newest:
            changed = await asyncio.to_thread(self._holds.changed_since, self._seen)
            self._seen = changed[-1].change if changed else newest
            self._settle(changed)
            for queue in self._watchers:
                for held in changed:
                    _put(queue, held)

    def _sweep(self) -> None:
        while self._holds.expire_due():
            pass
        self._holds.destroy_old()

    def _from_thread(self, changed: Sequence[Held]) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it everyone who waited
            self._loop.call_soon_threadsafe(self._settle, changed)

    def _settle(self, changed: Sequence[Held]) -> None:
        for held in changed:
            if held.state is not State.WAITING:
                for future in self._waiting.get(held.id, ()):
                    if not future.done():
                        future.set_result(held)


def _put(queue: asyncio.Queue[Held | None], held: Held) -> None:
    if queue.qsize() < QUEUE:
        queue.put_nowait(held)
    elif not queue.full():
        queue.put_nowait(None)
