"""OpenAI's Responses spoken with a deployment that speaks chat: a request to chat, its answer back. Pure.

Nothing is kept between calls: a request that goes on from a stored response, or asks for work in the background, is
`Untranslatable`, as is what chat has no word for. Thoughts of earlier turns are left out: no chat server asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.providers.faults import Untranslatable
from gateway.providers.said import Said, ToolUse

SAME = frozenset({"model", "temperature", "top_p", "stream", "parallel_tool_calls", "user", "top_logprobs"})
LEFT_OUT = frozenset(
    """metadata store service_tier prompt_cache_key prompt_cache_retention safety_identifier include truncation
    stream_options max_tool_calls""".split()
)
NO_WORD = frozenset({"previous_response_id", "conversation", "prompt", "context_management"})
ROLES = {"developer": "system"}
INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
ECHOED = (
    "temperature",
    "top_p",
    "max_output_tokens",
    "tool_choice",
    "tools",
    "parallel_tool_calls",
    "text",
    "reasoning",
)

Json = dict[str, Any]


# ── the request ───────────────────────────────────────────────────────────────────────────────────────────────────


def asked(body: Mapping[str, Any]) -> Json:
    """The same request as chat's. Raises `Untranslatable`."""
    chat: Json = {}
    for name, value in body.items():
        if value is None or name in LEFT_OUT or name in _FIELDS or name in ("input", "instructions"):
            continue
        if name in NO_WORD or (name == "background" and value):
            raise Untranslatable(name)
        if name != "background":
            chat[name] = value
    for name, translate in _FIELDS.items():
        if body.get(name) is not None:
            chat |= translate(body[name])
    messages: list[Json] = []
    if body.get("instructions"):
        messages.append({"role": "system", "content": body["instructions"]})
    given = body.get("input")
    for item in [{"role": "user", "content": given}] if isinstance(given, str) else _objects(given, "input"):
        _add(item, messages)
    chat["messages"] = messages
    if chat.get("stream"):
        chat["stream_options"] = {"include_usage": True}
    return chat


def _text_options(value: Any) -> Json:
    chat: Json = {"verbosity": value["verbosity"]} if value.get("verbosity") else {}
    given = value.get("format")
    if not isinstance(given, dict) or given.get("type") == "text":
        return chat
    if given.get("type") == "json_object":
        return chat | {"response_format": {"type": "json_object"}}
    schema = {name: given[name] for name in ("name", "schema", "strict", "description") if given.get(name) is not None}
    return chat | {"response_format": {"type": "json_schema", "json_schema": schema}}


def _tools(value: Any) -> Json:
    tools = []
    for tool in _objects(value, "tools"):
        kind = tool.get("type")
        if kind not in ("function", "custom"):
            raise Untranslatable("tools")
        own = {name: one for name, one in tool.items() if name != "type" and one is not None}
        tools.append({"type": kind, kind: own})
    return {"tools": tools} if tools else {}


def _choice(value: Any) -> Json:
    if isinstance(value, str):
        return {"tool_choice": value}
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in ("function", "custom"):
        raise Untranslatable("tool_choice")
    return {"tool_choice": {"type": kind, kind: {"name": value.get("name")}}}


def _reasoning(value: Any) -> Json:
    return {"reasoning_effort": value["effort"]} if isinstance(value, dict) and value.get("effort") else {}


_FIELDS: Mapping[str, Callable[[Any], Json]] = {
    "text": _text_options,
    "tools": _tools,
    "tool_choice": _choice,
    "reasoning": _reasoning,
    "max_output_tokens": lambda value: {"max_tokens": value},
}


