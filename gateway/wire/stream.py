"""A streamed chat completion, rewritten as it comes. *Pure but for its guards*, which may ask the analyser.

Each text of each choice is a channel with a guard of its own: content, reasoning, refusal, the arguments of one tool
call. What a guard holds back is flushed before the finish chunk of its choice. Text released late goes out in chunks of
the same shape, so a stock parser sees an ordinary stream.

Two kinds of frames come out: those that may leave at once, and those that complete a choice (what its guards still held,
its tool calls, and its finish chunk), which are kept until `finish`, so that the caller can settle and record first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gateway.errors import Message
from gateway.wire.answers import (
    ARGUMENTS,
    LEGACY,
    Channel,
    Guard,
    GuardFor,
    Logprobs,
    annotated,
    arguments_of,
    called,
    called_with,
    finish_reason,
    head,
    quiet,
    silent,
    spoken,
    with_arguments,
)
from gateway.wire.calls import ProviderBroke, Settled, ToolCall, tokens, written
from gateway.wire.sse import DONE, Parser, encode

CHOICES, TOOL_CALLS = 128, 1024
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
        wants_json: bool = False,
        seen: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._guard_for, self._model, self._envelope = guard_for, model, envelope
        self._opening, self._hide_usage, self._wants_json, self._seen = opening, hide_usage, wants_json, seen
        self._parser = Parser()
        self._guards: dict[int, dict[Channel, Guard]] = {}
        self._logprobs: dict[int, Logprobs] = {}
        self._channels = 0
        self._opened: set[int] = set()
        self._finished: dict[int, dict[str, Any]] = {}
        self._calls: dict[int, dict[int, dict[str, Any]]] = {}
        self._delivered: dict[int, list[str]] = {}
        self._given: dict[str, Any] = {}
        self._head: dict[str, Any] = {"model": model}
        self._last: list[dict[str, Any]] = []
        self._tail: list[dict[str, Any]] = []
        self._done = False
        self.usage = (0, 0)

    async def feed(self, data: bytes) -> list[bytes]:
        """Frames that may leave now. Raises `ProviderBroke`, or what a guard raises."""
        chunks: list[dict[str, Any]] = []
        for event in self._parser.feed(data):
            if event.data == b"[DONE]":
                self._done = True
            elif not self._done:
                await self._chunk(_checked(event.data), chunks)
        return [encode(written(chunk)) for chunk in chunks]

    def proposed(self) -> list[ToolCall]:
        """The tool calls of the whole answer. Raises `ProviderBroke` if the provider stopped before its end."""
        if not (self._done or self._finished) or set(self._guards) - set(self._finished):
            raise ProviderBroke(
                Message(
                    "Le fournisseur a interrompu sa réponse avant la fin.",
                    "The provider stopped before the end of its answer.",
                ),
                Message("Réessayer.", "Retry."),
                code="provider_ended_early",
            )
        return [
            ToolCall((choice, place), *called_with(call)[1:])
            for choice, calls in sorted(self._calls.items())
            for place, call in sorted(calls.items())
        ]

    def settle(self, settled: Mapping[tuple[int, int], Settled]) -> None:
        """What becomes of each tool call: each that goes is one delta, and what does not is said in the text."""
        for choice, calls in sorted(self._calls.items()):
            goes = [
                (place, with_arguments(call, settled[choice, place]))
                for place, call in sorted(calls.items())
                if settled[choice, place].goes
            ]
            said = [settled[choice, place].said for place in sorted(calls) if not settled[choice, place].goes]
            if said:
                begun = "\n\n" if self._delivered.get(choice) else ""
                key = "refusal" if self._wants_json and begun else "content"
                self._emit_delta(choice, {key: begun + "\n\n".join(said)}, self._last, ours=True)
            for index, (place, call) in enumerate(goes):
                delta = (
                    {"function_call": call["function"]}
                    if place == LEGACY
                    else {"tool_calls": [{**call, "index": index}]}
                )
                self._emit_delta(choice, delta, self._last)
            if said and not goes:
                self._finished[choice]["choices"][0]["finish_reason"] = "stop"

    def delivered(self) -> list[str]:
        """The text content of each choice."""
        return ["".join(self._delivered.get(choice, ())) for choice in sorted(self._guards)]

    def finish(self, manifest: str | None = None) -> list[bytes]:
        """The frames that complete the answer; the signed manifest is on the last chunk."""
        chunks = [*self._last, *self._finished.values(), *self._tail]
        if chunks:
            chunks[0] = self._first(chunks[0])
        if manifest is not None and chunks:
            chunks[-1] = {**chunks[-1], "vigie": {**chunks[-1].get("vigie", {}), "manifest": manifest}}
        return [*(encode(written(chunk)) for chunk in chunks), DONE]

    async def _chunk(self, chunk: dict[str, Any], chunks: list[dict[str, Any]]) -> None:
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
                self._emit({**self._head, "choices": [], **counts}, self._tail if self._finished else chunks)
            return
        for choice in chunk["choices"]:
            if choice["index"] not in self._finished:
                await self._choice(choice, usage, chunks)

    async def _choice(self, choice: dict[str, Any], usage: Any, chunks: list[dict[str, Any]]) -> None:
        index: int = choice["index"]
        delta: dict[str, Any] = choice.get("delta") or {}
        if index not in self._guards:
            self._count_channel()
            self._guards[index] = {}
        if choice.get("logprobs") is not None:
            self._logprobs.setdefault(index, Logprobs()).feed(choice["logprobs"])
        changed = await self._through_guards(index, delta)
        if "role" in changed or any(changed.values()):
            self._emit_delta(index, changed, chunks)
        if choice.get("finish_reason") is not None:
            await self._flush(index)
            self._guards[index].clear()
            last = {"index": index, "delta": {}, "finish_reason": finish_reason(choice["finish_reason"])}
            keep_usage = {"usage": quiet(usage)} if usage is not None and not self._hide_usage else {}
            self._finished[index] = {**self._head, "choices": [last], **keep_usage}

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
        for place, call in enumerate(calls if isinstance(calls := delta.get("tool_calls"), list) else ()):
            if isinstance(call, dict):
                await self._tool_call(index, call["index"] if isinstance(call.get("index"), int) else place, call)
        if isinstance(delta.get("function_call"), dict):
            await self._tool_call(index, LEGACY, {"function": delta["function_call"]})
        if delta.get("annotations"):
            changed["annotations"] = await annotated(
                delta["annotations"], lambda: self._guard_for(Channel(index, "annotations"))
            )
        return changed

    async def _tool_call(self, choice: int, index: int, call: dict[str, Any]) -> None:
        """One tool call's delta: gathered, since only a whole one can be decided on."""
        known = self._calls.setdefault(choice, {}).setdefault(index, {})
        given = await called(call, max(index, 0), lambda: self._guard_for(Channel(choice, "name", index)))
        given.pop("index", None)
        for kind, key in ARGUMENTS.items():
            if not isinstance(call.get(kind), dict):
                continue
            own = known.setdefault(kind, {"name": "", key: ""})
            name = given.pop(kind).get("name", "")
            own["name"] += name if name != own["name"] else ""  # some servers say it again on each delta
            text = arguments_of(call[kind], key)
            own[key] += await self._guard(Channel(choice, key, index)).feed(text) if text else ""
        for name, value in given.items():
            known.setdefault(name, value)

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
            self._calls[index][channel.index][kind][channel.kind] += text

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

    def _emit_delta(
        self, index: int, delta: dict[str, Any], chunks: list[dict[str, Any]], *, ours: bool = False
    ) -> None:
        """`ours`: a text of the gateway's, which no label opens."""
        choice = {"index": index, "delta": delta, "finish_reason": None}
        content = delta.get("content")
        if content:
            logprobs = self._logprobs.get(index)
            if logprobs is not None and (entries := logprobs.released(content)):
                choice["logprobs"] = {"content": entries, "refusal": None}
            if self._opening is not None and index not in self._opened and not ours:
                self._opened.add(index)
                delta["content"] = f"{self._opening}\n\n{content}"
            self._delivered.setdefault(index, []).append(delta["content"])
        self._emit({**self._head, "choices": [choice]}, chunks)

    def _emit(self, chunk: dict[str, Any], chunks: list[dict[str, Any]]) -> None:
        chunks.append(self._first(chunk))

    def _first(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """The chunk, with the envelope if it is the first."""
        if self._envelope is not None:
            chunk, self._envelope = {**chunk, "vigie": self._envelope}, None
        return chunk

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
