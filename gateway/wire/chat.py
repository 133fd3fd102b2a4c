"""OpenAI's chat completions: where the texts of a request and of an answer are, and how to put others in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.wire import answers
from gateway.wire.answers import GuardFor, delivered, proposed, settled
from gateway.wire.calls import (
    NOTHING,
    Call,
    Limits,
    Path,
    Text,
    answered_object,
    broke_protocol,
    every_string,
    is_name,
    malformed,
    parse_object,
    schema_texts,
    tokens,
    too_many,
)
from gateway.wire.sse import COMMENT
from gateway.wire.stream import ChatStream

PATH = "/chat/completions"
KEEP_ALIVE = COMMENT
KNOWN_FIELDS = frozenset(
    """model messages stream stream_options tools tool_choice parallel_tool_calls functions function_call response_format
    n max_tokens max_completion_tokens temperature top_p stop seed presence_penalty frequency_penalty logit_bias logprobs
    top_logprobs user metadata store service_tier reasoning_effort modalities audio prediction web_search_options
    safety_identifier prompt_cache_key verbosity""".split()
)
ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
MOST_CHOICES = 16
OWN_TOOLS = frozenset({"function", "custom"})
TEXT_PARTS = {"text": "text", "input_text": "text", "refusal": "refusal"}
KNOWN_PARTS = frozenset({"content", "refusal", "reasoning", "reasoning_details", "audio", "annotations"})
SCHEMAS = frozenset({"tools", "functions", "response_format", "tool_choice", "function_call", "web_search_options"})
"""Fields made of names and JSON Schemas."""
FREE = frozenset({"metadata", "prediction"})
"""Fields of free form, as unknown ones are: no word in them is the protocol's."""
PART_NAMES = frozenset({"type", "format", "detail", "id"})
MESSAGE_NAMES = frozenset({"role", "type", "id", "tool_call_id"})
CALL_NAMES = frozenset({"type", "id", "name", "tool_call_id"})


def parse(body: bytes, limits: Limits) -> Call:
    """A request as a `Call`. Raises `Malformed` or `TooLarge`."""
    value = parse_object(body, limits)
    _check(value)
    texts = _texts(value, limits)
    tools = value.get("tools") or []
    provider_tools = [tool["type"] for tool in tools if tool["type"] not in OWN_TOOLS]
    if value.get("web_search_options") is not None:
        provider_tools.append("web_search")
    names = [tool[tool["type"]]["name"] for tool in tools if tool["type"] in OWN_TOOLS]
    names += [function["name"] for function in value.get("functions") or []]
    return Call(
        protocol="chat",
        model=value["model"],
        stream=bool(value.get("stream")),
        texts=tuple(texts),
        tools=tuple(names),
        provider_tools=tuple(provider_tools),
        media=tuple(_media(value)),
        fields=tuple(name for name in value if name not in KNOWN_FIELDS),
        body=value,
        wants_json=(value.get("response_format") or {}).get("type") in ("json_object", "json_schema"),
    )


def checked_answer(body: bytes) -> dict[str, Any]:
    """A provider's answer, if it is a chat completion. Raises `ProviderBroke`."""
    answer = answered_object(body)
    choices = answer.get("choices")
    if not isinstance(choices, list) or not all(
        isinstance(choice, dict) and isinstance(choice.get("message"), dict) for choice in choices
    ):
        raise broke_protocol()
    return answer


def usage(answer: Mapping[str, Any]) -> tuple[int, int]:
    """(input, output) tokens as the provider reports them; zeros if it does not."""
    reported = answer.get("usage")
    if not isinstance(reported, dict):
        return 0, 0
    return tokens(reported.get("prompt_tokens")), tokens(reported.get("completion_tokens"))


def wants_usage(body: Mapping[str, Any]) -> bool:
    """Whether the application asked for the usage chunk of a stream."""
    return bool((body.get("stream_options") or {}).get("include_usage"))


