"""OpenAI's Responses: what a request says, what of an answer passes, and how to put others in place of its tool calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.wire import responses_items as items
from gateway.wire.answers import GuardFor
from gateway.wire.calls import Call, Settled, ToolCall, answered_object, broke_protocol
from gateway.wire.responses_events import failed
from gateway.wire.responses_request import parse, prepared
from gateway.wire.responses_stream import ResponsesStream
from gateway.wire.sse import COMMENT

PATH = "/responses"
KEEP_ALIVE = COMMENT

Json = dict[str, Any]


def checked_answer(body: bytes) -> Json:
    """A provider's answer, if it is a response that came to its end. Raises `ProviderBroke`."""
    answer = answered_object(body)
    output = answer.get("output")
    if answer.get("status") in ("failed", "cancelled"):
        raise failed()
    if not isinstance(output, list) or not all(map(items.is_item, output)):
        raise broke_protocol()
    if answer.get("status", "completed") not in ("completed", "incomplete"):
        raise broke_protocol()
    return answer


def usage(answer: Mapping[str, Any]) -> tuple[int, int]:
    """(input, output) tokens as the provider reports them; zeros if it does not."""
    return items.counts(answer.get("usage"))


async def guarded(answer: Json, call: Call, guard_for: GuardFor, *, opening: str | None) -> Json:
    """A checked answer as the application may receive it; the visible sentence is before the first words of all."""
    result = items.head(answer, call)
    result["output"] = [await items.guarded(item, place, guard_for) for place, item in enumerate(answer["output"])]
    result["usage"] = items.usage_of(answer)
    if opening is not None:
        items.open_with(opening, result["output"])
    return result


def proposed(answer: Mapping[str, Any]) -> list[ToolCall]:
    """The tool calls of a guarded answer."""
    return [
        items.proposal(item, field, place)
        for place, item in enumerate(answer["output"])
        if (field := items.call_field(item)) is not None
    ]


def settled(answer: Json, call: Call, settled: Mapping[tuple[int, int], Settled]) -> Json:
    """The answer with each tool call as it was settled: what does not go is a message in its place."""
    output: list[Json] = []
    for place, item in enumerate(answer["output"]):
        what = settled.get((0, place))
        begun = bool(items.said(output))
        output.append(item if what is None else items.settled_item(item, place, what, call, begun=begun))
    return {**answer, "output": output}


def delivered(answer: Mapping[str, Any]) -> list[str]:
    """The text of the answer, as the stock client reads it."""
    return [items.said(answer["output"])]


def stream(
    call: Call,
    guard_for: GuardFor,
    *,
    envelope: Json | None,
    opening: str | None,
    seen: Callable[[Json], None] | None,
) -> ResponsesStream:
    """A rewriter of a streamed answer."""
    return ResponsesStream(call, guard_for, envelope=envelope, opening=opening, seen=seen)


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
