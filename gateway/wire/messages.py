"""Anthropic's Messages: the protocol, both ways. Requests are read in `messages_request`, streams are rewritten in
`messages_stream`; what of a whole answer passes is here, block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from gateway.wire.answers import Channel, GuardFor, head
from gateway.wire.blocks import (
    CALL,
    Block,
    after,
    call_head,
    counted,
    counts,
    edited,
    ended_without_calls,
    ending,
    input_of,
    input_text,
    is_block,
    proposal,
    signature_of,
    text_of,
    worded,
)
from gateway.wire.calls import Call, Settled, ToolCall, answered_object, broke_protocol
from gateway.wire.messages_request import OWN_CALLS, parse, prepared
from gateway.wire.messages_stream import PING, MessagesStream

PATH = "/messages"
KEEP_ALIVE = PING


def checked_answer(body: bytes) -> dict[str, Any]:
    """A provider's answer, if it is a message. Raises `ProviderBroke`."""
    answer = answered_object(body)
    content = answer.get("content")
    if not isinstance(content, list) or not all(map(is_block, content)):
        raise broke_protocol()
    return answer


def usage(answer: Mapping[str, Any]) -> tuple[int, int]:
    """(input, output) tokens as the provider reports them, those of its cache included; zeros if it does not."""
    reported = answer.get("usage")
    if not isinstance(reported, dict):
        return 0, 0
    return counts(reported)


def stream(
    call: Call,
    guard_for: GuardFor,
    *,
    envelope: dict[str, Any] | None,
    opening: str | None,
    seen: Callable[[dict[str, Any]], None] | None,
) -> MessagesStream:
    """A rewriter of a streamed answer."""
    return MessagesStream(
        guard_for,
        model=call.model,
        envelope=envelope,
        opening=opening,
        wants_json=call.wants_json,
        seen=seen,
    )


# ── a whole answer ────────────────────────────────────────────────────────────────────────────────────────────────

_OWN = frozenset("content usage stop_reason stop_sequence role type".split())


async def guarded(answer: dict[str, Any], call: Call, guard_for: GuardFor, *, opening: str | None) -> dict[str, Any]:
    """A checked answer as the application receives it: every text through its guard, the application's name of the model,
    and the visible sentence before the first words. A thought that a guard changed is not what was signed: its signature is
    left empty.
    """
    said = head({name: one for name, one in answer.items() if name not in _OWN}, call.model)
    content = await _content(answer["content"], guard_for)
    if opening is not None:
        first = next((block for block in content if block["type"] == "text"), None)
        if first is not None:
            first["text"] = f"{opening}\n\n{first['text']}"
    end = await ending(answer, lambda: guard_for(Channel(0, "stop_sequence")))
    return {
        **said,
        "type": "message",
        "role": "assistant",
        "content": content,
        **end,
        "usage": counted(answer.get("usage")),
    }


async def _content(given: list[Block], guard_for: GuardFor) -> list[Block]:
    content: list[Block] = []
    places = iter(range(len(given)))
    for is_text, run in groupby(given, key=lambda block: block["type"] == "text"):
        blocks = list(run)
        if is_text:
            content += await _texts_of(blocks, next(places), guard_for)
            for _ in blocks[1:]:
                next(places)
        else:
            content += [one for block in blocks if (one := await _block(block, next(places), guard_for)) is not None]
    return content


async def _texts_of(blocks: list[Block], place: int, guard_for: GuardFor) -> list[Block]:
    """Text blocks that follow each other, under one guard. One that has nothing left to say is left out, as no
    conversation may have such a block; what it cites goes with the next.
    """
    guard = guard_for(Channel(0, "content", place))
    if len(blocks) == 1:
        texts = [await guard.whole(text_of(blocks[0]))]
    else:
        texts = [await guard.feed(text_of(block)) for block in blocks]
        texts[-1] += await guard.finish()
    result: list[Block] = []
    cited: list[Any] = []
    for block, text in zip(blocks, texts, strict=True):
        if isinstance(block.get("citations"), list):
            cited += await worded(block["citations"], lambda: guard_for(Channel(0, "citations", place)))
        if text:
            result.append({"type": "text", "text": text, "citations": cited or None})
            cited = []
    return result


async def _block(block: Block, place: int, guard_for: GuardFor) -> Block | None:
    """A block that is no text; None for one that is not what it says."""
    kind = block["type"]
    if kind in OWN_CALLS:
        known = await call_head(block, place, lambda: guard_for(Channel(0, "name", place)))
        return {**known, "input": input_of(await guard_for(Channel(0, "arguments", place)).whole(input_text(block)))}
    if kind == "thinking":
        given = text_of(block, "thinking")
        text = await guard_for(Channel(0, "reasoning_content", place)).whole(given)
        signature = signature_of(block) if text == given else ""
        return {"type": kind, "thinking": text, "signature": signature} if text or signature else None
    if kind == "redacted_thinking":
        data = signature_of(block, "data")
        return {"type": kind, "data": data} if data else None
    known = await worded(block, lambda: guard_for(Channel(0, "block", place)))
    return known if known.get("type") == kind else None


# ── tool calls, settled ───────────────────────────────────────────────────────────────────────────────────────────


def proposed(answer: Mapping[str, Any]) -> list[ToolCall]:
    """The tool calls of a guarded answer that the application would carry out."""
    return [
        proposal(place, block, input_text(block))
        for place, block in enumerate(answer["content"])
        if block["type"] == CALL
    ]


def settled(answer: dict[str, Any], call: Call, settled: Mapping[tuple[int, int], Settled]) -> dict[str, Any]:
    """The answer with each tool call as it was settled. What does not go is a text block in its place."""
    content: list[Block] = []
    goes = said = False
    for place, block in enumerate(answer["content"]):
        what = settled.get((0, place))
        if what is None:
            content.append(block)
        elif what.goes:
            goes = True
            content.append(block if what.as_proposed else edited(block, what.arguments or ""))
        else:
            said = True
            begun = any(one["type"] == "text" for one in content)
            content.append({"type": "text", "text": after(what.said, begun=begun), "citations": None})
    answer["content"] = content
    if said and not goes:
        answer["stop_reason"] = ended_without_calls(wants_json=call.wants_json)
    return answer


def delivered(answer: Mapping[str, Any]) -> list[str]:
    """The text of the message: its text blocks, one after the other."""
    return ["".join(block["text"] for block in answer["content"] if block["type"] == "text")]


__all__ = [
    "KEEP_ALIVE",
    "PATH",
    "checked_answer",
    "delivered",
    "guarded",
    "parse",
    "prepared",
    "proposed",
    "settled",
    "stream",
    "usage",
]
