"""OpenAI's chat completions: where the texts of a request and of an answer are, and how to put others in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from gateway.errors import Message
from gateway.wire.calls import (
    Call,
    Limits,
    Path,
    ProviderBroke,
    Text,
    malformed,
    parse_object,
    path_text,
    replaced,
    too_many,
)

KNOWN_FIELDS = frozenset(
    """model messages stream stream_options tools tool_choice parallel_tool_calls functions function_call response_format
    n max_tokens max_completion_tokens temperature top_p stop seed presence_penalty frequency_penalty logit_bias logprobs
    top_logprobs user metadata store service_tier reasoning_effort modalities audio prediction web_search_options
    safety_identifier prompt_cache_key verbosity""".split()
)
OWN_TOOLS = frozenset({"function", "custom"})
TEXT_PARTS = {"text": "text", "input_text": "text", "refusal": "refusal"}
ANSWER_TEXTS = ("content", "refusal", "reasoning_content", "reasoning")


def parse(body: bytes, limits: Limits) -> Call:
    """A request as a `Call`. Raises `Malformed` or `TooLarge`."""
    value = parse_object(body, limits)
    _check(value)
    texts = []
    for text in _texts(value):
        texts.append(text)
        if len(texts) > limits.max_texts:
            raise too_many(limits)
    tools = value.get("tools") or []
    provider_tools = [str(tool["type"]) for tool in tools if tool["type"] not in OWN_TOOLS]
    if value.get("web_search_options") is not None:
        provider_tools.append("web_search")
    names = [tool[tool["type"]]["name"] for tool in tools if tool["type"] in OWN_TOOLS]
    names += [str(function.get("name", "")) for function in value.get("functions") or []]
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
    answer: Any = None
    try:
        answer = orjson.loads(body)
        choices = answer["choices"]
        usable = isinstance(choices, list) and all(isinstance(choice["message"], dict) for choice in choices)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        usable = False
    if not usable:
        raise ProviderBroke(
            Message(
                "La réponse du fournisseur n'est pas de son protocole.", "The provider's answer is not of its protocol."
            ),
            Message(
                "Réessayer, puis prévenir la personne responsable du catalogue.",
                "Retry, then tell the person in charge of the catalogue.",
            ),
        )
    result: dict[str, Any] = answer
    return result


def answer_texts(answer: dict[str, Any]) -> tuple[Text, ...]:
    """Every text of an answer: content, reasoning, refusals and tool-call arguments."""
    return tuple(
        text
        for index, choice in enumerate(answer["choices"])
        for text in _message_texts(choice["message"], ("choices", index, "message"), "assistant")
    )


def rewrite_answer(
    answer: dict[str, Any],
    texts: Mapping[Path, str],
    *,
    model: str,
    envelope: dict[str, Any] | None,
    opening: str | None,
) -> dict[str, Any]:
    """The answer for the application: other texts, the model's own name, the envelope, the visible sentence first.

    The sentence goes before a choice's text content only: never into tool calls, and never where JSON was asked for
    (the caller then gives no `opening`).
    """
    texts = dict(texts)
    if opening is not None:
        for index, choice in enumerate(answer["choices"]):
            path: Path = ("choices", index, "message", "content")
            content = texts.get(path, choice["message"].get("content"))
            if isinstance(content, str) and content:
                texts[path] = f"{opening}\n\n{content}"
    result = replaced(answer, texts)
    result["model"] = model
    if envelope is not None:
        result["vigie"] = envelope
    return result


def usage(answer: Mapping[str, Any]) -> tuple[int, int]:
    """(input, output) tokens as the provider reports them; zeros if it does not."""
    reported = answer.get("usage")
    if not isinstance(reported, dict):
        return 0, 0
    counts = [reported.get(name) for name in ("prompt_tokens", "completion_tokens")]
    sent, answered = (count if isinstance(count, int) and count >= 0 else 0 for count in counts)
    return sent, answered


def wants_usage(body: Mapping[str, Any]) -> bool:
    """Whether the application asked for the usage chunk of a stream."""
    return bool((body.get("stream_options") or {}).get("include_usage"))


def with_usage(body: dict[str, Any]) -> dict[str, Any]:
    """A body of ours that asks the provider to report usage, which a stream only does when asked."""
    if body.get("stream"):
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return body


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
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 16):
        raise malformed("n", "un entier de 1 à 16", "an integer from 1 to 16")
    for name in ("stream_options", "response_format", "metadata", "web_search_options", "prediction"):
        if value.get(name) is not None and not isinstance(value[name], dict):
            raise malformed(name, "un objet", "an object")
    for name in ("tools", "functions"):
        if value.get(name) is not None and not isinstance(value[name], list):
            raise malformed(name, "une liste", "a list")
    for index, tool in enumerate(value.get("tools") or []):
        _check_tool(tool, f"tools[{index}]")
    for index, message in enumerate(messages):
        _check_message(message, f"messages[{index}]")


def _check_tool(tool: Any, where: str) -> None:
    if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
        raise malformed(where, "un outil avec son type", "a tool with its type")
    if tool["type"] in OWN_TOOLS:
        own = tool.get(tool["type"])
        if not isinstance(own, dict) or not isinstance(own.get("name"), str):
            raise malformed(f"{where}.{tool['type']}", "un objet avec un nom", "an object with a name")


def _check_message(message: Any, where: str) -> None:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise malformed(where, "un message avec son rôle", "a message with its role")
    content = message.get("content")
    if isinstance(content, list):
        for index, part in enumerate(content):
            if not isinstance(part, dict) or not isinstance(part.get("type"), str):
                raise malformed(f"{where}.content[{index}]", "une partie avec son type", "a part with its type")
            key = TEXT_PARTS.get(part["type"])
            if key is not None and not isinstance(part.get(key), str):
                raise malformed(f"{where}.content[{index}].{key}", "un texte", "a text")
    elif content is not None and not isinstance(content, str):
        raise malformed(f"{where}.content", "un texte ou une liste de parties", "a text or a list of parts")
    calls = message.get("tool_calls")
    if calls is not None and not (isinstance(calls, list) and all(isinstance(call, dict) for call in calls)):
        raise malformed(f"{where}.tool_calls", "une liste d'appels", "a list of calls")


def _texts(value: dict[str, Any]) -> Iterator[Text]:
    """Every place of a request where text stands."""
    for index, message in enumerate(value["messages"]):
        yield from _message_texts(message, ("messages", index), message["role"])
    for name in ("tools", "functions", "response_format", "prediction", "metadata", "stop", "web_search_options"):
        if value.get(name) is not None:
            yield from _every_string(value[name], (name,), name)
    for name, one in value.items():
        if name == "user" or name not in KNOWN_FIELDS:
            yield from _every_string(one, (name,), name)


def _message_texts(message: dict[str, Any], path: Path, role: str) -> Iterator[Text]:
    for name in (*ANSWER_TEXTS, "name"):
        value = message.get(name)
        if isinstance(value, str):
            if value:
                yield Text((*path, name), role, value)
        elif isinstance(value, list):
            for index, part in enumerate(value):
                key = TEXT_PARTS.get(part.get("type", "")) if isinstance(part, dict) else None
                if key is not None and isinstance(part.get(key), str):
                    yield Text((*path, name, index, key), role, part[key])
    for index, call in enumerate(message.get("tool_calls") or []):
        for kind, key in (("function", "arguments"), ("custom", "input")):
            own = call.get(kind)
            if isinstance(own, dict) and isinstance(own.get(key), str):
                yield Text((*path, "tool_calls", index, kind, key), role, own[key], embedded=kind == "function")
    legacy = message.get("function_call")
    if isinstance(legacy, dict) and isinstance(legacy.get("arguments"), str):
        yield Text((*path, "function_call", "arguments"), role, legacy["arguments"], embedded=True)


def _every_string(value: Any, path: Path, role: str) -> Iterator[Text]:
    """Strings of free form; of schemas and tools, what a person wrote, not the names that the protocol needs."""
    if isinstance(value, str):
        if path[-1] not in ("type", "name", "format", "$ref", "role"):
            yield Text(path, role, value)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            if path[-1] != "required":
                yield from _every_string(one, (*path, index), role)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _every_string(one, (*path, key), role)


def _media(value: dict[str, Any]) -> Iterator[str]:
    for message in value["messages"]:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part["type"] not in TEXT_PARTS:
                yield part["type"]
    if isinstance(value.get("modalities"), list) and "audio" in value["modalities"]:
        yield "audio"


__all__ = [
    "answer_texts",
    "checked_answer",
    "parse",
    "path_text",
    "rewrite_answer",
    "usage",
    "wants_usage",
    "with_usage",
]
