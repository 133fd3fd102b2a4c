"""Anthropic's Messages spoken with a deployment that speaks chat: a request to chat, its answer back. Pure.

What chat has no word for is `Untranslatable` rather than left out, but for what changes nothing of an answer (hints of
caching, tiers of service) and for thoughts of earlier turns, which no chat server asks to see again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from gateway.providers.faults import Untranslatable
from gateway.providers.said import Said, ToolUse

FINISHED = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
LEFT_OUT = frozenset({"cache_control", "service_tier"})
NO_WORD = frozenset({"top_k", "mcp_servers", "container", "context_management"})
EFFORTS = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
THOUGHTS = frozenset({"thinking", "redacted_thinking"})

Json = dict[str, Any]


# ── the request ───────────────────────────────────────────────────────────────────────────────────────────────────


def asked(body: Mapping[str, Any]) -> Json:
    """The same request as chat's. Raises `Untranslatable`."""
    chat: Json = {}
    for name, value in body.items():
        if value is None or name in LEFT_OUT or name in _FIELDS:
            continue
        if name in NO_WORD:
            raise Untranslatable(name)
        if name not in ("messages", "system"):
            chat[name] = value
    for name, translate in _FIELDS.items():
        if body.get(name) is not None:
            chat |= translate(body[name])
    system = _words(body["system"], "system") if body.get("system") else ""
    messages = [{"role": "system", "content": system}] if system else []
    for message in body["messages"]:
        messages += _assistant(message) if message["role"] == "assistant" else _user(message)
    chat["messages"] = messages
    if chat.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    return chat


def _thinking(value: Any) -> Json:
    if value.get("type") != "enabled":
        return {}
    budget = value.get("budget_tokens")
    amount = budget if isinstance(budget, int) else 0
    return {"reasoning_effort": "low" if amount < 4096 else "medium" if amount < 16_384 else "high"}


def _output(value: Any) -> Json:
    chat: Json = _format(value["format"]) if isinstance(value.get("format"), dict) else {}
    if value.get("effort") is not None:
        chat["reasoning_effort"] = EFFORTS.get(value["effort"], "medium")
    return chat


