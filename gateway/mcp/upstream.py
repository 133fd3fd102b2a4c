"""One connection to one MCP server, by the SDK's own client. *Edge*. It speaks whichever revision the server speaks.

The client lives in one task from beginning to end, as the SDK's task groups ask; requests come from other tasks. The
server is offered nothing of ours: no sampling, no elicitation, no roots, so that what it asks is refused by the SDK itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import httpx2
import mcp_types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pydantic import TypeAdapter, ValidationError

from gateway import __version__
from gateway.config import Current, McpServer, Timeouts
from gateway.errors import Fault
from gateway.mcp import faults
from gateway.mcp.child import child
from gateway.mcp.faults import ServerFault, ServerSaid
from gateway.mcp.through import Through
from gateway.providers.egress import Destination, Egress

TOOLS_FOR_S = 30.0
ASK_AGAIN_S = 1.0
MOST_PAGES = 50
MOST_LISTED = 5_000
CLOSE_WITHIN_S = 5.0
RAW: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_FAULTS = {"provider_timeout": faults.timed_out, "provider_unreachable": faults.unreachable}

for _name in ("mcp", "client", "httpx2"):  # they log what they cannot read, which may be anything
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Plain(mcp_types.Request[dict[str, Any] | None, str]):
    """A request of any method, its parameters as they are."""


class Connection:
    """Owned by `Servers`, which counts its `users`."""

    def __init__(self, server: McpServer) -> None:
        self.server = server
        self.users, self.used_at, self.retired = 0, time.monotonic(), False
        self._closing = asyncio.Event()
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._tools: dict[str, dict[str, Any]] = {}
        self._listed_at = 0.0
        self._listing = asyncio.Lock()
        self._task = asyncio.create_task(self._live(), name=f"vigie-mcp-{server.id}")

    @property
    def is_open(self) -> bool:
        """Whether it was opened."""
        return self._ready.done()

    @property
    def usable(self) -> bool:
        """Whether requests can still be made."""
        return not self._closing.is_set() and not self._task.done()

    @property
    def client(self) -> Client:
        """The SDK's client, once `ready`."""
        return self._ready.result()

    async def ready(self) -> None:
        """Wait until it is open. Raises a `ServerFault`."""
        try:
            async with asyncio.timeout(self.server.timeout_s):
                await asyncio.shield(self._ready)
        except TimeoutError:
            raise faults.timed_out() from None

    def close(self) -> None:
        """End it; requests under way fail."""
        self._closing.set()
        if not self._ready.done():
            self._task.cancel()

    async def over(self) -> None:
        """Wait until it has ended, within `CLOSE_WITHIN_S`."""
        await asyncio.wait([self._task], timeout=CLOSE_WITHIN_S)
        self._task.cancel()

    # ── requests

    async def request(self, method: str, params: dict[str, Any] | None) -> dict[str, Any]:
        """The result of a request, as the server gave it. Raises a `ServerFault`, or `ServerSaid`."""
        request = Plain(method=method, params=params)
        try:
            async with asyncio.timeout(self.server.timeout_s):
                result = await self._sent(request)
        except TimeoutError:
            raise faults.timed_out() from None
        except MCPError as error:
            raise self._said(error) from None
        except (ValidationError, ValueError, RuntimeError):
            raise faults.broke_protocol() from None
        if result.get("resultType", "complete") != "complete":
            raise faults.wants_input()
        return result

    async def _sent(self, request: Plain) -> dict[str, Any]:
        """Send, and wait for the answer or for the end of the connection, whichever comes first."""
        asking = asyncio.ensure_future(self.client.session.send_request(request, RAW))  # type: ignore[type-var]  # as it came
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({asking, closing, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise faults.unreachable()
            return asking.result()
        finally:
            closing.cancel()
            if not asking.done():
                asking.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await asking

    async def pages(self, method: str, key: str) -> list[dict[str, Any]]:
        """Everything that a list method lists, within bounds. Raises as `request` does."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            result = await self.request(method, {"cursor": cursor} if cursor is not None else {})
            found += result[key]
            cursor = result.get("nextCursor")
            if cursor is None:
                return found
            if len(found) > MOST_LISTED:
                break
        raise faults.broke_protocol()

    async def tools(self) -> dict[str, dict[str, Any]]:
        """The server's tools by name, listed at most every `TOOLS_FOR_S`. Raises as `request` does."""
        async with self._listing:
            if time.monotonic() - self._listed_at > TOOLS_FOR_S or not self._listed_at:
                await self._list_tools()
        return self._tools

    async def tool(self, name: str) -> dict[str, Any] | None:
        """One tool; the list is asked for again if it is not there. Raises as `request` does."""
        if name not in await self.tools():
            async with self._listing:
                if time.monotonic() - self._listed_at > ASK_AGAIN_S:
                    await self._list_tools()
        return self._tools.get(name)

    async def _list_tools(self) -> None:
        """By the SDK, which learns which arguments go into headers. Tools that it leaves out are no tools."""
        tools: dict[str, dict[str, Any]] = {}
        cursor: str | None = None
        try:
            async with asyncio.timeout(self.server.timeout_s):
                for _ in range(MOST_PAGES):
                    page = await self.client.session.list_tools(
                        params=mcp_types.PaginatedRequestParams(cursor=cursor) if cursor is not None else None
                    )
                    for tool in page.tools:
                        tools[tool.name] = tool.model_dump(by_alias=True, mode="json", exclude_none=True)
                    cursor = page.next_cursor
                    if cursor is None or len(tools) > MOST_LISTED:
                        break
        except TimeoutError:
            raise faults.timed_out() from None
        except MCPError as error:
            if error.error.code == mcp_types.METHOD_NOT_FOUND:  # a server without tools
                cursor = None
            else:
                raise self._said(error) from None
        except (ValidationError, ValueError, RuntimeError):
            raise faults.broke_protocol() from None
        if cursor is not None:
            raise faults.broke_protocol()
        self._tools, self._listed_at = tools, time.monotonic()

    def _said(self, error: MCPError) -> Exception:
        """A JSON-RPC error: the server's, or the SDK's own about the connection, or a fault that `through` met."""
        data = error.error.data
        if isinstance(data, dict) and data.keys() == {"vigie"}:
            return _FAULTS.get(data["vigie"], faults.broke_protocol)()
        ended = (
            mcp_types.INVALID_REQUEST,
            "Session terminated",
        )  # the SDK's words for a server that forgot its session
        if error.error.code == mcp_types.CONNECTION_CLOSED or (error.error.code, error.error.message) == ended:
            self.close()
            return faults.unreachable()
        if error.error.code == mcp_types.REQUEST_TIMEOUT:
            return faults.timed_out()
        return ServerSaid(error.error.code, error.error.message, data)

    # ── its life

    async def _live(self) -> None:
        egress: Egress | None = None
        try:
            if self.server.url is not None:
                egress = Egress(_host(self.server))
            async with Client(
                _transport(self.server, egress),
                cache=None,
                client_info=mcp_types.Implementation(name="vigie", version=__version__),
            ) as client:
                self._ready.set_result(client)
                await self._closing.wait()
        except Exception as error:  # noqa: BLE001 - whatever the SDK, the network or the program raised
            if not self._ready.done():
                self._ready.set_exception(_why(error))
                self._ready.exception()  # looked at, even if nobody waits any more
        finally:
            self._closing.set()
            if not self._ready.done():  # closed while it was being opened
                self._ready.set_exception(faults.unreachable())
                self._ready.exception()
            if egress is not None:
                await egress.aclose()


def _transport(server: McpServer, egress: Egress | None) -> AbstractAsyncContextManager[Any]:
    if egress is None or server.url is None:
        return child(server)
    headers = {name: Current(reference) for name, reference in server.headers.items()}
    client = httpx2.AsyncClient(
        transport=Through(egress, headers), trust_env=False, follow_redirects=False, max_redirects=0, timeout=None
    )
    return streamable_http_client(server.url, http_client=client, max_sse_event_size=server.max_result_bytes)


def _host(server: McpServer) -> Destination:
    assert server.url is not None
    longest = server.timeout_s + 5  # a request is bounded by `request`; the exchange only if that is lost
    timeouts = Timeouts(connect_s=min(5, longest), first_byte_s=longest, idle_s=longest, total_s=longest)
    return Destination(server.url, timeouts, server.max_result_bytes, server.max_result_bytes)


def _why(error: Exception) -> Fault:
    """Why a connection could not be opened."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ServerFault):
        return error
    if isinstance(error, Fault):  # a secret that cannot be found: names the reference
        return faults.not_ready(error.message)
    if isinstance(error, MCPError):
        data = error.error.data
        if isinstance(data, dict) and data.keys() == {"vigie"}:
            return _FAULTS.get(data["vigie"], faults.broke_protocol)()
        if error.error.code == mcp_types.CONNECTION_CLOSED:
            return faults.unreachable()
    return faults.broke_protocol()
