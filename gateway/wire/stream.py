"""A streamed chat completion, rewritten as it comes. *Pure but for its guards*, which may ask the analyser.

Each text of each choice is a channel with a guard of its own: content, reasoning, refusal, the arguments of one tool
call. What a guard holds back is flushed before the finish chunk of its choice. Text released late goes out in chunks of
the same shape, so a stock parser sees an ordinary stream.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from gateway.errors import Message
from gateway.wire.calls import ProviderBroke, tokens, written
from gateway.wire.sse import DONE, Parser, encode

CONTENT_KINDS = ("content", "reasoning_content", "reasoning", "refusal")
CHOICES, TOOL_CALLS = 128, 1024
LEGACY = -1
"""In place of a tool call's index: the one `function_call` of a message, as it was before there were several."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One text of a stream: `kind` is content, reasoning_content, reasoning, refusal or arguments."""

    choice: int
    kind: str
    index: int = 0


class Guard(Protocol):
    """What stands between a provider's text and the application's."""

    async def feed(self, text: str) -> str: ...

    async def finish(self) -> str: ...


class ChatStream:
    """The provider's bytes in, the application's frames out. `finished` once the answer is complete."""

    def __init__(
        self,
        guard_for: Callable[[Channel], Guard],
        *,
        model: str,
        envelope: dict[str, Any] | None,
        opening: str | None,
        hide_usage: bool,
        seen: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._guard_for, self._model, self._envelope = guard_for, model, envelope
        self._opening, self._hide_usage, self._seen = opening, hide_usage, seen
        self._parser = Parser()
        self._guards: dict[Channel, Guard] = {}
        self._opened: set[int] = set()
        self._unfinished: set[int] = set()
        self._head: dict[str, Any] = {}
        self._done = False
        self.finished = False
        self.usage = (0, 0)

    async def feed(self, data: bytes) -> list[bytes]:
        """Frames for the application. Raises `ProviderBroke`, or what a guard raises."""
        frames: list[bytes] = []
        for event in self._parser.feed(data):
            if event.data == b"[DONE]":
                self._done = self.finished = True
            elif not self._done:
                await self._chunk(_checked(event.data), frames)
        return frames

    async def finish(self) -> list[bytes]:
        """The last frames. Raises `ProviderBroke` if the provider stopped before its answer was complete."""
        if not self.finished or self._unfinished:
            raise ProviderBroke(
                Message(
                    "Le fournisseur a interrompu sa réponse avant la fin.",
                    "The provider stopped before the end of its answer.",
                ),
                Message("Réessayer.", "Retry."),
                code="provider_ended_early",
            )
        return [DONE]

    async def _chunk(self, chunk: dict[str, Any], frames: list[bytes]) -> None:
        if self._seen is not None:
            self._seen(chunk)
        self._head = {name: value for name, value in chunk.items() if name not in ("choices", "usage")}
        self._head["model"] = self._model
        if isinstance(chunk.get("usage"), dict):
            self._count(chunk["usage"])
        if not chunk["choices"]:
            if not self._hide_usage:
                self._emit(chunk | {"model": self._model}, frames)
            return
        for choice in chunk["choices"]:
            await self._choice(choice, chunk.get("usage"), frames)

    async def _choice(self, choice: dict[str, Any], usage: Any, frames: list[bytes]) -> None:
        index: int = choice["index"]
        delta: dict[str, Any] = choice.get("delta") or {}
        changed = await self._through_guards(index, delta)
        finish = choice.get("finish_reason")
        if finish is None:
            self._unfinished.add(index)
        if (
            any(changed.get(name) for name in changed if name != "tool_calls")
            or changed.get("tool_calls")
            or "role" in changed
        ):
            self._emit_delta(index, changed, frames, logprobs=choice.get("logprobs") if changed == delta else None)
        if finish is not None:
            await self._flush(index, frames)
            self._unfinished.discard(index)
            self.finished = True
            last = {"index": index, "delta": {}, "finish_reason": finish}
            keep_usage = {"usage": usage} if usage is not None and not self._hide_usage else {}
            self._emit({**self._head, "choices": [last], **keep_usage}, frames)

    async def _through_guards(self, index: int, delta: dict[str, Any]) -> dict[str, Any]:
        """The delta with each text as its guard releases it; keys whose text is all held back are left out."""
        changed = dict(delta)
        for kind in CONTENT_KINDS:
            text = delta.get(kind)
            if isinstance(text, str) and text:
                released = await self._guard(Channel(index, kind)).feed(text)
                if released:
                    changed[kind] = self._with_opening(index, kind, released)
                else:
                    changed.pop(kind)
        if isinstance(delta.get("tool_calls"), list):
            calls = [await self._tool_call(index, call) for call in delta["tool_calls"]]
            changed["tool_calls"] = [call for call in calls if call is not None]
            if not changed["tool_calls"]:
                changed.pop("tool_calls")
        legacy = delta.get("function_call")
        if isinstance(legacy, dict) and isinstance(legacy.get("arguments"), str) and legacy["arguments"]:
            released = await self._guard(Channel(index, "arguments", LEGACY)).feed(legacy["arguments"])
            if not released and "name" not in legacy:
                changed.pop("function_call")
            else:
                changed["function_call"] = {**legacy, "arguments": released}
        return changed

    async def _tool_call(self, index: int, call: dict[str, Any]) -> dict[str, Any] | None:
        """One tool call's delta; None when it held nothing but arguments and those are held back."""
        for kind, key in (("function", "arguments"), ("custom", "input")):
            own = call.get(kind)
            if isinstance(own, dict) and isinstance(own.get(key), str) and own[key]:
                name = "arguments" if kind == "function" else "input"
                released = await self._guard(Channel(index, name, call.get("index", 0))).feed(own[key])
                if not released and "id" not in call and "name" not in own:
                    return None
                return {**call, kind: {**own, key: released}}
        return call

    async def _flush(self, index: int, frames: list[bytes]) -> None:
        """What the guards of a choice still hold."""
        for channel, guard in self._guards.items():
            if channel.choice != index:
                continue
            text = await guard.finish()
            if not text:
                continue
            if channel.kind in CONTENT_KINDS:
                delta: dict[str, Any] = {channel.kind: self._with_opening(index, channel.kind, text)}
            elif channel.index == LEGACY:
                delta = {"function_call": {"arguments": text}}
            else:
                kind, key = ("function", "arguments") if channel.kind == "arguments" else ("custom", "input")
                delta = {"tool_calls": [{"index": channel.index, kind: {key: text}}]}
            self._emit_delta(index, delta, frames)

    def _with_opening(self, index: int, kind: str, text: str) -> str:
        """The visible sentence before the first words of a choice's content."""
        if self._opening is None or kind != "content" or index in self._opened:
            return text
        self._opened.add(index)
        return f"{self._opening}\n\n{text}"

    def _guard(self, channel: Channel) -> Guard:
        guard = self._guards.get(channel)
        if guard is None:
            guard = self._guards[channel] = self._guard_for(channel)
        return guard

    def _emit_delta(self, index: int, delta: dict[str, Any], frames: list[bytes], logprobs: Any = None) -> None:
        choice = {"index": index, "delta": delta, "finish_reason": None}
        if logprobs is not None:
            choice["logprobs"] = logprobs
        self._emit({**self._head, "choices": [choice]}, frames)

    def _emit(self, chunk: dict[str, Any], frames: list[bytes]) -> None:
        if self._envelope is not None:
            chunk, self._envelope = {**chunk, "vigie": self._envelope}, None
        frames.append(encode(written(chunk)))

    def _count(self, usage: dict[str, Any]) -> None:
        self.usage = tokens(usage.get("prompt_tokens")), tokens(usage.get("completion_tokens"))


def _checked(data: bytes) -> dict[str, Any]:
    """A chunk, if it is one. An error object in mid-stream is the provider breaking off."""
    chunk: Any = None
    try:
        chunk = orjson.loads(data)
        choices = chunk["choices"]
        usable = isinstance(choices, list) and all(map(_is_choice, choices))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        usable = False
    if not usable:
        raise ProviderBroke(
            Message(
                "Un fragment du fournisseur n'est pas de son protocole.",
                "A chunk of the provider's is not of its protocol.",
            ),
            Message("Réessayer.", "Retry."),
        )
    result: dict[str, Any] = chunk
    return result


def _is_choice(choice: Any) -> bool:
    """Whether it has the shape of a choice; indexes are bounded, since each takes a guard."""
    if not isinstance(choice, dict) or not _is_index(choice.get("index"), CHOICES):
        return False
    delta = choice.get("delta")
    if delta is None:
        return True
    if not isinstance(delta, dict):
        return False
    calls = delta.get("tool_calls")
    return not isinstance(calls, list) or all(
        isinstance(call, dict) and _is_index(call.get("index", 0), TOOL_CALLS) for call in calls
    )


def _is_index(value: Any, bound: int) -> bool:
    return type(value) is int and 0 <= value < bound
