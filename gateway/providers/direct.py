"""OpenAI's protocol, spoken directly over pooled connections. *Edge*, and the hot path.

Sends only headers that we set, follows no redirect, takes no proxy from the environment, verifies TLS always, and reads
within bounds of size and time. One client session per deployment: its connector knows no other host.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import orjson

from gateway import __version__
from gateway.config import Deployment, secret
from gateway.errors import Message
from gateway.providers.faults import BrokeProtocol, ProviderRefused, TimedOut, Unreachable
from gateway.providers.reply import Reply, Request

MAX_ANSWER = 32 * 1024 * 1024
CONNECTIONS = 512


class Direct:
    """A deployment that speaks OpenAI's protocol."""

    def __init__(self, deployment: Deployment) -> None:
        """Raises a `Fault` if the deployment's secret cannot be found."""
        provider, bounds = deployment.provider, deployment.timeouts
        assert provider.base_url is not None
        self._base = provider.base_url.rstrip("/")
        self._bounds = bounds
        self._headers = {"content-type": "application/json", "user-agent": f"vigie/{__version__}"}
        if provider.api_key is not None:
            self._headers["authorization"] = f"Bearer {secret(provider.api_key)}"
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Reply:
        """Raises a `ProviderFault`."""
        headers = {**self._headers, "x-client-request-id": request.call_id}
        headers["accept"] = "text/event-stream" if request.stream else "application/json"
        try:
            async with asyncio.timeout(self._bounds.first_byte_s):
                response = await self._open().post(
                    self._base + request.path, data=orjson.dumps(request.body), headers=headers, allow_redirects=False
                )
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Unreachable from None
        try:
            return await self._read(response, request)
        except BaseException:
            response.close()
            raise

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(
                total=self._bounds.total_s, sock_connect=self._bounds.connect_s, sock_read=self._bounds.idle_s
            )
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=60),
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=True,
            )
        return self._session

    async def _read(self, response: aiohttp.ClientResponse, request: Request) -> Reply:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if 300 <= response.status < 400:
            raise BrokeProtocol(
                Message(
                    "Le fournisseur a répondu par une redirection, qui n'est jamais suivie.",
                    "The provider answered with a redirect, which is never followed.",
                ),
                "provider_redirected",
            )
        if response.status != 200:
            raise ProviderRefused(response.status)
        wanted = "text/event-stream" if request.stream else "application/json"
        if response.content_type != wanted:
            raise BrokeProtocol(
                Message(
                    "Le type de contenu du fournisseur n'est pas celui attendu.",
                    "The provider's content type is not the one expected.",
                )
            )
        if request.stream:
            return Reply(200, headers, None, _chunks(response), _closing(response))
        return Reply(200, headers, await _whole(response), None, _closing(response))


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The body, within `MAX_ANSWER`."""
    parts, size = [], 0
    async for part in _chunks(response):
        size += len(part)
        if size > MAX_ANSWER:
            raise BrokeProtocol(
                Message("La réponse du fournisseur est trop longue.", "The provider's answer is too long."),
                "provider_too_large",
            )
        parts.append(part)
    response.release()
    return b"".join(parts)


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body as it arrives."""
    try:
        async for part in response.content.iter_any():
            yield part
    except TimeoutError:
        raise TimedOut from None
    except (aiohttp.ClientError, OSError):
        raise BrokeProtocol(
            Message("Le fournisseur a rompu sa réponse.", "The provider broke off its answer."), "provider_ended_early"
        ) from None


def _closing(response: aiohttp.ClientResponse) -> Callable[[], Awaitable[None]]:
    """Ends the provider call: a connection in the middle of an answer is closed, not returned to the pool."""

    async def close() -> None:
        with contextlib.suppress(aiohttp.ClientError, OSError):
            response.close()

    return close
