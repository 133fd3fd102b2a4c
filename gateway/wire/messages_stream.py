"""A streamed message of Anthropic's, rewritten as it comes. *Pure but for its guards*, which may ask the analyser.

Blocks come one after the other. A text or a thought is opened towards the application when its guard first releases
something, so none is ever empty; its number is that of the blocks that the application sees. What ends a block (what its
guard still held, its signature, its stop) is kept until another begins, or to the end: so the last words wait for their
record. Calls of the application's tools are gathered, since only a whole one can be decided on, and come last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.errors import Message
from gateway.wire.answers import Channel, Guard, GuardFor, head, quiet
from gateway.wire.blocks import (
    CALL,
    SERVED,
    Block,
    after,
    call_head,
    counted,
    counts,
    ended_without_calls,
    ending,
    input_text,
    is_block,
    proposal,
    signature_of,
    text_of,
    worded,
)
from gateway.wire.calls import ProviderBroke, Settled, ToolCall, written
from gateway.wire.sse import Parser, encode

PING = b'event: ping\ndata: {"type": "ping"}\n\n'
MOST_BLOCKS = 1024

Event = dict[str, Any]


@dataclass(slots=True)
class Open:
    """The provider's block that is being said. `given` and `said`: a thought, before its guard and after."""

    index: int
    kind: str
    guard: Guard | None = None
    at: int | None = None
    given: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    signature: str = ""
    head: Block = field(default_factory=dict)
    whole: str = ""


