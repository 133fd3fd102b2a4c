"""A request of Anthropic's Messages: where its texts are, and what it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from gateway.wire.blocks import CALL, SERVED, input_of, is_block
from gateway.wire.calls import (
    NOTHING,
    SCHEMA_NAMES,
    Call,
    Limits,
    Path,
    Text,
    every_string,
    is_name,
    malformed,
    parse_object,
    schema_texts,
    too_many,
)

KNOWN_FIELDS = frozenset(
    """model messages max_tokens system metadata stop_sequences stream temperature thinking tool_choice tools top_k top_p
    service_tier output_config output_format cache_control""".split()
)
CLIENT_TOOLS = ("bash_", "text_editor_", "computer_", "memory_")
"""Tools that Anthropic describes and that the application carries out. A type that is not known is the provider's to run."""
OWN_CALLS = SERVED | {CALL}
NO_MEDIA = OWN_CALLS | frozenset("text thinking redacted_thinking tool_result search_result tool_reference".split())
SEEN_SOURCES = frozenset({"text", "content"})
SCHEMAS = frozenset({"tools", "tool_choice", "output_config", "output_format", "thinking", "cache_control"})
OWN_SCHEMA_NAMES = SCHEMA_NAMES | {"ttl", "effort", "display"}
FREE = frozenset({"metadata"})
"""Fields of free form, as unknown ones are: no word in them is the protocol's."""
CALL_NAMES = frozenset({"type", "id", "name", "server_name", "ttl"})
BLOCK_NAMES = frozenset({"type", "tool_use_id", "tool_name", "media_type", "ttl", "file_id"})
RESULT_NAMES = frozenset({"type", "tool_use_id", "file_id"})
OPAQUE = frozenset({"signature", "data"})
KNOWN_BLOCKS = NO_MEDIA | {"image", "document"}


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
    provider_tools = [tool["type"] for tool in tools if not _is_clients(tool)]
    if value.get("mcp_servers"):
        provider_tools.append("mcp")
    return Call(
        protocol="messages",
        model=value["model"],
        stream=bool(value.get("stream")),
        texts=tuple(texts),
        tools=tuple(tool["name"] for tool in tools if _is_clients(tool)),
        provider_tools=tuple(provider_tools),
        media=tuple(_media(value)),
        fields=tuple(name for name in value if name not in KNOWN_FIELDS),
        body=value,
        wants_json=_wants_json(value),
    )


def prepared(body: dict[str, Any]) -> dict[str, Any]:
    """A body of ours as the protocol has it: inputs of tools are objects again, and a thought whose signature was dropped
    on its way to the application (see `guarded`) is not said again.
    """
    body["messages"] = [_sendable(message) for message in body["messages"]]
    return body


# ── reading a request ─────────────────────────────────────────────────────────────────────────────────────────────


def _check(value: dict[str, Any]) -> None:
    """The types of what we act on; the rest is the provider's to judge."""
    if not isinstance(value.get("model"), str) or not value["model"]:
        raise malformed("model", "un nom de modèle", "a model's name")
    if not isinstance(value.get("stream") or False, bool):
        raise malformed("stream", "true ou false", "true or false")
    for name in ("metadata", "output_config", "output_format", "thinking"):
        if value.get(name) is not None and not isinstance(value[name], dict):
            raise malformed(name, "un objet", "an object")
    _check_field_names("", (name for name in value if name not in KNOWN_FIELDS))
    _check_field_names("metadata", value.get("metadata") or {})
    tools = value.get("tools")
    if tools is not None and not isinstance(tools, list):
        raise malformed("tools", "une liste", "a list")
    for index, tool in enumerate(tools or []):
        _check_tool(tool, f"tools[{index}]")
    if value.get("system") is not None:
        _check_content(value["system"], "system")
    messages = value.get("messages")
    if not isinstance(messages, list) or not messages:
        raise malformed("messages", "une liste de messages non vide", "a non-empty list of messages")
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or not is_name(message.get("role")):
            raise malformed(f"messages[{index}]", "un message avec son rôle", "a message with its role")
        _check_content(message.get("content"), f"messages[{index}].content")


def _check_field_names(where: str, names: Iterable[str]) -> None:
    """Names of fields that we do not know are recorded, so they must be names and nothing else."""
    if not all(map(is_name, names)):
        raise malformed(where, "un objet aux noms de champs simples", "an object whose fields have plain names")


def _check_tool(tool: Any, where: str) -> None:
    if not isinstance(tool, dict) or not (tool.get("type") is None or is_name(tool["type"])):
        raise malformed(where, "un outil", "a tool")
    if _is_clients(tool) and not is_name(tool.get("name")):
        raise malformed(where, "un outil avec son nom", "a tool with its name")


def _check_content(content: Any, where: str) -> None:
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise malformed(where, "un texte ou une liste de blocs", "a text or a list of blocks")
    for index, block in enumerate(content):
        at = f"{where}[{index}]"
        if not isinstance(block, dict) or not is_name(block.get("type")):
            raise malformed(at, "un bloc avec son type", "a block with its type")
        if block["type"] == "text" and not isinstance(block.get("text"), str):
            raise malformed(f"{at}.text", "un texte", "a text")
        if block["type"] in OWN_CALLS and not isinstance(block.get("input"), dict):
            raise malformed(f"{at}.input", "un objet", "an object")


