"""What the MCP door needs of the house, and the door itself, which costs nothing until a server is configured. *Edge*."""

from __future__ import annotations

from typing import Protocol

from starlette.types import Receive, Scope, Send

from gateway.config import Configuration
from gateway.mcp.servers import Servers
from gateway.parts import Parts
from gateway.supervision import Holds, Watch


class Kept(Protocol):
    """The parts of the house that the door works with."""

    @property
    def configuration(self) -> Configuration: ...

    @property
    def parts(self) -> Parts: ...

    @property
    def holds(self) -> Holds: ...

    @property
    def watch(self) -> Watch: ...

    @property
    def servers(self) -> Servers: ...

    @property
    def user_key(self) -> bytes: ...


class Door:
    """`/mcp/{server}`, as an ASGI endpoint. Imports what it needs at the first request, if a start did not."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        from gateway.mcp.door import serve

        await serve(scope, receive, send, scope["app"].state.house)
