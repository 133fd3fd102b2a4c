"""The output items of OpenAI's Responses: what of each reaches the application. *Pure but for the guards*.

A text of a message, a thought, the arguments of a call: each goes through a guard of its own. Of everything else in an item
each string is guarded where it stands alone; ids, states and what only the provider reads pass in their own shape only.
`responses` uses this for whole answers, `responses_stream` for streams; so the same item comes out of both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.wire.answers import (
    Channel,
    Guard,
    GuardFor,
    Logprobs,
    annotated,
    arguments_of,
    called,
    is_opaque,
    quiet,
)
from gateway.wire.answers import role as role_of
from gateway.wire.calls import Call, Settled, ToolCall, broke_protocol, is_name, tokens
from gateway.wire.responses_request import is_image

Json = dict[str, Any]

KEYS = {"output_text": "text", "refusal": "refusal", "reasoning_text": "text", "summary_text": "text"}
CHANNELS = {
    "output_text": "content",
    "refusal": "refusal",
    "reasoning_text": "reasoning_content",
    "summary_text": "reasoning",
}
HOLDERS = {"message": ("content",), "reasoning": ("summary", "content")}
"""Items that are made of parts, and the lists in which these are."""
CALLS: Mapping[str, tuple[str, ...]] = {
    "function_call": ("arguments",),
    "custom_tool_call": ("input",),
    "mcp_approval_request": ("arguments",),
    "computer_call": ("action", "actions"),
    "local_shell_call": ("action",),
    "shell_call": ("action",),
    "apply_patch_call": ("operation",),
}
"""What the application is to carry out, or to let the provider carry out, and where it says with what."""
WORDED = frozenset({"arguments", "input"})
"""Of those, the ones that are text in the protocol; the others are JSON."""
PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}

_AGAIN: Mapping[str, Any] = {
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
}
"""What an answer says again of its request, and what it says if the request was silent."""
_AGAIN_IF_SAID = frozenset({"prompt_cache_key", "reasoning", "safety_identifier", "user"})
_CREDENTIALS = frozenset({"authorization", "headers"})
_HEAD_STATES = frozenset({"object", "status", "truncation", "service_tier"})
_HEAD_OWN = frozenset({"model", "output", "output_text", "store", "usage", "vigie"})

_TYPE = re.compile(r"[a-z][a-z_-]{0,47}").fullmatch
_IDS = frozenset({"id", "call_id", "approval_request_id"})
_STATES = frozenset({"status", "phase"})
_SEALED = frozenset({"encrypted_content", "fingerprint"})


# ── what an item is ───────────────────────────────────────────────────────────────────────────────────────────────


def is_item(value: Any) -> bool:
    """Whether a value has the shape of an output item."""
    return isinstance(value, dict) and isinstance(value.get("type"), str) and _TYPE(value["type"]) is not None


def call_field(item: Mapping[str, Any]) -> str | None:
    """The field that says with what a call is made; None for an item that is no call, or runs at the provider."""
    fields = CALLS.get(item["type"])
    environment = item.get("environment")
    if fields is None or (isinstance(environment, dict) and environment.get("type") != "local"):
        return None
    return next((name for name in fields if item.get(name) is not None), fields[0])


def proposal(item: Mapping[str, Any], field: str, position: int) -> ToolCall:
    """A guarded call as the way of a call sees it."""
    if field in WORDED:
        return ToolCall((0, position), item.get("name", ""), item[field])
    return ToolCall((0, position), item["type"].removesuffix("_call"), orjson.dumps(item.get(field)).decode())


def edited(item: Json, field: str, arguments: str) -> Json:
    """A call as a person edited it: what was approved, whatever it is, is what goes."""
    if field in WORDED:
        return {**item, field: arguments}
    try:
        return {**item, field: orjson.loads(arguments)}
    except orjson.JSONDecodeError:
        return {**item, field: arguments}


def settled_item(item: Json, position: int, what: Settled, call: Call, *, begun: bool) -> Json:
    """A call as it was settled: itself, or a message that says why not. `begun`: whether the answer says something before.

    Where JSON was asked for, what a message says would be read as such, but for its refusal.
    """
    field = call_field(item)
    assert field is not None
    if what.goes:
        return item if what.as_proposed else edited(item, field, what.arguments or "")
    kind = "refusal" if call.wants_json else "output_text"
    part = empty_part(kind)
    part[KEYS[kind]] = f"\n\n{what.said}" if begun else what.said
    return {
        "type": "message",
        "id": f"msg_{position}_{item['id']}"[:64],
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def empty_part(kind: str) -> Json:
    """A part to which nothing was said yet."""
    more: Json = {"annotations": [], "logprobs": []} if kind == "output_text" else {}
    return {"type": kind, KEYS[kind]: "", **more}


def said(output: list[Json]) -> str:
    """What the application shows: the texts of all messages, one after the other, as the stock client puts them."""
    return "".join(
        part["text"]
        for item in output
        if item["type"] == "message"
        for part in item["content"]
        if part.get("type") == "output_text"
    )


# ── the answer around them ────────────────────────────────────────────────────────────────────────────────────────


def head(answer: Mapping[str, Any], call: Call) -> Json:
    """An answer without its output and its usage: of the request, what the application sent; the rest, if it is no text."""
    result: Json = {"id": "resp_0", "object": "response", "created_at": 0, "status": "completed"}
    for name, value in answer.items():
        if name in _HEAD_OWN or not is_name(name):
            continue
        if name in _AGAIN_IF_SAID:
            result[name] = call.body.get(name)
        elif value is None:
            result[name] = None
        elif isinstance(value, str):
            if is_opaque(value) if name == "id" else name in _HEAD_STATES and _TYPE(value):
                result[name] = value
        elif (left := quiet(value, name)) is not None:
            result[name] = left
    again = {name: default if call.body.get(name) is None else call.body[name] for name, default in _AGAIN.items()}
    again["tools"] = [{name: one for name, one in tool.items() if name not in _CREDENTIALS} for tool in again["tools"]]
    return {**result, **again, "model": call.model, "store": False}


def usage_of(answer: Mapping[str, Any]) -> Json | None:
    """The usage that the application sees."""
    reported = answer.get("usage")
    return quiet(reported) if isinstance(reported, dict) else None


def counts(reported: Any) -> tuple[int, int]:
    """(input, output) tokens of a `usage` object; zeros for what is none."""
    if not isinstance(reported, dict):
        return 0, 0
    return tokens(reported.get("input_tokens")), tokens(reported.get("output_tokens"))


def open_with(opening: str, output: list[Json]) -> None:
    """Put the visible sentence before the first words of all."""
    for item in output:
        for part in item["content"] if item["type"] == "message" else ():
            if part.get("type") == "output_text" and part.get("text"):
                part["text"] = f"{opening}\n\n{part['text']}"
                return


# ── item by item ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Place:
    """An item's place in the answer, and the guards of what stands there."""

    position: int
    guard_for: GuardFor

    def guard(self) -> Guard:
        """A guard for one string that stands alone."""
        return self.guard_for(Channel(0, "field", self.position))


