"""The one door out: an exchange with a host of the catalogue, within bounds. *Edge*. Every byte to a provider goes here,
and so does the hash that a time-stamping authority is asked to stamp (`timestamping`).

Whatever speaks through it (`direct`, or litellm in `translated`), these hold, and no option switches them off: only the
scheme, host and port of the deployment's `base_url`; no redirect is followed; no proxy is taken from the environment;
TLS is verified; no cookie is kept; nothing compressed is asked for or accepted, so that no answer can grow on arrival.

Bounds of an exchange: `connect_s`; `first_byte_s` from the request to the answer's headers; `idle_s` between two reads;
`total_s` from beginning to end; and the bytes of the answer. An exchange that was read to its end gives its connection
back to the pool; any other is cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import aiohttp
from yarl import URL

from gateway.config import Deployment, Timeouts
from gateway.errors import Message
from gateway.providers.faults import BrokeProtocol, OutsideCatalogue, ProviderRefused, TimedOut, Unreachable

CONNECTIONS = 512
LINGER_S = 0.25


@dataclass(frozen=True, slots=True)
class Destination:
    """The one host that may be reached, and the bounds of an exchange with it."""

    base_url: str
    bounds: Timeouts
    max_bytes: int
    max_stream_bytes: int

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """A deployment of the catalogue."""
        assert deployment.provider.base_url is not None  # `config` sees to it
        return cls(
            deployment.provider.base_url,
            deployment.timeouts,
            deployment.max_answer_bytes,
            deployment.max_stream_bytes,
        )


class Egress:
    """The connections to one deployment, or to another host that the configuration names. Owned by who opened it."""

    def __init__(self, to: Deployment | Destination) -> None:
        known = to if isinstance(to, Destination) else Destination.of(to)
        self._origin = URL(known.base_url).origin()
        self._bounds = known.bounds
        self._max_bytes = known.max_bytes
        self._max_stream_bytes = known.max_stream_bytes
        self._session: aiohttp.ClientSession | None = None
        self._exchanges = 0
        self._retired = False
        self._closing: asyncio.Task[None] | None = None

    async def post(
        self, url: URL, body: bytes, headers: Mapping[str, str], *, accept: frozenset[str], stream: bool
    ) -> Exchange:
        """Send, and wait for the headers of a good answer. Raises a `ProviderFault`."""
        exchange = await self.exchange("POST", url, body, headers, stream=stream)
        try:
            _check(exchange, accept)
        except BaseException:
            exchange.close()
            raise
        return exchange

    async def exchange(
        self, method: str, url: URL, body: bytes, headers: Mapping[str, str], *, stream: bool
    ) -> Exchange:
        """As `post`, for a protocol that gives other statuses a meaning: the caller looks at `status` and headers.

        A redirect or a compressed answer is a fault all the same.
        """
        if url.origin() != self._origin:
            raise OutsideCatalogue
        bounds, loop = self._bounds, asyncio.get_running_loop()
        deadline = loop.time() + bounds.total_s
        try:
            async with asyncio.timeout(min(bounds.first_byte_s, bounds.total_s)):
                response = await self._open().request(
                    method, url, data=body or None, headers=headers, allow_redirects=False
                )
        except TimeoutError:
            raise TimedOut from None
        except aiohttp.ClientResponseError:
            raise BrokeProtocol(
                Message("La réponse du fournisseur n'est pas du HTTP.", "The provider's answer is not HTTP.")
            ) from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Unreachable from None
        self._exchanges += 1
        limit = self._max_stream_bytes if stream else self._max_bytes
        exchange = Exchange(response, bounds.idle_s, deadline, limit, self._ended)
        try:
            _check_form(exchange)
        except BaseException:
            exchange.close()
            raise
        return exchange

    async def aclose(self) -> None:
        """Close every connection, in use or not."""
        if self._session is not None:
            await self._session.close()

    async def retire(self) -> None:
        """Close once the exchanges that are under way have ended; the entry of this deployment has changed."""
        self._retired = True
        if not self._exchanges:
            await self.aclose()

    def _ended(self) -> None:
        self._exchanges -= 1
        if self._retired and not self._exchanges:
            self._closing = asyncio.ensure_future(self.aclose())

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=60),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._bounds.connect_s, sock_read=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"accept-encoding": "identity"},
                trust_env=False,
                auto_decompress=False,
            )
        return self._session


class Exchange:
    """An answer on its way in: its status and headers are here, its body is read by `chunks` or `whole`."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        idle_s: float,
        deadline: float,
        max_bytes: int,
        ended: Callable[[], None],
    ) -> None:
        self._response, self._idle_s, self._deadline, self._left = response, idle_s, deadline, max_bytes
        self._ended: Callable[[], None] | None = ended
        self._lingering = False
        self.status, self.content_type = response.status, response.content_type
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises a `ProviderFault` when it breaks off, stalls or is over a bound."""
        content, clock = self._response.content, asyncio.get_running_loop().time
        try:
            while True:
                part = content.read_nowait()
                if not part and not content.at_eof():
                    part = await self._next(content)
                if not part:
                    break
                self._left -= len(part)
                if self._left < 0:
                    raise _too_large()
                if clock() > self._deadline and not self._lingering:
                    raise TimedOut
                yield part
        except (aiohttp.ClientError, OSError):
            if not self._lingering:
                raise ended_early() from None
        finally:
            self.close()

    async def whole(self) -> bytes:
        """The whole body. Raises as `chunks` does."""
        return b"".join([part async for part in self.chunks()])

    def linger(self) -> None:
        """The answer is complete in its own protocol: what is left is the end of the body, which is awaited shortly."""
        self._lingering = True
        self._deadline = min(self._deadline, asyncio.get_running_loop().time() + LINGER_S)

    def close(self) -> None:
        """End the exchange. A connection in the middle of an answer is cut; one that was read whole was given back."""
        if self._ended is not None:
            with suppress(aiohttp.ClientError, OSError):
                self._response.close()
            ended, self._ended = self._ended, None
            ended()

    async def aclose(self) -> None:
        """As `close`."""
        self.close()

    async def _next(self, content: aiohttp.StreamReader) -> bytes:
        """Bytes that are not here yet, or nothing at the end."""
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now + self._idle_s, self._deadline)):
                return await content.readany()
        except TimeoutError:
            if self._lingering:
                return b""
            raise TimedOut from None


def ended_early() -> BrokeProtocol:
    """A body that was cut."""
    return BrokeProtocol(
        Message("Le fournisseur a rompu sa réponse.", "The provider broke off its answer."), code="provider_ended_early"
    )


def _too_large() -> BrokeProtocol:
    return BrokeProtocol(
        Message("La réponse du fournisseur est trop longue.", "The provider's answer is too long."),
        code="provider_too_large",
    )


def _check_form(exchange: Exchange) -> None:
    """Raises for what no protocol of ours may answer: a redirect, which is never followed, or anything compressed."""
    if 300 <= exchange.status < 400:
        raise BrokeProtocol(
            Message(
                "Le fournisseur a répondu par une redirection, qui n'est jamais suivie.",
                "The provider answered with a redirect, which is never followed.",
            ),
            code="provider_redirected",
        )
    plain = exchange.headers.get("content-encoding", "identity").strip().lower() in ("identity", "")
    if not plain and exchange.status < 400:
        raise BrokeProtocol(
            Message(
                "Le fournisseur a compressé sa réponse, ce qui ne lui était pas demandé.",
                "The provider compressed its answer, which it was not asked to do.",
            )
        )


def _check(exchange: Exchange, accept: frozenset[str]) -> None:
    """Raises unless the answer is a success, of an expected type."""
    if exchange.status >= 400:
        raise ProviderRefused(exchange.status)
    if exchange.status != 200:
        raise BrokeProtocol(
            Message("Le fournisseur a répondu sans réponse.", "The provider answered without an answer.")
        )
    if exchange.content_type not in accept:
        raise BrokeProtocol(
            Message(
                "Le type de contenu du fournisseur n'est pas celui attendu.",
                "The provider's content type is not the one expected.",
            )
        )