def _format(value: Any) -> Json:
    if value.get("type") != "json_schema":
        raise Untranslatable("output_config")
    schema = {"name": "reponse", "schema": value.get("schema"), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _tools(value: Any) -> Json:
    tools = []
    for tool in value:
        if tool.get("type") not in (None, "custom"):
            raise Untranslatable("tools")
        function = {"name": tool["name"], "parameters": tool.get("input_schema") or {"type": "object"}}
        function |= {name: tool[name] for name in ("description", "strict") if tool.get(name) is not None}
        tools.append({"type": "function", "function": function})
    return {"tools": tools}


def _choice(value: Any) -> Json:
    kind = value.get("type") if isinstance(value, dict) else None
    chat: Json = {}
    if kind == "tool":
        chat["tool_choice"] = {"type": "function", "function": {"name": value.get("name")}}
    elif kind in ("auto", "any", "none"):
        chat["tool_choice"] = "required" if kind == "any" else kind
    else:
        raise Untranslatable("tool_choice")
    if value.get("disable_parallel_tool_use"):
        chat["parallel_tool_calls"] = False
    return chat


_FIELDS: Mapping[str, Any] = {
    "thinking": _thinking,
    "output_config": _output,
    "output_format": _format,
    "tools": _tools,
    "tool_choice": _choice,
    "stop_sequences": lambda value: {"stop": value},
    "metadata": lambda value: {"user": value["user_id"]} if value.get("user_id") else {},
}


def _assistant(message: Json) -> Iterator[Json]:
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    said = [block for block in blocks if block["type"] not in THOUGHTS and block["type"] != "tool_use"]
    calls = [
        {
            "id": block.get("id"),
            "type": "function",
            "function": {"name": block.get("name"), "arguments": orjson.dumps(block["input"]).decode()},
        }
        for block in blocks
        if block["type"] == "tool_use"
    ]
    text = _words(said, "messages", between="")
    if text or calls:
        yield {"role": "assistant", "content": text or None, **({"tool_calls": calls} if calls else {})}


def _user(message: Json) -> Iterator[Json]:
    """Results of tools first, each a message of its own; then what the person says, images of results included."""
    content = message["content"]
    if isinstance(content, str):
        yield {"role": message["role"], "content": content}
        return
    parts: list[Json] = []
    for block in content:
        if block["type"] != "tool_result":
            parts.append(_part(block))
            continue
        result = block.get("content") or ""
        given = [{"type": "text", "text": result}] if isinstance(result, str) else _blocks(result)
        texts = [one for one in given if one.get("type") == "text"]
        parts += [_part(one) for one in given if one.get("type") != "text"]
        yield {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": _words(texts, "messages")}
    if all(part["type"] == "text" for part in parts) and parts:
        yield {"role": message["role"], "content": "\n\n".join(part["text"] for part in parts)}
    elif parts:
        yield {"role": message["role"], "content": parts}


def _words(content: Any, field: str, *, between: str = "\n\n") -> str:
    """A text, or blocks of nothing but text."""
    if isinstance(content, str):
        return content
    texts = [block.get("text") for block in content if block.get("type") == "text"]
    if len(texts) < len(content) or not all(isinstance(text, str) for text in texts):
        raise Untranslatable(field)
    return between.join(map(str, texts))


def _blocks(content: Any) -> list[Json]:
    """The blocks of a result, which nobody has looked at yet."""
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        raise Untranslatable("messages")
    return content


def _part(block: Json) -> Json:
    kind, source = block.get("type"), block.get("source")
    if kind == "text":
        return {"type": "text", "text": block["text"]}
    if kind == "image" and isinstance(source, dict):
        return {"type": "image_url", "image_url": {"url": _address(source)}}
    if kind == "document" and isinstance(source, dict):
        if source.get("type") == "text":
            titles = [block[name] for name in ("title", "context") if isinstance(block.get(name), str)]
            return {"type": "text", "text": "\n".join([*titles, str(source.get("data"))])}
        if source.get("type") == "base64":
            file = {"filename": block.get("title") or "document.pdf", "file_data": _address(source)}
            return {"type": "file", "file": file}
    raise Untranslatable("messages")


def _address(source: Json) -> str:
    if source.get("type") == "base64":
        return f"data:{source.get('media_type')};base64,{source.get('data')}"
    if source.get("type") == "url" and isinstance(source.get("url"), str):
        return str(source["url"])
    raise Untranslatable("messages")


# ── the answer ────────────────────────────────────────────────────────────────────────────────────────────────────


def answered(said: Said, _body: Mapping[str, Any]) -> Json:
    """A whole answer."""
    content: list[Json] = []
    for kind, text in _joined(said.pieces):
        thought = {"type": "thinking", "thinking": text, "signature": ""}
        content.append(thought if kind == "thought" else {"type": "text", "text": text})
    content += [_use(one, place) | {"input": _input(one)} for place, one in sorted(said.calls.items())]
    return _message(said) | {"content": content, "stop_reason": _reason(said), "usage": _usage(said)}


class Streamed:
    """A streamed answer: chat's chunks in, events out."""

    def __init__(self, _body: Mapping[str, Any]) -> None:
        self._said = Said()
        self._begun = False
        self._at = -1
        self._kind = ""

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[Json]:
        """What a chunk says."""
        pieces = self._said.take(chunk)
        if not self._begun:
            self._begun = True
            start = _message(self._said) | {"content": [], "stop_reason": None, "usage": _usage(self._said)}
            yield {"type": "message_start", "message": start}
        for kind, text in pieces:
            thought = kind == "thought"
            if thought != (self._kind == "thought") or not self._kind:
                yield from self._stop()
                self._at, self._kind = self._at + 1, kind
                empty = (
                    {"type": "thinking", "thinking": "", "signature": ""} if thought else {"type": "text", "text": ""}
                )
                yield {"type": "content_block_start", "index": self._at, "content_block": empty}
            delta = {"type": "thinking_delta", "thinking": text} if thought else {"type": "text_delta", "text": text}
            yield {"type": "content_block_delta", "index": self._at, "delta": delta}

    def finish(self) -> Iterator[Json]:
        """The end, if the provider came to it."""
        if not self._said.finish:
            return
        yield from self._stop()
        for place, one in sorted(self._said.calls.items()):
            self._at += 1
            yield {"type": "content_block_start", "index": self._at, "content_block": _use(one, place) | {"input": {}}}
            delta = {"type": "input_json_delta", "partial_json": orjson.dumps(_input(one)).decode()}
            yield {"type": "content_block_delta", "index": self._at, "delta": delta}
            yield {"type": "content_block_stop", "index": self._at}
        stop = {"stop_reason": _reason(self._said), "stop_sequence": None}
        yield {"type": "message_delta", "delta": stop, "usage": _usage(self._said)}
        yield {"type": "message_stop"}

    def _stop(self) -> Iterator[Json]:
        if self._kind:
            yield {"type": "content_block_stop", "index": self._at}
            self._kind = ""


def _message(said: Said) -> Json:
    head = {"id": said.id, "type": "message", "role": "assistant", "model": said.model}
    return head | {"stop_reason": None, "stop_sequence": None}


def _joined(pieces: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pieces that are of one block, together."""
    result: list[tuple[str, str]] = []
    for kind, text in pieces:
        if result and (result[-1][0] == "thought") == (kind == "thought"):
            result[-1] = result[-1][0], result[-1][1] + text
        else:
            result.append((kind, text))
    return result


def _use(one: ToolUse, place: int) -> Json:
    return {"type": "tool_use", "id": one.id or f"toolu_{place}", "name": one.name}


def _input(one: ToolUse) -> Json:
    """What a tool is called with. What is no object, which models write now and then, is kept as the text that it is."""
    try:
        value = orjson.loads(one.text or "{}")
    except orjson.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) else {"arguments": one.text}


def _reason(said: Said) -> str:
    if any(kind == "refusal" for kind, _ in said.pieces):
        return "refusal"
    return "tool_use" if said.calls and said.finish == "stop" else FINISHED.get(said.finish, "end_turn")


def _usage(said: Said) -> Json:
    cached = said.tokens("prompt_tokens", "prompt_tokens_details", "cached_tokens")
    usage: Json = {
        "input_tokens": max(0, said.tokens("prompt_tokens") - cached),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": said.tokens("completion_tokens"),
    }
    where = said.usage.get("inference_geo")
    return usage | ({"inference_geo": where} if isinstance(where, str) else {})
