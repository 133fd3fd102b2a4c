"""What every protocol gives to the way of a call, under one interface. `WIRES` names them all.

A protocol is a module that has what `Wire` lists: where the texts of a request are, what of an answer passes, where its
tool calls stand and how to put others in their place. None of them decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from gateway.wire import chat, embeddings, messages, responses
from gateway.wire.answers import GuardFor
from gateway.wire.calls import Call, Limits, Settled, ToolCall


class Stream(Protocol):
    """A streamed answer, rewritten as it comes: `feed` until the provider ends, then `proposed`, `settle`, `finish`."""

    @property
    def usage(self) -> tuple[int, int]: ...

    async def feed(self, data: bytes) -> list[bytes]:
        """Frames that may leave now. Raises `ProviderBroke`, or what a guard raises."""
        ...

    def proposed(self) -> Sequence[ToolCall]:
        """The tool calls of the whole answer. Raises `ProviderBroke` if the provider stopped before its end."""
        ...

    def settle(self, settled: Mapping[tuple[int, int], Settled]) -> None:
        """What becomes of each tool call, by place."""
        ...

    def delivered(self) -> list[str]:
        """The text of each choice as the application will have received it."""
        ...

    def finish(self, manifest: str | None = None) -> list[bytes]:
        """The frames that complete the answer; its signed manifest on the last that can carry one."""
        ...


class Wire(Protocol):
    """One protocol, both ways. `PATH`: a deployment's own; `KEEP_ALIVE`: a frame that its stock parsers ignore."""

    @property
    def PATH(self) -> str: ...  # noqa: N802 - a module's constant

    @property
    def KEEP_ALIVE(self) -> bytes: ...  # noqa: N802

    def parse(self, body: bytes, limits: Limits) -> Call:
        """A request as a `Call`. Raises `Malformed` or `TooLarge`."""
        ...

    def prepared(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body of ours for a provider, made to report what we count. May change it in place."""
        ...

    def checked_answer(self, body: bytes) -> dict[str, Any]:
        """A provider's whole answer. Raises `ProviderBroke`."""
        ...

    def usage(self, answer: Mapping[str, Any]) -> tuple[int, int]:
        """(input, output) tokens as the provider reports them; zeros if it does not."""
        ...

    async def guarded(
        self, answer: dict[str, Any], call: Call, guard_for: GuardFor, *, opening: str | None
    ) -> dict[str, Any]:
        """A checked answer as the application may receive it: each text through its guard, under `call`'s model."""
        ...

    def proposed(self, answer: Mapping[str, Any]) -> Sequence[ToolCall]:
        """The tool calls of a guarded answer."""
        ...

    def settled(self, answer: dict[str, Any], call: Call, settled: Mapping[tuple[int, int], Settled]) -> dict[str, Any]:
        """The answer with each tool call as it was settled: as it is, with other arguments, or a text in its place."""
        ...

    def delivered(self, answer: Mapping[str, Any]) -> list[str]:
        """The text of each choice of an answer that is ready for the application."""
        ...

    def stream(
        self,
        call: Call,
        guard_for: GuardFor,
        *,
        envelope: dict[str, Any] | None,
        opening: str | None,
        seen: Callable[[dict[str, Any]], None] | None,
    ) -> Stream:
        """A rewriter of a streamed answer. `seen` is shown each of the provider's chunks as it came."""
        ...


WIRES: Mapping[str, Wire] = {"chat": chat, "responses": responses, "messages": messages, "embeddings": embeddings}
