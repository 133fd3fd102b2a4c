"""OpenAI's protocol and Anthropic's, spoken directly over pooled connections. *Edge*, and the hot path.

Sends only headers that we set.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from typing import Any

import orjson
from yarl import URL

from gateway import __version__
from gateway.config import Current, Deployment
from gateway.providers.egress import Egress, Exchange
from gateway.providers.faults import Untranslatable
from gateway.providers.reply import Reply, Request

JSON = frozenset({"application/json"})
EVENTS = frozenset({"text/event-stream"})


PATHS = {"chat": "/chat/completions", "embeddings": "/embeddings", "responses": "/responses", "messages": "/messages"}
NAMED = frozenset({"/responses", "/messages"})
ANTHROPIC = {"anthropic-version": "2023-06-01"}
KEPT = 64
_LAST = re.compile(rb"^event: ?(message_stop|response\.(completed|incomplete|failed))[\r\n]", re.MULTILINE)
"""The name of the last event of a stream that has names. Within an event no line can look like it: its JSON is one line."""


class Direct:
    """A deployment that speaks OpenAI's protocol; its entry says which parts of it, and whether Anthropic's Messages."""

    def __init__(self, deployment: Deployment) -> None:
        """Raises a `Fault` if the deployment's secret cannot be found."""
        provider = deployment.provider
        assert provider.base_url is not None  # `config` sees to it
        self._egress = Egress(deployment)
        base = provider.base_url.rstrip("/")
        self._urls = {PATHS[name]: URL(base + PATHS[name]) for name in provider.apis}
        self._headers = {"content-type": "application/json", "user-agent": f"vigie/{__version__}"}
        self._key = Current(provider.api_key) if provider.api_key is not None else None

    @property
    def paths(self) -> Iterable[str]:
        """The protocols that it speaks."""
        return self._urls

    @property
    def is_openai(self) -> bool:
        """Whether it is OpenAI's own, whose newer models refuse what other servers of its protocol know alone."""
        return all((url.host or "").endswith("api.openai.com") for url in self._urls.values())

    async def send(self, request: Request) -> Reply:
        """Raises a `ProviderFault`."""
        url = self._urls.get(request.path)
        if url is None:
            raise Untranslatable
        headers = {**self._headers, "x-client-request-id": request.call_id, **self._credentials(request.path)}
        headers["accept"] = "text/event-stream" if request.stream else "application/json"
        exchange = await self._egress.post(
            url,
            orjson.dumps(self._body(request)),
            headers,
            accept=EVENTS if request.stream else JSON,
            stream=request.stream,
        )
        if request.stream:
            stream = _until_last(exchange) if request.path in NAMED else _until_done(exchange)
            return Reply(200, exchange.headers, None, stream, exchange.aclose)
        return Reply(200, exchange.headers, await exchange.whole())

    def _body(self, request: Request) -> dict[str, Any]:
        return request.body

    def _credentials(self, path: str) -> dict[str, str]:
        key = self._key.value() if self._key is not None else ""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        if path == PATHS["messages"]:
            headers |= ANTHROPIC | ({"x-api-key": key} if key else {})
        return headers

    async def retire(self) -> None:
        """Close once the calls under way have ended."""
        await self._egress.retire()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._egress.aclose()


class Anthropic(Direct):
    """Anthropic's Messages at a deployment that is litellm's for every other protocol: nothing is translated."""

    def __init__(self, deployment: Deployment) -> None:
        """Raises a `Fault` if the deployment's secret cannot be found."""
        super().__init__(deployment)
        base = (deployment.provider.base_url or "").rstrip("/").removesuffix("/v1/messages")
        self._urls = {PATHS["messages"]: URL(f"{base}/v1/messages")}
        self._model = deployment.provider.model.removeprefix("anthropic/")

    def _body(self, request: Request) -> dict[str, Any]:
        return {**request.body, "model": self._model}

    def _credentials(self, _path: str) -> dict[str, str]:
        return ANTHROPIC | ({"x-api-key": self._key.value()} if self._key is not None else {})


async def _until_done(exchange: Exchange) -> AsyncIterator[bytes]:
    """The stream's bytes. After `[DONE]` there is nothing to wait for but the end of the body."""
    tail = b""
    async for part in exchange.chunks():
        yield part
        tail = (tail + part)[-16:] if len(part) < 16 else part[-16:]
        if tail.endswith(b"\n") and tail.rstrip(b"\r\n").endswith(b"[DONE]"):
            exchange.linger()


async def _until_last(exchange: Exchange) -> AsyncIterator[bytes]:
    """The same of a stream whose events have names: what is awaited is the blank line after the last of them."""
    tail, closing = b"", False
    async for part in exchange.chunks():
        yield part
        tail += part
        closing = closing or _LAST.search(tail) is not None
        if closing and tail.endswith((b"\n\n", b"\n\r\n")):
            exchange.linger()
        tail = tail[-KEPT:]
