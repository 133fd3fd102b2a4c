"""The content blocks of Anthropic's Messages: what of each reaches the application. *Pure but for the guards*.

A text, a thought, the input of a tool: each goes through a guard of its own. Text blocks that follow each other are one text
(that is how cited passages come), so they share a guard: what one block ends with cannot get around it by going on in the
next, and what the guard holds back at the end of one leaves in the next. Of every other block each string is guarded where
it stands alone; ids and signatures pass in their own shape only. `messages` uses this for whole answers, `messages_stream`
for streams.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gateway.wire.answers import DEPTH, Guard, called, finish_reason, is_opaque, quiet
from gateway.wire.calls import ToolCall, broke_protocol, is_name, tokens

Block = dict[str, Any]

CALL = "tool_use"
SERVED = frozenset({"server_tool_use", "mcp_tool_use"})
"""Calls of tools that run at the provider: said to the application, never for it to carry out."""
IDS = frozenset({"id", "tool_use_id", "file_id", "container_id"})
SIGNED = frozenset({"signature", "encrypted_content", "encrypted_index"})
NO_USAGE = {"input_tokens": 0, "output_tokens": 0}


async def worded(value: Any, guard: Callable[[], Guard], name: str = "", depth: int = DEPTH) -> Any:
    """A value of which each string is a text of its own, but for the protocol's words, its ids and its signatures."""
    if isinstance(value, str):
        if name in IDS and is_opaque(value):
            return value
        return value if _is_quiet(value, name) else await guard().whole(value)
    if isinstance(value, list) and depth:
        return [await worded(one, guard, name, depth - 1) for one in value]
    if isinstance(value, dict) and depth:
        return {key: await worded(one, guard, key, depth - 1) for key, one in value.items() if is_name(key)}
    return value if isinstance(value, (bool, int, float)) else None


def _is_quiet(value: str, name: str) -> bool:
    return quiet(value, "signature" if name in SIGNED else name) is not None


def signature_of(block: Block, name: str = "signature") -> str:
    """A block's signature, or its bytes that only the provider reads, if they look like such."""
    return quiet(block.get(name), "signature") or ""


def text_of(block: Block, name: str = "text") -> str:
    """A block's text."""
    value = block.get(name)
    return value if isinstance(value, str) else ""


def is_block(value: Any) -> bool:
    """Whether a value has the shape of a content block."""
    return isinstance(value, dict) and isinstance(value.get("type"), str)


# ── calls ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def call_head(block: Block, index: int, guard: Callable[[], Guard]) -> Block:
    """What a call says beside its input. A name that looks like more than a name goes through a guard."""
    own = {name: one for name, one in block.items() if name not in ("type", "id", "name", "input")}
    known = await called({"id": block.get("id"), "function": {"name": block.get("name")}}, index, guard)
    name = known["function"].get("name", "")
    return {"type": block["type"], "id": known["id"], "name": name, "input": {}, **await worded(own, guard)}


def input_text(block: Block) -> str:
    """A call's input as JSON text: the form in which a guard sees its strings, its keys and its numbers."""
    value = block.get("input")
    try:
        return orjson.dumps(value if isinstance(value, dict) else {}).decode()
    except TypeError:
        raise broke_protocol() from None


def input_of(text: str) -> dict[str, Any]:
    """A call's input from its guarded JSON text. Raises `ProviderBroke` for what is no object."""
    try:
        value = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        raise broke_protocol() from None
    if not isinstance(value, dict):
        raise broke_protocol()
    return value


def edited(block: Block, text: str) -> Block:
    """A call as a person edited it: what was approved, whatever it is, is what goes."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = text
    return {**block, "input": value}


def proposal(place: int, block: Block, text: str) -> ToolCall:
    """A call as the way of a call sees it."""
    return ToolCall((0, place), block["name"], text)


# ── endings ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def ending(delta: Block, guard: Callable[[], Guard]) -> Block:
    """Why a message ended, and which of the application's own texts it ended at."""
    reason = finish_reason(delta.get("stop_reason"))
    sequence = delta.get("stop_sequence")
    return {
        "stop_reason": "end_turn" if reason == "stop" else reason,
        "stop_sequence": await guard().whole(sequence) if isinstance(sequence, str) else None,
    }


def ended_without_calls(*, wants_json: bool) -> str:
    """The reason of an answer none of whose calls goes: what it says then is not what a schema asked for."""
    return "refusal" if wants_json else "end_turn"


def counted(usage: Any) -> Block:
    """The usage that an application sees."""
    return {**NO_USAGE, **(quiet(usage) or {})} if isinstance(usage, dict) else dict(NO_USAGE)


def counts(reported: Mapping[str, Any]) -> tuple[int, int]:
    """The tokens of a `usage` object."""
    read = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return sum(tokens(reported.get(name)) for name in read), tokens(reported.get("output_tokens"))


def after(text: str, *, begun: bool) -> str:
    """A text of ours; the text blocks of an answer are read one after the other, as they are."""
    return f"\n\n{text}" if begun else text