def _add(item: Json, messages: list[Json]) -> None:
    """One item of the input. Calls join the assistant's message before them: chat has them there."""
    kind = item.get("type") or "message"
    if kind == "message":
        role = item.get("role")
        messages.append({"role": ROLES.get(role, role) if isinstance(role, str) else role, "content": _content(item)})
    elif kind in ("function_call", "custom_tool_call"):
        form, key = ("custom", "input") if kind.startswith("custom") else ("function", "arguments")
        call = {"id": item.get("call_id"), "type": form, form: {"name": item.get("name"), key: item.get(key)}}
        if not messages or messages[-1]["role"] != "assistant":
            messages.append({"role": "assistant", "content": None})
        messages[-1].setdefault("tool_calls", []).append(call)
    elif kind in ("function_call_output", "custom_tool_call_output"):
        output = item.get("output")
        said = output if isinstance(output, str) else _only_text(_objects(output, "input"))
        messages.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": said})
    elif kind != "reasoning":
        raise Untranslatable("input")


def _content(item: Json) -> Any:
    given = item.get("content")
    if isinstance(given, str):
        return given
    parts = [_part(part) for part in _objects(given, "input")]
    return "".join(part["text"] for part in parts) if all(part["type"] == "text" for part in parts) else parts


def _part(part: Json) -> Json:
    kind = part.get("type")
    if kind in ("input_text", "output_text", "text"):
        return {"type": "text", "text": _string(part.get("text"))}
    if kind == "refusal":
        return {"type": "text", "text": _string(part.get("refusal"))}
    if kind == "input_image" and isinstance(part.get("image_url"), str):
        detail = {"detail": part["detail"]} if part.get("detail") else {}
        return {"type": "image_url", "image_url": {"url": part["image_url"], **detail}}
    if kind == "input_file" and part.get("file_data"):
        file = {name: part[name] for name in ("filename", "file_data") if part.get(name)}
        return {"type": "file", "file": file}
    raise Untranslatable("input")


def _only_text(content: list[Json]) -> str:
    parts = [_part(part) for part in content]
    if any(part["type"] != "text" for part in parts):
        raise Untranslatable("input")
    return "".join(part["text"] for part in parts)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Untranslatable("input")
    return value


def _objects(value: Any, field: str) -> list[Json]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Untranslatable(field)
    return value


# ── the answer ────────────────────────────────────────────────────────────────────────────────────────────────────


def answered(said: Said, body: Mapping[str, Any]) -> Json:
    """A whole answer: what a stream of it would have ended with."""
    streamed = Streamed(body)
    streamed.take(said)
    *_, last = streamed.finish()
    response: Json = last["response"]
    return response


