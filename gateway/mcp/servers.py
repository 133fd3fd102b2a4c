"""Connections to MCP servers, one for each session of a system. *Edge*. Owned by the composition root.

Nothing that a server remembers of one run goes to another: a connection (with a command: a process) serves one session of
one system. Within bounds: so many connections and requests at once for each server; what served nothing for `idle_s` is
closed, the oldest idle one first when a new one needs its place. A server that failed to open is left alone for a while.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.config import McpFile, McpServer
from gateway.errors import Fault
from gateway.mcp.faults import busy, unreachable
from gateway.supervision import Halt, Subject
from gateway.supervision.scopes import stopping

if TYPE_CHECKING:
    from gateway.mcp.upstream import Connection

SWEEP_S = 1.0
LONGEST_PAUSE_S = 30.0
MOST_ENDED = 10_000
Key = tuple[str, str, str]
"""Server, system, session."""


@dataclass(slots=True)
class Turn:
    """Who opens a connection of one key, one after another; kept for as long as somebody waits for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Servers:
    """What the door keeps in this process: connections, and the requests under way."""

    def __init__(self) -> None:
        self._open: dict[Key, Connection] = {}
        self._turns: dict[Key, Turn] = {}
        self._under_way: Counter[str] = Counter()
        self._failures: dict[str, tuple[int, float]] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._cancels: dict[tuple[str, str | int], Callable[[], None]] = {}

    @asynccontextmanager
    async def running(self, file: McpFile) -> AsyncIterator[None]:
        """From start to stop: no connection, and no child, outlives it."""
        await self.prepare(file)
        keeping = asyncio.create_task(self._forever(), name="vigie-mcp-servers")
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, self.aclose(), return_exceptions=True)

    async def prepare(self, file: McpFile) -> None:
        """Import what a configuration with servers needs, in a thread: it takes a third of a second."""
        if file.servers:
            await asyncio.to_thread(importlib.import_module, "gateway.mcp.door")

    # ── connections

    @asynccontextmanager
    async def connection(self, server: McpServer, system: str, session: str) -> AsyncIterator[Connection]:
        """A connection to use for one request. Raises a `Fault`."""
        if self._under_way[server.id] >= server.concurrent:
            raise busy()
        self._under_way[server.id] += 1
        try:
            one = await self._connected(server, (server.id, system, session))
            one.users += 1
            try:
                yield one
            finally:
                one.users -= 1
                one.used_at = time.monotonic()
                if one.retired and not one.users:
                    one.close()
        finally:
            self._under_way[server.id] -= 1

    async def _connected(self, server: McpServer, key: Key) -> Connection:
        turn = self._turns.setdefault(key, Turn())
        turn.waiting += 1
        try:
            async with turn.lock:
                known = self._open.get(key)
                if known is not None and known.usable and known.server == server:
                    return known
                if known is not None:
                    self._retire(key)
                return await self._opened(server, key)
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[key]

    async def _opened(self, server: McpServer, key: Key) -> Connection:
        from gateway.mcp.upstream import Connection

        failures, until = self._failures.get(server.id, (0, 0.0))
        if time.monotonic() < until:
            raise unreachable()
        self._make_room(server)
        one = self._open[key] = Connection(server)
        try:
            await one.ready()
        except BaseException as error:
            self._drop(key)
            if isinstance(error, Fault):
                pause = min(LONGEST_PAUSE_S, 0.25 * 2**failures)
                self._failures[server.id] = failures + 1, time.monotonic() + pause
            raise
        self._failures.pop(server.id, None)
        return one

    def _make_room(self, server: McpServer) -> None:
        """Close the connection that was idle longest if the server has all that it may. Raises `busy`."""
        own = [(key, one) for key, one in self._open.items() if key[0] == server.id]
        if len(own) >= server.connections:
            idle = [(one.used_at, key) for key, one in own if not one.users]
            if not idle:
                raise busy()
            self._drop(min(idle)[1])

    def _drop(self, key: Key) -> None:
        one = self._open.pop(key, None)
        if one is not None:
            one.close()

    def _retire(self, key: Key) -> None:
        """Its entry changed, or it broke: it ends once the requests that it carries have, and takes no more."""
        one = self._open.pop(key)
        one.retired = True
        if not one.users:
            one.close()

    async def _forever(self) -> None:
        """Close what has been idle for too long, or broke."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now = time.monotonic()
            for key, one in list(self._open.items()):
                if not one.users and one.is_open and (not one.usable or now - one.used_at > one.server.idle_s):
                    self._drop(key)

    def close_halted(self, in_force: Sequence[Halt]) -> None:
        """Close the connections that a halt covers: their processes end, their sessions with the server too."""
        for key, one in list(self._open.items()):
            if stopping(in_force, subject_of(one.server, key[1], key[2])) is not None:
                self._drop(key)

    def close_session(self, server: str, system: str, session: str) -> None:
        """The client ended its session, or a halt did: its id is worth nothing here any more."""
        self._ended[session] = None
        if len(self._ended) > MOST_ENDED:
            self._ended.popitem(last=False)
        self._drop((server, system, session))

    def is_ended(self, session: str) -> bool:
        """Whether `close_session` was called for it in this process."""
        return session in self._ended

    async def aclose(self) -> None:
        """Close every connection and wait, within a bound, until every child has ended."""
        closing = list(self._open.values())
        for key in list(self._open):
            self._drop(key)
        await asyncio.gather(*(one.over() for one in closing), return_exceptions=True)

    # ── requests under way

    @contextmanager
    def under_way(self, session: str, request: str | int, cancel: Callable[[], None]) -> Iterator[None]:
        """A request of a session is being answered; its client may cancel it by its id, by `cancel`."""
        key = session, request
        if session:
            self._cancels[key] = cancel
        try:
            yield
        finally:
            if self._cancels.get(key) is cancel:
                del self._cancels[key]

    def cancel(self, session: str, request: str | int) -> None:
        """The client of a session wants no answer to one of its requests any more. One that is unknown is no matter."""
        cancel = self._cancels.get((session, request))
        if cancel is not None:
            cancel()


def subject_of(server: McpServer, system: str = "", session: str = "", agent: str = "", tool: str = "") -> Subject:
    """What a halt may name: an MCP server is named as a deployment is, by its id and its operator."""
    operator = server.operator.name if server.operator is not None else ""
    return Subject(system=system, agent=agent, session=session, deployment=server.id, operator=operator, tool=tool)
