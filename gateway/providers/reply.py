"""What goes to a provider and what comes back. *Data*."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is its protocol's ("/chat/completions", "/embeddings", "/responses", "/messages"); `call_id` is the
    decision's id.
    """

    path: str
    body: dict[str, Any]
    stream: bool
    call_id: str


async def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer: a whole `body`, or a `stream` of raw server-sent-event bytes. `close` ends the call at once."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None = None
    stream: AsyncIterator[bytes] | None = None
    close: Callable[[], Awaitable[None]] = _nothing

    async def aclose(self) -> None:
        """End the provider call, whatever state it is in."""
        await self.close()
