"""litellm as a translator and nothing else. *Edge*. This is the only place that imports it.

It is told to fetch nothing, report nothing, retry nothing, log nothing and print nothing; and it is given no connection
of its own. Every HTTP client that it makes, for whichever provider, sends through `Through`, which hands the request to
the `Egress` of the call under way: one request a call, a POST to the deployment's own host. Anything else (a second
try, an image to fetch, a token to ask for, a synchronous client) is refused before a byte leaves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx
from yarl import URL

from gateway import __version__
from gateway.errors import Message
from gateway.providers.egress import Egress, Exchange
from gateway.providers.faults import NotReady, OutsideCatalogue, ProviderFault

# What a provider needs to see of a request; litellm and the SDKs under it would also tell it about this machine.
HEADERS = frozenset({"content-type", "accept", "authorization", "api-key", "x-api-key"})
HEADER_FAMILIES = ("anthropic-", "x-amz-")
WHOLE = frozenset({"application/json"})
STREAMED = frozenset({"text/event-stream", "application/vnd.amazon.eventstream"})

# Set before the import: litellm reads them while it is imported, or at each call.
ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_OFFLINE_MODE": "true",
    "LITELLM_MODE": "PRODUCTION",  # in its default mode it reads a .env file from the working directory
    "LITELLM_TELEMETRY": "False",
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_RUST": "false",  # translation in Rust would bring its own HTTP client
}
# Would make litellm ask AWS for other credentials than the entry's, or call another host than the entry's.
NOT_OURS = ("AWS_ROLE_NAME", "AWS_PROFILE_NAME", "AWS_WEB_IDENTITY_TOKEN", "AWS_BEDROCK_RUNTIME_ENDPOINT")


@dataclass(slots=True)
class Crossing:
    """One call through litellm: where it may go, and what came of it, whatever litellm makes of that."""

    egress: Egress
    stream: bool
    exchange: Exchange | None = None
    fault: ProviderFault | None = None
    sent: bool = False


crossing: ContextVar[Crossing] = ContextVar("crossing")


class Through(httpx.AsyncBaseTransport):
    """httpx's requests, sent by the egress of the call under way."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises `httpx.ReadError` after keeping the fault in the crossing: litellm tries again after most others."""
        call = crossing.get(None)
        if call is None:
            raise httpx.ReadError("no call is under way")
        try:
            if request.method != "POST" or call.sent:
                raise OutsideCatalogue
            call.exchange = exchange = await call.egress.post(
                URL(str(request.url), encoded=True),
                await request.aread(),
                _headers(request),
                accept=STREAMED if call.stream else WHOLE,
                stream=call.stream,
            )
        except ProviderFault as fault:
            call.fault = call.fault or fault
            raise httpx.ReadError("provider") from None
        finally:
            call.sent = True
        return httpx.Response(200, headers=exchange.headers, stream=_Body(call, exchange), request=request)


class _Body(httpx.AsyncByteStream):
    """The exchange's body for httpx."""

    def __init__(self, call: Crossing, exchange: Exchange) -> None:
        self._call, self._exchange = call, exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._exchange.chunks():
                yield part
        except ProviderFault as fault:
            self._call.fault = self._call.fault or fault
            raise httpx.ReadError("provider") from None

    async def aclose(self) -> None:
        await self._exchange.aclose()


class NoWay(httpx.BaseTransport):
    """For synchronous clients: nothing of ours calls a provider that way."""

    def handle_request(self, _request: httpx.Request) -> httpx.Response:
        """Refuses."""
        call = crossing.get(None)
        if call is not None:
            call.fault = call.fault or OutsideCatalogue()
        raise httpx.ReadError("synchronous")


def _headers(request: httpx.Request) -> dict[str, str]:
    kept = {
        name.lower(): value
        for name, value in request.headers.items()
        if name.lower() in HEADERS or name.lower().startswith(HEADER_FAMILIES)
    }
    return kept | {"user-agent": f"vigie/{__version__}"}


def forget_environment() -> None:
    """What an entry of the catalogue does not say, the environment does not add."""
    for name in NOT_OURS:
        os.environ.pop(name, None)


_ready: ModuleType | None = None


async def import_litellm() -> ModuleType:
    """litellm, made quiet. The first time takes seconds, in a thread, so that other calls go on."""
    return _ready if _ready is not None else await asyncio.to_thread(_import)


def _import() -> ModuleType:
    global _ready  # noqa: PLW0603 - one per process, as the module itself
    if "litellm" in sys.modules and _ready is None:
        raise RuntimeError("litellm was imported before it was made quiet")
    os.environ.update(ENVIRONMENT)
    forget_environment()
    try:
        import litellm
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler
    except ImportError:
        raise NotReady(
            Message("litellm n'est pas installé sur ce serveur.", "litellm is not installed on this server.")
        ) from None
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = litellm.modify_params = False
    litellm.num_retries = 0
    litellm.REPEATED_STREAMING_CHUNK_LIMIT = sys.maxsize  # type: ignore[attr-defined]  # or an answer that repeats itself is cut
    litellm.callbacks, litellm.success_callback, litellm.failure_callback = [], [], []
    litellm.disable_aiohttp_trust_env = True
    _silence()
    _give_no_connection(litellm, AsyncHTTPHandler)
    _ready = litellm
    return litellm


def _silence() -> None:
    """litellm's loggers say nothing, and everyone else's are as they were before it put filters on them."""
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger):
            for one in [one for one in logger.filters if type(one).__module__.startswith("litellm")]:
                logger.removeFilter(one)
            if name.startswith("LiteLLM"):
                logger.handlers.clear()
                logger.propagate, logger.disabled = False, True


def _give_no_connection(litellm: Any, handler: Any) -> None:
    """Every client that litellm can make: its own, asynchronous and not, and those of the SDKs under it."""
    handler.create_async_transport = staticmethod(lambda *_, **__: Through())
    litellm.aclient_session = httpx.AsyncClient(transport=Through(), trust_env=False, follow_redirects=False)
    litellm.client_session = httpx.Client(transport=NoWay(), trust_env=False, follow_redirects=False)
    litellm.sync_transport = NoWay()