def bare(item: Json, position: int) -> Json:
    """An item without anything that could be the model's words."""
    kind = item["type"]
    result: Json = {"type": kind, "id": f"{PREFIXES.get(kind, 'item')}_{position}"}
    for name, value in item.items():
        if name in _IDS:
            if value is not None:
                result[name] = value if is_opaque(value) else f"{PREFIXES.get(kind, 'item')}_{position}"
        elif name == "role":
            result[name] = role_of(value)
        elif name in _STATES and isinstance(value, str) and _TYPE(value):
            result[name] = value
        elif name in _SEALED and (sealed := quiet(value, "encrypted_content")) is not None:
            result[name] = sealed
    return result


async def finished(item: Json, place: Place, own: Json) -> Json:
    """An item as it leaves: `own` are its texts, already guarded; each other string of it is guarded here."""
    kind = item["type"]
    result = bare(item, place.position) | own
    if kind == "message":
        result = {"role": "assistant", "status": "completed"} | result
    for name, value in item.items():
        if name in result or not is_name(name):
            continue
        if kind == "image_generation_call" and name == "result" and is_image(value):
            result[name] = value
        elif name not in HOLDERS.get(kind, ()):
            result[name] = await annotated(value, place.guard)
    return result


async def guarded(item: Json, position: int, guard_for: GuardFor) -> Json:
    """A whole item of a provider's as it leaves."""
    place = Place(position, guard_for)
    own: Json = {}
    for holder in HOLDERS.get(item["type"], ()):
        given = item.get(holder)
        if isinstance(given, list):
            own[holder] = [await _part(one, place) for one in given if isinstance(one, dict)]
    if item["type"] == "message":
        own.setdefault("content", [])
    elif (field := call_field(item)) is not None:
        channel = Channel(0, field if field in WORDED else "arguments", position)
        text = await guard_for(channel).whole(call_text(item, field))
        own = await call_of(item, field, text, place)
    return await finished(item, place, own)


def call_text(item: Json, field: str) -> str:
    """What a call is made with, as text: the form in which a guard sees the strings, keys and numbers of JSON."""
    try:
        return arguments_of(item, field) if field in WORDED else orjson.dumps(item.get(field)).decode()
    except TypeError:
        raise broke_protocol() from None


async def call_of(item: Json, field: str, text: str, place: Place) -> Json:
    """The name of a call, and what it is made with, guarded. A name that looks like more than one goes through a guard."""
    own: Json = {}
    if "name" in item or field in WORDED:
        known = await called({"function": {"name": item.get("name")}}, place.position, place.guard)
        own["name"] = known["function"].get("name", "")
    if "call_id" in item or item["type"] != "mcp_approval_request":
        own["call_id"] = item["call_id"] if is_opaque(item.get("call_id")) else f"call_{place.position}"
    if field in WORDED:
        return {**own, field: text}
    try:
        return {**own, field: orjson.loads(text)}
    except orjson.JSONDecodeError:
        raise broke_protocol() from None


async def _part(part: Json, place: Place) -> Json:
    kind = part.get("type")
    key = KEYS.get(kind) if isinstance(kind, str) else None
    if key is None:
        return await other_part(part, place)
    given = part.get(key)
    text = given if isinstance(given, str) else ""
    text = await place.guard_for(Channel(0, CHANNELS[part["type"]], place.position)).whole(text)
    logprobs = Logprobs()
    logprobs.feed({"content": part.get("logprobs") or []})
    entries = logprobs.released(text)
    return await finished_part(part, text, entries if logprobs.complete else [], None, place)


async def finished_part(
    part: Json, text: str, logprobs: list[Json], annotations: list[Any] | None, place: Place
) -> Json:
    """A part as it leaves, its text guarded. `annotations`: those that have left already, if any have."""
    kind = part["type"]
    result: Json = {"type": kind, KEYS[kind]: text}
    if kind == "output_text":
        given = part.get("annotations")
        if annotations is None:
            annotations = await annotated(given if isinstance(given, list) else [], place.guard)
        result |= {"annotations": annotations, "logprobs": logprobs}
    return result


async def other_part(part: Json, place: Place) -> Json:
    """A part that is no text of the protocol's."""
    kind = part.get("type")
    own = {"type": kind} if isinstance(kind, str) and _TYPE(kind) else {}
    others = {name: one for name, one in part.items() if name != "type"}
    return {**own, **await annotated(others, place.guard)}
