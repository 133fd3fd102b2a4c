"""A streamed chat completion, rewritten as it comes. *Pure but for its guards*, which may ask the analyser.

Each text of each choice is a channel with a guard of its own: content, reasoning, refusal, the arguments of one tool
call. What a guard holds back is flushed before the finish chunk of its choice. Text released late goes out in chunks of
the same shape, so a stock parser sees an ordinary stream.

Two kinds of frames come out: those that may leave at once, and those that complete a choice (what its guards still held,
and its finish chunk), which are kept until `finish`, so that the caller can record the outcome first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from gateway.errors import Message
from gateway.wire.answers import (
    ARGUMENTS,
    Channel,
    Guard,
    GuardFor,
    Logprobs,
    annotated,
    arguments_of,
    called,
    finish_reason,
    head,
    quiet,
    silent,
    spoken,
)
from gateway.wire.calls import ProviderBroke, tokens, written
from gateway.wire.sse import DONE, Parser, encode

CHOICES, TOOL_CALLS = 128, 1024
LEGACY = -1
"""In place of a tool call's index: the one `function_call` of a message, as it was before there were several."""
MOST_CHANNELS = 512

__all__ = ["Channel", "ChatStream", "Guard"]


class ChatStream:
    """The provider's bytes in, the application's frames out."""

    def __init__(
        self,
        guard_for: GuardFor,
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
        self._guards: dict[int, dict[Channel, Guard]] = {}
        self._logprobs: dict[int, Logprobs] = {}
        self._channels = 0
        self._opened: set[int] = set()
        self._finished: set[int] = set()
        self._given: dict[str, Any] = {}
        self._head: dict[str, Any] = {"model": model}
        self._last: list[bytes] = []
        self._done = False
        self.usage = (0, 0)

    async def feed(self, data: bytes) -> list[bytes]:
        """Frames that may leave now. Raises `ProviderBroke`, or what a guard raises."""
        frames: list[bytes] = []
        for event in self._parser.feed(data):
            if event.data == b"[DONE]":
                self._done = True
            elif not self._done:
                await self._chunk(_checked(event.data), frames)
        return frames

    async def finish(self) -> list[bytes]:
        """The frames that complete the answer. Raises `ProviderBroke` if the provider stopped before."""
        if not (self._done or self._finished) or set(self._guards) - self._finished:
            raise ProviderBroke(
                Message(
                    "Le fournisseur a interrompu sa réponse avant la fin.",
                    "The provider stopped before the end of its answer.",
                ),
                Message("Réessayer.", "Retry."),
                code="provider_ended_early",
            )
        return [*self._last, DONE]

    async def _chunk(self, chunk: dict[str, Any], frames: list[bytes]) -> None:
        if self._seen is not None:
            self._seen(chunk)
        given = {name: value for name, value in chunk.items() if name not in ("choices", "usage")}
        if given != self._given:  # nearly always the same throughout a stream
            self._given, self._head = given, head(given, self._model)
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self._count(usage)
        if not chunk["choices"]:
            if not self._hide_usage:
                counts = {"usage": quiet(usage)} if usage is not None else {}
                self._emit({**self._head, "choices": [], **counts}, self._last if self._finished else frames)
            return
        for choice in chunk["choices"]:
            if choice["index"] not in self._finished:
                await self._choice(choice, usage, frames)

    async def _choice(self, choice: dict[str, Any], usage: Any, frames: list[bytes]) -> None:
        index: int = choice["index"]
        delta: dict[str, Any] = choice.get("delta") or {}
        if index not in self._guards:
            self._count_channel()
            self._guards[index] = {}
        if choice.get("logprobs") is not None:
            self._logprobs.setdefault(index, Logprobs()).feed(choice["logprobs"])
        changed = await self._through_guards(index, delta)
        if "role" in changed or any(changed.values()):
            self._emit_delta(index, changed, frames)
        if choice.get("finish_reason") is not None:
            await self._flush(index)
            self._finished.add(index)
            self._guards[index].clear()
            last = {"index": index, "delta": {}, "finish_reason": finish_reason(choice["finish_reason"])}
            keep_usage = {"usage": quiet(usage)} if usage is not None and not self._hide_usage else {}
            self._emit({**self._head, "choices": [last], **keep_usage}, self._last)

    async def _through_guards(self, index: int, delta: dict[str, Any]) -> dict[str, Any]:
        """The delta with each text as its guard releases it; keys whose text is all held back are left out."""
        if len(delta) == 1 and isinstance(content := delta.get("content"), str):  # nearly every delta of a stream
            released = await self._guard(Channel(index, "content")).feed(content) if content else ""
            return {"content": released}
        changed = silent(delta)
        for kind, text in spoken(delta):
            released = await self._guard(Channel(index, kind)).feed(text)
            if released:
                changed[kind] = (changed.get(kind) or "") + released
        if isinstance(delta.get("tool_calls"), list):
            calls = [
                await self._tool_call(index, place, call)
                for place, call in enumerate(delta["tool_calls"])
                if isinstance(call, dict)
            ]
            if any(calls):
                changed["tool_calls"] = [call for call in calls if call]
        if isinstance(delta.get("function_call"), dict):
            legacy = await self._tool_call(index, LEGACY, {"function": delta["function_call"]})
            if legacy:
                changed["function_call"] = legacy["function"]
        if delta.get("annotations"):
            changed["annotations"] = await annotated(
                delta["annotations"], lambda: self._guard_for(Channel(index, "annotations"))
            )
        return changed

    async def _tool_call(self, choice: int, place: int, call: dict[str, Any]) -> dict[str, Any]:
        """One tool call's delta; empty when it held nothing but arguments and those are held back."""
        index = call["index"] if isinstance(call.get("index"), int) else place
        result = await called(call, index, lambda: self._guard_for(Channel(choice, "name", index)))
        says_more = set(result) - {"index", *ARGUMENTS} or any(result.get(kind) for kind in ARGUMENTS)
        for kind, key in ARGUMENTS.items():
            if not isinstance(call.get(kind), dict):
                continue
            text = arguments_of(call[kind], key)
            released = await self._guard(Channel(choice, key, index)).feed(text) if text else ""
            if key in call[kind] and (released or says_more):
                result[kind][key] = released
            if released:
                says_more = True
        return {**result, "index": index} if says_more else {}

    async def _flush(self, index: int) -> None:
        """What the guards of a choice still hold."""
        for channel, guard in self._guards[index].items():
            text = await guard.finish()
            if not text:
                continue
            if channel.kind not in ARGUMENTS.values():
                self._emit_delta(index, {channel.kind: text}, self._last)
                continue
            kind = "function" if channel.kind == "arguments" else "custom"
            if channel.index == LEGACY:
                self._emit_delta(index, {"function_call": {channel.kind: text}}, self._last)
            else:
                call = {"index": channel.index, kind: {channel.kind: text}}
                self._emit_delta(index, {"tool_calls": [call]}, self._last)

    def _guard(self, channel: Channel) -> Guard:
        guards = self._guards[channel.choice]
        guard = guards.get(channel)
        if guard is None:
            self._count_channel()
            guard = guards[channel] = self._guard_for(channel)
        return guard

    def _count_channel(self) -> None:
        """Nothing that a provider sends makes guards without end."""
        self._channels += 1
        if self._channels > MOST_CHANNELS:
            raise _broke()

    def _emit_delta(self, index: int, delta: dict[str, Any], frames: list[bytes]) -> None:
        choice = {"index": index, "delta": delta, "finish_reason": None}
        content = delta.get("content")
        if content:
            logprobs = self._logprobs.get(index)
            if logprobs is not None and (entries := logprobs.released(content)):
                choice["logprobs"] = {"content": entries, "refusal": None}
            if self._opening is not None and index not in self._opened:
                self._opened.add(index)
                delta["content"] = f"{self._opening}\n\n{content}"
        self._emit({**self._head, "choices": [choice]}, frames)

    def _emit(self, chunk: dict[str, Any], frames: list[bytes]) -> None:
        if self._envelope is not None:
            chunk, self._envelope = {**chunk, "vigie": self._envelope}, None
        frames.append(encode(written(chunk)))

    def _count(self, usage: dict[str, Any]) -> None:
        self.usage = tokens(usage.get("prompt_tokens")), tokens(usage.get("completion_tokens"))


def _checked(data: bytes) -> dict[str, Any]:
    """A chunk, if it is one. An error object in mid-stream is the provider breaking off."""
    try:
        chunk = orjson.loads(data)
        choices = chunk["choices"]
        usable = isinstance(choices, list) and all(map(_is_choice, choices))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        usable, chunk = False, None
    if not usable:
        raise _broke()
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


def _broke() -> ProviderBroke:
    return ProviderBroke(
        Message(
            "Un fragment du fournisseur n'est pas de son protocole.",
            "A chunk of the provider's is not of its protocol.",
        ),
        Message("Réessayer.", "Retry."),
    )