class Streamed:
    """A streamed answer: chat's chunks in, events out, each with its number."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self._said = Said()
        self._number = 0
        self._begun = False
        self._output: list[Json] = []
        self._kind = ""

    def take(self, said: Said) -> None:
        """An answer that is whole already."""
        self._said = said
        for kind, text in said.pieces:
            list(self._piece(kind, text))

    def feed(self, chunk: Mapping[str, Any]) -> Iterator[Json]:
        """What a chunk says."""
        pieces = self._said.take(chunk)
        if not self._begun:
            self._begun = True
            for kind in ("created", "in_progress"):
                yield self._event(f"response.{kind}", response=self._response("in_progress", []))
        for kind, text in pieces:
            yield from self._piece(kind, text)

    def finish(self) -> Iterator[Json]:
        """The end, if the provider came to it."""
        if not self._said.finish:
            return
        yield from self._stop()
        for _, one in sorted(self._said.calls.items()):
            yield from self._called(one)
        status = "incomplete" if self._said.finish in INCOMPLETE else "completed"
        yield self._event(f"response.{status}", response=self._response(status, self._output))

    def _event(self, kind: str, **more: Any) -> Json:
        number, self._number = self._number, self._number + 1
        return {"type": kind, "sequence_number": number, **more}

    def _piece(self, kind: str, text: str) -> Iterator[Json]:
        """More of a thought, of a text, of a refusal."""
        if kind != self._kind:
            yield from self._stop()
            yield from self._start(kind)
        item, name, key = self._output[-1], *_PARTS[kind]
        part = item["content"][-1]
        part[key] += text
        more: Json = {"logprobs": []} if kind == "text" else {}
        yield self._event(f"response.{name}.delta", **self._where(item), delta=text, **more)

    def _start(self, kind: str) -> Iterator[Json]:
        self._kind = kind
        place = len(self._output)
        if kind == "thought":
            item: Json = {"type": "reasoning", "id": self._id("rs", place), "summary": [], "content": []}
        else:
            item = {"type": "message", "id": self._id("msg", place), "role": "assistant", "content": []}
        item["status"] = "in_progress"
        self._output.append(item)
        yield self._event("response.output_item.added", output_index=place, item={**item, "content": []})
        item["content"].append(_EMPTY[kind]())
        if kind != "thought":
            part = {**item["content"][0]}
            yield self._event("response.content_part.added", **self._where(item), part=part)

    def _stop(self) -> Iterator[Json]:
        """The end of what is being said."""
        if not self._kind:
            return
        item, name, key = self._output[-1], *_PARTS[self._kind]
        part = item["content"][-1]
        item["status"] = "completed"
        more: Json = {"logprobs": []} if self._kind == "text" else {}
        yield self._event(f"response.{name}.done", **self._where(item), **{key: part[key]}, **more)
        if self._kind != "thought":
            yield self._event("response.content_part.done", **self._where(item), part=part)
        yield self._event("response.output_item.done", output_index=len(self._output) - 1, item=item)
        self._kind = ""

    def _called(self, one: ToolUse) -> Iterator[Json]:
        """A call, whole."""
        place = len(self._output)
        kind, key, prefix, event = (
            ("custom_tool_call", "input", "ctc", "custom_tool_call_input")
            if one.custom
            else ("function_call", "arguments", "fc", "function_call_arguments")
        )
        call_id = one.id or f"call_{place}"
        item: Json = {"type": kind, "id": self._id(prefix, place), "call_id": call_id, "name": one.name, key: one.text}
        where = {"item_id": item["id"], "output_index": place}
        yield self._event(
            "response.output_item.added", output_index=place, item={**item, key: "", "status": "in_progress"}
        )
        if one.text:
            yield self._event(f"response.{event}.delta", **where, delta=one.text)
        yield self._event(f"response.{event}.done", **where, **{key: one.text})
        item["status"] = "completed"
        self._output.append(item)
        yield self._event("response.output_item.done", output_index=place, item=item)

    def _where(self, item: Json) -> Json:
        return {"item_id": item["id"], "output_index": len(self._output) - 1, "content_index": 0}

    def _id(self, prefix: str, place: int) -> str:
        return f"{prefix}_{self._said.id}_{place}"

    def _response(self, status: str, output: list[Json]) -> Json:
        said = self._said
        echoed = {name: self._body[name] for name in ECHOED if self._body.get(name) is not None}
        reason = INCOMPLETE.get(said.finish) if status == "incomplete" else None
        return {
            "id": f"resp_{said.id}",
            "object": "response",
            "created_at": said.created,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": reason} if reason else None,
            "instructions": None,
            "metadata": {},
            "model": said.model,
            "output": output,
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "store": False,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "truncation": "disabled",
            **echoed,
            "usage": None if status == "in_progress" else _usage(said),
        }


_PARTS = {
    "thought": ("reasoning_text", "text"),
    "text": ("output_text", "text"),
    "refusal": ("refusal", "refusal"),
}
_EMPTY: Mapping[str, Callable[[], Json]] = {
    "thought": lambda: {"type": "reasoning_text", "text": ""},
    "text": lambda: {"type": "output_text", "text": "", "annotations": [], "logprobs": []},
    "refusal": lambda: {"type": "refusal", "refusal": ""},
}


def _usage(said: Said) -> Json:
    asked, answered = said.tokens("prompt_tokens"), said.tokens("completion_tokens")
    usage: Json = {
        "input_tokens": asked,
        "input_tokens_details": {
            "cached_tokens": said.tokens("", "prompt_tokens_details", "cached_tokens"),
            "cache_write_tokens": 0,
        },
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": said.tokens("", "completion_tokens_details", "reasoning_tokens")},
        "total_tokens": asked + answered,
    }
    where = said.usage.get("inference_geo")
    return usage | ({"inference_geo": where} if isinstance(where, str) else {})