def prepared(body: dict[str, Any]) -> dict[str, Any]:
    """A body of ours that asks the provider to report usage, which a stream only does when asked."""
    if body.get("stream"):
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return body


async def guarded(answer: dict[str, Any], call: Call, guard_for: GuardFor, *, opening: str | None) -> dict[str, Any]:
    """A checked answer as the application may receive it."""
    return await answers.guarded(answer, guard_for, model=call.model, opening=opening)


def stream(
    call: Call,
    guard_for: GuardFor,
    *,
    envelope: dict[str, Any] | None,
    opening: str | None,
    seen: Callable[[dict[str, Any]], None] | None,
) -> ChatStream:
    """A rewriter of a streamed answer."""
    return ChatStream(
        guard_for,
        model=call.model,
        envelope=envelope,
        opening=opening,
        hide_usage=not wants_usage(call.body),
        wants_json=call.wants_json,
        seen=seen,
    )


# ── reading a request ─────────────────────────────────────────────────────────────────────────────────────────────


def _check(value: dict[str, Any]) -> None:
    """The types of what we act on; the rest is the provider's to judge."""
    if not isinstance(value.get("model"), str) or not value["model"]:
        raise malformed("model", "un nom de modèle", "a model's name")
    messages = value.get("messages")
    if not isinstance(messages, list) or not messages:
        raise malformed("messages", "une liste de messages non vide", "a non-empty list of messages")
    if not isinstance(value.get("stream") or False, bool):
        raise malformed("stream", "true ou false", "true or false")
    count = value.get("n")
    if count is not None and not (type(count) is int and 1 <= count <= MOST_CHOICES):
        raise malformed("n", f"un entier de 1 à {MOST_CHOICES}", f"an integer from 1 to {MOST_CHOICES}")
    for name in ("stream_options", "response_format", "metadata", "web_search_options", "prediction"):
        if value.get(name) is not None and not isinstance(value[name], dict):
            raise malformed(name, "un objet", "an object")
    for name, check in (("tools", _check_tool), ("functions", _check_function)):
        given = value.get(name)
        if given is not None and not isinstance(given, list):
            raise malformed(name, "une liste", "a list")
        for index, one in enumerate(given or []):
            check(one, f"{name}[{index}]")
    _check_field_names("", (name for name in value if name not in KNOWN_FIELDS))
    _check_field_names("metadata", value.get("metadata") or {})
    for index, message in enumerate(messages):
        if not _is_ordinary(message):
            _check_message(message, index)


def _check_field_names(where: str, names: Iterable[str]) -> None:
    """Names of fields that we do not know are recorded, so they must be names and nothing else."""
    if not all(map(is_name, names)):
        raise malformed(where, "un objet aux noms de champs simples", "an object whose fields have plain names")


def _check_function(function: Any, where: str) -> None:
    if not isinstance(function, dict) or not is_name(function.get("name")):
        raise malformed(where, "une fonction avec son nom", "a function with its name")


def _check_tool(tool: Any, where: str) -> None:
    if not isinstance(tool, dict) or not is_name(tool.get("type")):
        raise malformed(where, "un outil avec son type", "a tool with its type")
    if tool["type"] in OWN_TOOLS:
        own = tool.get(tool["type"])
        if not isinstance(own, dict) or not is_name(own.get("name")):
            raise malformed(f"{where}.{tool['type']}", "un objet avec un nom", "an object with a name")


def _is_ordinary(message: Any) -> bool:
    """Whether a message is what nearly all are: a role of the protocol and a text, nothing else."""
    return (
        isinstance(message, dict)
        and len(message) == 2
        and isinstance(message.get("content"), str)
        and (role := message.get("role")).__class__ is str
        and role in ROLES
    )