class MessagesStream:
    """The provider's bytes in, the application's frames out."""

    def __init__(
        self,
        guard_for: GuardFor,
        *,
        model: str,
        envelope: dict[str, Any] | None,
        opening: str | None,
        wants_json: bool = False,
        seen: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._guard_for, self._model, self._envelope = guard_for, model, envelope
        self._opening, self._wants_json, self._seen = opening, wants_json, seen
        self._parser = Parser()
        self._begun = self._done = False
        self._out: list[Event] = []
        self._kept: list[Event] = []
        self._next = 0
        self._blocks = 0
        self._open: Open | None = None
        self._text: Guard | None = None
        self._text_at: int | None = None
        self._cited: list[Any] = []
        self._calls: list[tuple[Block, str]] = []
        self._delivered: list[str] = []
        self._stop: Event = {}
        self._usage: dict[str, Any] = {}

    @property
    def usage(self) -> tuple[int, int]:
        """(input, output) tokens, as far as the provider has reported them."""
        return counts(self._usage)

    async def feed(self, data: bytes) -> list[bytes]:
        """Frames that may leave now. Raises `ProviderBroke`, or what a guard raises."""
        for event in self._parser.feed(data):
            if not self._done:
                await self._event(_checked(event.data))
        out, self._out = self._out, []
        return [_encoded(one) for one in out]

    def proposed(self) -> list[ToolCall]:
        """The tool calls of the whole answer. Raises `ProviderBroke` if the provider stopped before its end."""
        if not self._stop or self._open is not None:
            raise ProviderBroke(
                Message(
                    "Le fournisseur a interrompu sa réponse avant la fin.",
                    "The provider stopped before the end of its answer.",
                ),
                Message("Réessayer.", "Retry."),
                code="provider_ended_early",
            )
        return [proposal(place, known, text) for place, (known, text) in enumerate(self._calls)]

    def settle(self, settled: Mapping[tuple[int, int], Settled]) -> None:
        """What becomes of each tool call: each that goes is a block, and what does not is a block of text."""
        goes = False
        for place, (known, text) in enumerate(self._calls):
            what = settled[0, place]
            if what.goes:
                goes = True
                self._call(known, text if what.as_proposed else what.arguments or "")
            else:
                self._say(after(what.said, begun=bool(self._delivered)), self._keep, ours=True)
                self._end_text()
        if self._calls and not goes:
            self._stop["delta"]["stop_reason"] = ended_without_calls(wants_json=self._wants_json)

    def delivered(self) -> list[str]:
        """The text of the message."""
        return ["".join(self._delivered)]

    def finish(self, manifest: str | None = None) -> list[bytes]:
        """The frames that complete the answer; the signed manifest is on the event that says why it ended."""
        stop = self._stop if manifest is None else {**self._stop, "vigie": {"manifest": manifest}}
        return [_encoded(one) for one in (*self._kept, stop, {"type": "message_stop"})]

    # ── the provider's events ─────────────────────────────────────────────────────────────────────────────────────

    async def _event(self, event: Event) -> None:
        kind = event["type"]
        if kind == "ping":
            if self._begun:
                self._out.append(event)
        elif kind == "message_start":
            self._start(event)
        elif kind == "error" or not self._begun:
            raise _broke()
        elif kind == "content_block_start":
            await self._block_start(event)
        elif kind == "content_block_delta":
            await self._delta(self._current(event), event["delta"])
        elif kind == "content_block_stop":
            await self._block_stop(self._current(event))
        elif kind == "message_delta":
            await self._message_delta(event)
        elif kind == "message_stop":
            self._done = True

    def _start(self, event: Event) -> None:
        message = event.get("message")
        if self._begun or not isinstance(message, dict):
            raise _broke()
        self._look(message)
        self._begun = True
        said = head({name: one for name, one in message.items() if name not in ("content", "usage")}, self._model)
        said |= {"type": "message", "role": "assistant", "content": [], "stop_reason": None, "stop_sequence": None}
        start: Event = {"type": "message_start", "message": {**said, "usage": counted(message.get("usage"))}}
        if self._envelope is not None:
            start["vigie"] = self._envelope
        self._out.append(start)

    def _look(self, said: dict[str, Any]) -> None:
        if self._seen is not None:
            self._seen(said)
        if isinstance(said.get("usage"), dict):
            self._usage |= {name: one for name, one in said["usage"].items() if one is not None}

    async def _block_start(self, event: Event) -> None:
        block = event["content_block"]
        if self._open is not None or self._stop:
            raise _broke()
        self._blocks += 1
        if self._blocks > MOST_BLOCKS:
            raise _broke()
        index, kind = event["index"], block["type"]
        one = self._open = Open(index, kind)
        if kind == "text":
            if self._text is None:
                self._text = self._guard("content", index)
            self._end_text()
            await self._delta(one, {"type": "text_delta", "text": text_of(block)})
            return
        await self._end_run()
        if kind == "thinking":
            one.guard, one.signature = self._guard("reasoning_content", index), signature_of(block)
            await self._delta(one, {"type": "thinking_delta", "thinking": text_of(block, "thinking")})
        elif kind == CALL or kind in SERVED:
            one.guard = self._guard("arguments", index)
            one.head = await call_head(block, index, lambda: self._guard("name", index))
            if block.get("input"):
                one.given.append(input_text(block))
        elif kind == "redacted_thinking":
            data = signature_of(block, "data")
            one.head = {"type": kind, "data": data} if data else {}
        else:
            known = await worded(block, lambda: self._guard("block", index))
            one.head = known if known.get("type") == kind else {}

    async def _delta(self, block: Open, delta: Event) -> None:
        kind = delta.get("type")
        if kind == "text_delta" and block.kind == "text" and self._text is not None:
            if text := await self._text.feed(text_of(delta)):
                self._say(text, self._leave)
        elif kind == "citations_delta" and block.kind == "text":
            cited = await worded(delta.get("citation"), lambda: self._guard("citations", block.index))
            self._cited.append(cited)
            if self._text_at is not None:
                self._cite(self._leave)
        elif kind == "thinking_delta" and block.kind == "thinking" and block.guard is not None:
            given = text_of(delta, "thinking")
            block.given.append(given)
            if text := await block.guard.feed(given):
                self._think(block, text, self._leave)
        elif kind == "signature_delta" and block.kind == "thinking":
            block.signature = signature_of(delta)
        elif kind == "input_json_delta" and block.guard is not None and block.head:
            if block.given:  # the whole input was in the block's start
                block.given.clear()
            block.whole += await block.guard.feed(text_of(delta, "partial_json"))

    async def _block_stop(self, block: Open) -> None:
        self._open = None
        if block.kind == "text":
            return  # what its guard holds may go on in the next
        if block.kind == "thinking":
            assert block.guard is not None
            if text := await block.guard.finish():
                self._think(block, text, self._keep)
            signature = block.signature if block.given and "".join(block.given) == "".join(block.said) else ""
            if block.at is None and signature:
                self._think(block, "", self._keep)
            if signature:
                self._block_delta(self._keep, block.at, {"type": "signature_delta", "signature": signature})
            if block.at is not None:
                self._keep({"type": "content_block_stop", "index": block.at})
        elif block.guard is not None:
            text = await self._input(block)
            if block.kind == CALL:
                self._calls.append((block.head, text))
            else:
                self._call(block.head, text)
        elif block.head:
            at = self._begin(block.head, self._keep)
            self._keep({"type": "content_block_stop", "index": at})

    async def _input(self, block: Open) -> str:
        """A call's input, whole and guarded, as JSON text."""
        assert block.guard is not None
        if block.given:
            return block.whole + await block.guard.whole(block.given[0])
        return block.whole + await block.guard.finish()

    async def _message_delta(self, event: Event) -> None:
        await self._end_run()
        self._look(event)
        delta = event.get("delta")
        given: Event = delta if isinstance(delta, dict) else {}
        known = self._stop.get("delta", {})
        if given.get("stop_reason") is not None:
            known = {**(quiet(given) or {}), **await ending(given, lambda: self._guard("stop_sequence", 0))}
        if known:
            self._stop = {"type": "message_delta", "delta": known, "usage": counted(self._usage)}

    # ── the application's events ──────────────────────────────────────────────────────────────────────────────────

    def _leave(self, event: Event) -> None:
        """At once, after what waited for it."""
        self._out += self._kept
        self._kept.clear()
        self._out.append(event)

    def _keep(self, event: Event) -> None:
        """When another block begins to be said, or at the end."""
        self._kept.append(event)

    def _begin(self, block: Block, put: Callable[[Event], None]) -> int:
        at, self._next = self._next, self._next + 1
        put({"type": "content_block_start", "index": at, "content_block": block})
        return at

    def _block_delta(self, put: Callable[[Event], None], at: int | None, delta: Event) -> None:
        put({"type": "content_block_delta", "index": at, "delta": delta})

    def _say(self, text: str, put: Callable[[Event], None], *, ours: bool = False) -> None:
        """`ours`: a text of the gateway's, which no label opens."""
        if self._text_at is None:
            self._text_at = self._begin({"type": "text", "text": ""}, put)
        if self._opening is not None and not ours:
            text, self._opening = f"{self._opening}\n\n{text}", None
        self._delivered.append(text)
        self._block_delta(put, self._text_at, {"type": "text_delta", "text": text})
        self._cite(put)

    def _cite(self, put: Callable[[Event], None]) -> None:
        for one in self._cited:
            self._block_delta(put, self._text_at, {"type": "citations_delta", "citation": one})
        self._cited.clear()

    def _end_text(self) -> None:
        if self._text_at is not None:
            self._keep({"type": "content_block_stop", "index": self._text_at})
            self._text_at = None

    async def _end_run(self) -> None:
        """The texts that follow each other are over."""
        if self._text is not None:
            text, self._text = await self._text.finish(), None
            if text:
                self._say(text, self._keep)
            self._end_text()
            self._cited.clear()

    def _think(self, block: Open, text: str, put: Callable[[Event], None]) -> None:
        if block.at is None:
            block.at = self._begin({"type": "thinking", "thinking": "", "signature": ""}, put)
        block.said.append(text)
        if text:
            self._block_delta(put, block.at, {"type": "thinking_delta", "thinking": text})

    def _call(self, known: Block, text: str) -> None:
        """A call, whole. What was cut at a bound of tokens is JSON that is cut: so the protocol has it."""
        at = self._begin(known, self._keep)
        self._block_delta(self._keep, at, {"type": "input_json_delta", "partial_json": text or "{}"})
        self._keep({"type": "content_block_stop", "index": at})

    # ── what is shared ────────────────────────────────────────────────────────────────────────────────────────────

    def _guard(self, kind: str, index: int) -> Guard:
        return self._guard_for(Channel(0, kind, index))

    def _current(self, event: Event) -> Open:
        """The block that an event goes on with."""
        if self._open is None or event.get("index") != self._open.index:
            raise _broke()
        return self._open


def _encoded(event: Event) -> bytes:
    kind: str = event["type"]
    return b"event: " + kind.encode() + b"\n" + encode(written(event))


def _checked(data: bytes) -> Event:
    """An event, if it is one. An error in mid-stream is the provider breaking off."""
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise _broke() from None
    if not is_block(event):
        raise _broke()
    kind = event["type"]
    if kind.startswith("content_block_") and type(event.get("index")) is not int:
        raise _broke()
    if kind == "content_block_start" and not is_block(event.get("content_block")):
        raise _broke()
    if kind == "content_block_delta" and not is_block(event.get("delta")):
        raise _broke()
    result: Event = event
    return result


def _broke() -> ProviderBroke:
    return ProviderBroke(
        Message(
            "Un fragment du fournisseur n'est pas de son protocole.",
            "A chunk of the provider's is not of its protocol.",
        ),
        Message("Réessayer.", "Retry."),
    )