def _is_clients(tool: Mapping[str, Any]) -> bool:
    """Whether the application carries a tool out."""
    kind = tool.get("type")
    return kind is None or kind == "custom" or kind.startswith(CLIENT_TOOLS)


def _wants_json(value: Mapping[str, Any]) -> bool:
    asked = value.get("output_format") or (value.get("output_config") or {}).get("format")
    return isinstance(asked, dict) and asked.get("type") == "json_schema"


def _texts(value: dict[str, Any]) -> Iterator[Text]:
    """Every place of a request where text stands: every string but the model's name and the protocol's own words.

    The messages last, since a conversation grows at their end and what is numbered by first appearance is to keep its
    number.
    """
    for name, one in value.items():
        if name in ("model", "messages", "stream"):
            continue
        if name == "system":
            yield from _content_texts(one, (name,), name)
        elif name in SCHEMAS:
            yield from schema_texts(one, (name,), name, OWN_SCHEMA_NAMES)
        else:
            yield from every_string(one, (name,), name, numbers=name in FREE or name not in KNOWN_FIELDS)
    for index, message in enumerate(value["messages"]):
        for key, one in message.items():
            path: Path = ("messages", index, key)
            if key == "content":
                yield from _content_texts(one, path, message["role"])
            elif key != "role":
                yield from every_string(one, path, message["role"], numbers=True)


def _content_texts(content: Any, path: Path, role: str) -> Iterator[Text]:
    if isinstance(content, str):
        yield from _said(content, path, role)
        return
    for index, block in enumerate(content or ()):
        yield from _block_texts(block, (*path, index), role, is_own=block["type"] in OWN_CALLS)


def _said(value: str, path: Path, role: str) -> Iterator[Text]:
    if value:
        yield Text(path, role, value)


def _block_texts(block: Mapping[str, Any], path: Path, role: str, *, is_own: bool = False) -> Iterator[Text]:
    """Every text of one block. `is_own`: a call that stands where a call may. Its input is one text, its JSON, so that its
    keys and numbers are seen too; `prepared` makes an object of it again.
    """
    kind = block["type"]
    known = is_own or kind in KNOWN_BLOCKS - OWN_CALLS or kind.endswith("_tool_result")
    names = CALL_NAMES if is_own else BLOCK_NAMES if known else NOTHING
    for key, value in block.items():
        at = (*path, key)
        if key == "input" and is_own:
            yield Text(at, role, orjson.dumps(value).decode())
        elif key == "content" and isinstance(value, list):
            yield from _nested_texts(value, at, role)
        elif key == "source" and isinstance(value, dict):
            yield from _source_texts(value, at, role)
        elif isinstance(value, str) and key not in OPAQUE:
            if not (key in names and is_name(value)):
                yield from _said(value, at, role)
        else:
            yield from every_string(value, at, role, names, numbers=not known)


def _nested_texts(content: list[Any], path: Path, role: str) -> Iterator[Text]:
    """What stands within a block: blocks, or what a tool of the provider's found. Here a call is no call, but text."""
    for index, one in enumerate(content):
        if is_block(one) and one["type"] in KNOWN_BLOCKS - OWN_CALLS:
            yield from _block_texts(one, (*path, index), role)
        else:
            yield from every_string(one, (*path, index), role, RESULT_NAMES, numbers=True)


def _source_texts(source: Mapping[str, Any], path: Path, role: str) -> Iterator[Text]:
    """What an image or a document is: bytes, an address, a text, or blocks."""
    for key, value in source.items():
        at = (*path, key)
        if key == "data" and isinstance(value, str) and source.get("type") != "base64":
            yield from _said(value, at, role)
        elif key == "content" and isinstance(value, list):
            yield from _nested_texts(value, at, role)
        else:
            yield from every_string(value, at, role, BLOCK_NAMES)


def _media(value: Mapping[str, Any]) -> Iterator[str]:
    """The types of what is no text, wherever it stands in the messages."""
    for message in value["messages"]:
        if isinstance(message["content"], list):
            yield from _media_in(message["content"])
    if isinstance(value.get("system"), list):
        yield from _media_in(value["system"])


def _media_in(content: list[Any]) -> Iterator[str]:
    for block in content:
        kind = block.get("type") if isinstance(block, dict) else None
        if not isinstance(kind, str):
            continue
        source = block.get("source")
        seen = isinstance(source, dict) and source.get("type") in SEEN_SOURCES
        if kind not in NO_MEDIA and not kind.endswith("_tool_result") and not (kind == "document" and seen):
            yield kind if is_name(kind) else "unknown"
        for inner in (block.get("content"), source.get("content") if isinstance(source, dict) else None):
            if isinstance(inner, list):
                yield from _media_in(inner)


def _sendable(message: dict[str, Any]) -> dict[str, Any]:
    content = message["content"]
    if not isinstance(content, list):
        return message
    blocks = [
        {**block, "input": input_of(block["input"])}
        if block["type"] in OWN_CALLS and isinstance(block["input"], str)
        else block
        for block in content
        if not (block["type"] == "thinking" and block.get("signature") == "")
    ]
    return {**message, "content": blocks} if blocks else message
