"""OpenAI's Responses as OpenAI's server speaks it: a whole response, and the events by which it streams the same one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

Item = dict[str, Any]

USAGE = {
    "input_tokens": 11,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 18,
}
TEXTS = {
    "output_text": ("response.output_text", "text", "content_index"),
    "refusal": ("response.refusal", "refusal", "content_index"),
    "reasoning_text": ("response.reasoning_text", "text", "content_index"),
    "summary_text": ("response.reasoning_summary_text", "text", "summary_index"),
}
CALLS = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
}


def text_part(text: str, **more: Any) -> Item:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": [], **more}


def message(*parts: Item | str, name: str = "msg_1") -> Item:
    content = [text_part(one) if isinstance(one, str) else one for one in parts]
    return {"id": name, "type": "message", "role": "assistant", "status": "completed", "content": content}


def reasoning(*summary: str, name: str = "rs_1", **more: Any) -> Item:
    return {
        "id": name,
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": one} for one in summary],
        "encrypted_content": "gAAAAABo" + "x" * 60,
        **more,
    }


def function_call(tool: str, arguments: Any, name: str = "1") -> Item:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    own = {"id": f"fc_{name}", "call_id": f"call_{name}", "name": tool, "arguments": text}
    return {"type": "function_call", "status": "completed", **own}


def response(output: Sequence[Item], status: str = "completed", **more: Any) -> Item:
    """A whole response. What it says again of the request is what the server received."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1795000000.0,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": "Ce que le serveur a reçu.",
        "max_output_tokens": None,
        "model": "theirs-2026",
        "output": list(output),
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": "medium", "summary": None},
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": USAGE,
        "metadata": {},
        **more,
    }


def of_part(part: Item, where: Item, size: int) -> Iterator[Item]:
    name, key, index = TEXTS[part["type"]]
    summary = index == "summary_index"
    own = "response.reasoning_summary_part" if summary else "response.content_part"
    where = {**where, index: where["part"]}
    del where["part"]
    logged: Item = {"logprobs": []} if part["type"] == "output_text" else {}
    yield {
        "type": f"{own}.added",
        **where,
        "part": {**part, key: "", **({"annotations": []} if logged else {}), **logged},
    }
    tokens = list(part.get("logprobs") or ())
    for at in range(0, len(part[key]), size):
        piece = part[key][at : at + size]
        yield {"type": f"{name}.delta", **where, "delta": piece, **({"logprobs": tokens} if logged else {})}
        tokens = []
    for at, one in enumerate(part.get("annotations") or ()):
        yield {"type": "response.output_text.annotation.added", **where, "annotation_index": at, "annotation": one}
    yield {"type": f"{name}.done", **where, key: part[key], **({"logprobs": part["logprobs"]} if logged else {})}
    yield {"type": f"{own}.done", **where, "part": part}


def of_item(item: Item, index: int, size: int) -> Iterator[Item]:
    where = {"item_id": item["id"], "output_index": index}
    kind = item["type"]
    begun = dict(item)
    holders = [name for name in ("summary", "content") if isinstance(item.get(name), list)]
    begun |= {name: [] for name in holders}
    if kind in CALLS:
        begun[CALLS[kind][1]] = ""
    if "status" in begun:
        begun["status"] = "in_progress"
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    for holder in holders:
        for at, part in enumerate(item[holder]):
            yield from of_part(part, {**where, "part": at}, size)
    if kind in CALLS:
        name, key = CALLS[kind]
        for at in range(0, len(item[key]), size):
            yield {"type": f"{name}.delta", **where, "delta": item[key][at : at + size]}
        yield {"type": f"{name}.done", **where, key: item[key]}
    elif kind == "web_search_call":
        for state in ("in_progress", "searching", "completed"):
            yield {"type": f"response.web_search_call.{state}", **where}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def events(whole: Item, size: int = 5) -> list[Item]:
    """The events by which a server streams a response."""
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    told: list[Item] = [{"type": f"response.{one}", "response": begun} for one in ("created", "in_progress")]
    for index, item in enumerate(whole["output"]):
        told += of_item(item, index, size)
    told.append({"type": f"response.{whole['status']}", "response": whole})
    return [{**one, "sequence_number": number} for number, one in enumerate(told)]


def frame(event: Item) -> bytes:
    return f"event: {event.get('type')}\ndata: {json.dumps(event)}\n\n".encode()
