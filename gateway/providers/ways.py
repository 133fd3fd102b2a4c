"""The ways of one deployment: each protocol spoken natively where the deployment speaks it, or else over chat. *Edge*."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from gateway.providers import as_messages, as_responses
from gateway.providers.reply import Reply, Request
from gateway.providers.said import Said, chunks, whole

CHAT = "/chat/completions"


class Provider(Protocol):
    """One way of reaching one deployment."""

    async def send(self, request: Request) -> Reply: ...

    async def retire(self) -> None: ...

    async def aclose(self) -> None: ...


class Streamed(Protocol):
    """A streamed chat completion on its way into another protocol."""

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[dict[str, Any]]: ...

    def finish(self) -> Iterator[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Translation:
    """A protocol over chat, both ways. What `answered` and `streamed` are given beside the answer is the request."""

    asked: Callable[[Mapping[str, Any]], dict[str, Any]]
    answered: Callable[[Said, Mapping[str, Any]], dict[str, Any]]
    streamed: Callable[[Mapping[str, Any]], Streamed]


TRANSLATIONS: Mapping[str, Translation] = {
    "/messages": Translation(as_messages.asked, as_messages.answered, as_messages.Streamed),
    "/responses": Translation(as_responses.asked, as_responses.answered, as_responses.Streamed),
}


class Ways:
    """A deployment's own protocols, and over its chat those that it does not speak. `bound`: what its chat calls the bound
    of an answer's tokens.
    """

    def __init__(self, chat: Provider, native: Mapping[str, Provider], *, bound: str = "max_tokens") -> None:
        self._chat, self._native, self._bound = chat, native, bound

    async def send(self, request: Request) -> Reply:
        """Raises a `ProviderFault`."""
        native = self._native.get(request.path)
        if native is not None:
            return await native.send(request)
        translation = TRANSLATIONS.get(request.path)
        if translation is None:
            return await self._chat.send(request)
        chat = translation.asked(request.body)
        if "max_tokens" in chat:
            chat[self._bound] = chat.pop("max_tokens")
        reply = await self._chat.send(Request(CHAT, chat, request.stream, request.call_id))
        if reply.stream is not None:
            streamed = translation.streamed(request.body)
            return Reply(reply.status, reply.headers, None, _events(reply.stream, streamed), reply.close)
        answer = translation.answered(whole(reply.body or b""), request.body)
        return Reply(reply.status, reply.headers, orjson.dumps(answer), None, reply.close)

    async def retire(self) -> None:
        """Close once the calls under way have ended."""
        for one in {id(one): one for one in (self._chat, *self._native.values())}.values():
            await one.retire()

    async def aclose(self) -> None:
        """Close every connection."""
        for one in {id(one): one for one in (self._chat, *self._native.values())}.values():
            await one.aclose()


async def _events(stream: AsyncIterator[bytes], streamed: Streamed) -> AsyncIterator[bytes]:
    """A streamed chat completion as the other protocol's server-sent events."""
    async with aclosing(chunks(stream)) as given:
        async for chunk in given:
            if frames := b"".join(map(_encoded, streamed.feed(chunk))):
                yield frames
    if frames := b"".join(map(_encoded, streamed.finish())):
        yield frames


def _encoded(event: dict[str, Any]) -> bytes:
    kind: str = event["type"]
    return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(event) + b"\n\n"