def _check_message(message: Any, index: int) -> None:
    where = f"messages[{index}]"
    if not isinstance(message, dict) or not is_name(message.get("role")):
        raise malformed(where, "un message avec son rôle", "a message with its role")
    content = message.get("content")
    if isinstance(content, list):
        for place, part in enumerate(content):
            if not isinstance(part, dict) or not is_name(part.get("type")):
                raise malformed(f"{where}.content[{place}]", "une partie avec son type", "a part with its type")
            key = TEXT_PARTS.get(part["type"])
            if key is not None and not isinstance(part.get(key), str):
                raise malformed(f"{where}.content[{place}].{key}", "un texte", "a text")
    elif content is not None and not isinstance(content, str):
        raise malformed(f"{where}.content", "un texte ou une liste de parties", "a text or a list of parts")
    calls = message.get("tool_calls")
    if calls is not None and not (isinstance(calls, list) and all(isinstance(call, dict) for call in calls)):
        raise malformed(f"{where}.tool_calls", "une liste d'appels", "a list of calls")


def _texts(value: dict[str, Any], limits: Limits) -> list[Text]:
    """Every place of a request where text stands: every string but the model's name and the protocol's own words.

    The messages last, since a conversation grows at their end and what is numbered by first appearance is to keep its
    number. Raises `TooLarge`.
    """
    texts: list[Text] = []
    for name, one in value.items():
        if name in ("model", "messages", "stream"):
            continue
        if name in SCHEMAS:
            found = schema_texts(one, (name,), name)
        else:
            found = every_string(one, (name,), name, numbers=name in FREE or name not in KNOWN_FIELDS)
        _add(texts, found, limits)
    for index, message in enumerate(value["messages"]):
        if len(message) == 2 and isinstance(said := message.get("content"), str):  # nearly all: a role and a text
            if said:
                texts.append(Text(("messages", index, "content"), message["role"], said))
        else:
            _add(texts, _message_texts(message, ("messages", index), message["role"]), limits)
    if len(texts) > limits.max_texts:
        raise too_many(limits)
    return texts


def _add(texts: list[Text], more: Iterator[Text], limits: Limits) -> None:
    for text in more:
        texts.append(text)
        if len(texts) > limits.max_texts:
            raise too_many(limits)


def _message_texts(message: Mapping[str, Any], path: Path, role: str) -> Iterator[Text]:
    """Every text of one message, of a request or of an answer; whatever its shape."""
    for key, value in message.items():
        if isinstance(value, str):
            if value and not (key in MESSAGE_NAMES and is_name(value)):
                yield Text((*path, key), role, value)
        elif key == "tool_calls" and isinstance(value, list):
            for index, call in enumerate(value):
                yield from _tool_call_texts(call, (*path, key, index), role)
        elif key == "function_call" and isinstance(value, dict):
            yield from _own_call_texts(value, (*path, key), role, "arguments")
        else:
            yield from every_string(value, (*path, key), role, PART_NAMES if key in KNOWN_PARTS else NOTHING)


def _tool_call_texts(call: Any, path: Path, role: str) -> Iterator[Text]:
    if not isinstance(call, dict):
        yield from every_string(call, path, role)
        return
    for key, value in call.items():
        if key in ("function", "custom") and isinstance(value, dict):
            yield from _own_call_texts(value, (*path, key), role, "arguments" if key == "function" else "input")
        else:
            yield from every_string(value, (*path, key), role, CALL_NAMES)


def _own_call_texts(own: Mapping[str, Any], path: Path, role: str, key: str) -> Iterator[Text]:
    """A function's or a custom tool's call: what it is called with (arguments are JSON), and whatever else is there."""
    for name, value in own.items():
        if name == key and isinstance(value, str):
            yield Text((*path, name), role, value)
        else:
            yield from every_string(value, (*path, name), role, CALL_NAMES)


def _media(value: dict[str, Any]) -> Iterator[str]:
    for message in value["messages"]:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part["type"] not in TEXT_PARTS:
                yield part["type"]
    if isinstance(value.get("modalities"), list) and "audio" in value["modalities"]:
        yield "audio"


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
