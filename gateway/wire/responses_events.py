"""The events of a streamed answer of OpenAI's Responses: their names, what is told of an item, what a server may send.

*Tables*, and what is read with them. `responses_stream` is what happens between them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.errors import Message
from gateway.wire.answers import Guard, Logprobs
from gateway.wire.calls import ProviderBroke
from gateway.wire.responses_items import KEYS, Json, Place, empty_part

TEXTS = {
    "response.output_text": ("message", "output_text", "content"),
    "response.refusal": ("message", "refusal", "content"),
    "response.reasoning_text": ("reasoning", "reasoning_text", "content"),
    "response.reasoning_summary_text": ("reasoning", "summary_text", "summary"),
}
EVENTS_OF = {kind: name for name, (_, kind, _) in TEXTS.items()}
PART_EVENTS = {"response.content_part": "content", "response.reasoning_summary_part": "summary"}
PART_EVENT_OF = {holder: name for name, holder in PART_EVENTS.items()}
ARGUMENTS = {
    "response.function_call_arguments": ("function_call", "arguments"),
    "response.custom_tool_call_input": ("custom_tool_call", "input"),
}
ARGUMENTS_OF = {kind: name for name, (kind, _) in ARGUMENTS.items()}
IS_PROGRESS = re.compile(
    r"response\.(?:web_search_call|file_search_call|code_interpreter_call|image_generation_call|mcp_call|mcp_list_tools)"
    r"\.(?:in_progress|searching|interpreting|generating|completed|failed)"
).fullmatch


@dataclass(slots=True)
class Part:
    """A part of an item, while it is said."""

    kind: str
    holder: str
    index: int
    given: Json
    guard: Guard | None
    logprobs: Logprobs = field(default_factory=Logprobs)
    pieces: list[str] = field(default_factory=list)
    tokens: list[Json] = field(default_factory=list)
    annotations: list[Any] | None = None
    fed: bool = False
    final: Json | None = None


@dataclass(slots=True)
class Item:
    """An item of the output, while it is said. `events`: its own, where it waits for a call before it."""

    place: Place
    given: Json
    id: str
    waits: bool
    parts: dict[tuple[str, int], Part] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    guard: Guard | None = None
    pieces: list[str] = field(default_factory=list)
    final: Json | None = None

    @property
    def kind(self) -> str:
        kind: str = self.given["type"]
        return kind

    @property
    def where(self) -> Json:
        return {"item_id": self.id, "output_index": self.place.position}


def failed() -> ProviderBroke:
    """The provider says that it could not answer. Its words are not ours to repeat."""
    return ProviderBroke(
        Message("Le fournisseur n'a pas pu répondre.", "The provider could not answer."),
        Message("Réessayer.", "Retry."),
        code="provider_failed",
    )


def told(final: Json, position: int) -> list[Json]:
    """The events of an item that is there whole."""
    where = {"item_id": final["id"], "output_index": position}
    begun, events = final, []
    if final["type"] == "message":
        (part,) = final["content"]
        begun = {**final, "content": [], "status": "in_progress"}
        kind = part["type"]
        text, name, here = part[KEYS[kind]], EVENTS_OF[kind], {**where, "content_index": 0}
        more: Json = {"logprobs": []} if kind == "output_text" else {}
        events = [
            {"type": "response.content_part.added", **here, "part": empty_part(kind)},
            {"type": f"{name}.delta", **here, "delta": text, **more},
            {"type": f"{name}.done", **here, KEYS[kind]: text, **more},
            {"type": "response.content_part.done", **here, "part": part},
        ]
    elif final["type"] in ARGUMENTS_OF:
        name = ARGUMENTS_OF[final["type"]]
        key = ARGUMENTS[name][1]
        begun = {**final, key: "", "status": "in_progress"}
        named = {"name": final["name"]} if key == "arguments" else {}
        events = [{"type": f"{name}.delta", **where, "delta": final[key]}] if final[key] else []
        events.append({"type": f"{name}.done", **where, **named, key: final[key]})
    return [
        {"type": "response.output_item.added", "output_index": position, "item": begun},
        *events,
        {"type": "response.output_item.done", "output_index": position, "item": final},
    ]


def at(item: Item, part: Part) -> Json:
    return {**item.where, index_name(part.holder): part.index}


def index_name(holder: str) -> str:
    return f"{holder}_index"


def index_of(event: Json, name: str, bound: int, default: int | None = None) -> int:
    value = event.get(name, default)
    if type(value) is not int or not 0 <= value < bound:
        raise broke()
    return value


def checked(data: bytes) -> Json:
    """An event, if it is one."""
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise broke() from None
    if not isinstance(event, dict):
        raise broke()
    if not isinstance(event.get("type"), str):
        raise failed() if event.get("error") is not None else broke()
    return event


def broke() -> ProviderBroke:
    return ProviderBroke(
        Message(
            "Un fragment du fournisseur n'est pas de son protocole.",
            "A chunk of the provider's is not of its protocol.",
        ),
        Message("Réessayer.", "Retry."),
    )
