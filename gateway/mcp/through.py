"""The SDK's HTTP requests, sent through the one door out. *Edge*.

The SDK is given no connection of its own: every request goes to the server's own host through `Egress`, with the headers
that its entry names. The standing GET stream, on which a server asks things of its client, is never opened. A fault
becomes a JSON-RPC error of that one request, since the SDK would close the whole connection for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx2
import orjson
from yarl import URL

from gateway import __version__
from gateway.config import Current
from gateway.errors import Fault
from gateway.providers.egress import Egress, Exchange
from gateway.providers.faults import ProviderFault

FAULT = -32011
EVENTS = "text/event-stream"
_SENT = frozenset({"accept", "content-type", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name"})
_SENT_PREFIX = "mcp-param-"
_KEPT = ("content-type", "mcp-session-id")


class Through(httpx2.AsyncBaseTransport):
    """httpx2's requests for one server."""

    def __init__(self, egress: Egress, headers: Mapping[str, Current]) -> None:
        self._egress, self._headers = egress, headers

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Never raises for what the network or the server does."""
        if request.method not in ("POST", "DELETE"):
            return httpx2.Response(405, request=request)
        try:
            exchange = await self._egress.exchange(
                request.method,
                URL(str(request.url), encoded=True),
                await request.aread(),
                self._sent(request),
                stream=True,
            )
            headers = {name: exchange.headers[name] for name in _KEPT if name in exchange.headers}
            if exchange.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
                exchange.close()
                return httpx2.Response(exchange.status, request=request)
            if exchange.status == 200 and exchange.content_type == EVENTS:
                return httpx2.Response(200, headers=headers, stream=_Body(exchange), request=request)
            return httpx2.Response(exchange.status, headers=headers, content=await exchange.whole(), request=request)
        except Fault as fault:
            return _failed(fault, request)

    def _sent(self, request: httpx2.Request) -> dict[str, str]:
        sent = {
            name.lower(): value
            for name, value in request.headers.items()
            if name.lower() in _SENT or name.lower().startswith(_SENT_PREFIX)
        }
        own = {name.lower(): secret.value() for name, secret in self._headers.items()}
        return {"user-agent": f"vigie/{__version__}", **own, **sent}


class _Body(httpx2.AsyncByteStream):
    """An event stream as it arrives, within the exchange's bounds."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._exchange.chunks():
                yield part
        except ProviderFault:
            raise httpx2.ReadError("server") from None

    async def aclose(self) -> None:
        await self._exchange.aclose()


def _failed(fault: Fault, request: httpx2.Request) -> httpx2.Response:
    """The fault as the answer of this request: its `data` tells `upstream` that the word is ours."""
    error = {"code": FAULT, "message": fault.code, "data": {"vigie": fault.code}}
    content = orjson.dumps({"jsonrpc": "2.0", "id": None, "error": error})
    return httpx2.Response(fault.status, headers={"content-type": "application/json"}, content=content, request=request)
