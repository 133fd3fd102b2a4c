"""OpenAI's protocol, spoken directly over pooled connections. *Edge*, and the hot path. Sends only headers that we set."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from yarl import URL

from gateway import __version__
from gateway.config import Current, Deployment
from gateway.providers.egress import Egress, Exchange
from gateway.providers.reply import Reply, Request

JSON = frozenset({"application/json"})
EVENTS = frozenset({"text/event-stream"})


class Direct:
    """A deployment that speaks OpenAI's protocol."""

    def __init__(self, deployment: Deployment) -> None:
        """Raises a `Fault` if the deployment's secret cannot be found."""
        provider = deployment.provider
        assert provider.base_url is not None  # `config` sees to it
        self._egress = Egress(deployment)
        base = provider.base_url.rstrip("/")
        self._urls = {path: URL(base + path) for path in ("/chat/completions", "/embeddings", "/responses")}
        self._headers = {"content-type": "application/json", "user-agent": f"vigie/{__version__}"}
        self._key = Current(provider.api_key) if provider.api_key is not None else None

    async def send(self, request: Request) -> Reply:
        """Raises a `ProviderFault`."""
        headers = {**self._headers, "x-client-request-id": request.call_id}
        if self._key is not None:
            headers["authorization"] = f"Bearer {self._key.value()}"
        headers["accept"] = "text/event-stream" if request.stream else "application/json"
        exchange = await self._egress.post(
            self._urls[request.path],
            orjson.dumps(request.body),
            headers,
            accept=EVENTS if request.stream else JSON,
            stream=request.stream,
        )
        if request.stream:
            return Reply(200, exchange.headers, None, _until_done(exchange), exchange.aclose)
        return Reply(200, exchange.headers, await exchange.whole())

    async def retire(self) -> None:
        """Close once the calls under way have ended."""
        await self._egress.retire()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._egress.aclose()


async def _until_done(exchange: Exchange) -> AsyncIterator[bytes]:
    """The stream's bytes. After `[DONE]` there is nothing to wait for but the end of the body."""
    tail = b""
    async for part in exchange.chunks():
        yield part
        tail = (tail + part)[-16:] if len(part) < 16 else part[-16:]
        if tail.endswith(b"\n") and tail.rstrip(b"\r\n").endswith(b"[DONE]"):
            exchange.linger()
