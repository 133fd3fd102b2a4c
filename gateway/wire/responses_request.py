"""A request in OpenAI's Responses protocol: where its texts are, which tools it offers. Pure.

The protocol lets a provider keep what was said and be asked to go on from there. A gateway that has to look at every text of
a call cannot look at what it does not see: a request that refers to such a state is refused, and `store` is false on the
way out, so that none comes to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.errors import Message, Refusal
from gateway.wire.calls import (
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

Json = dict[str, Any]

KNOWN_FIELDS = frozenset(
    """model input instructions stream stream_options tools tool_choice parallel_tool_calls max_output_tokens max_tool_calls
    temperature top_p top_logprobs reasoning text truncation include metadata user safety_identifier prompt_cache_key
    service_tier store background previous_response_id conversation prompt""".split()
)
OWN_TOOLS = frozenset({"function", "custom"})
KEPT_THERE = ("previous_response_id", "conversation", "background", "prompt")
"""Fields that refer to what the provider keeps, or ask it to keep something."""
TEXT_PARTS = {
    "input_text": "text",
    "output_text": "text",
    "text": "text",
    "summary_text": "text",
    "reasoning_text": "text",
    "refusal": "refusal",
}
KNOWN_ITEMS = frozenset(
    """message function_call function_call_output custom_tool_call custom_tool_call_output reasoning web_search_call
    file_search_call code_interpreter_call computer_call computer_call_output local_shell_call local_shell_call_output
    shell_call shell_call_output apply_patch_call apply_patch_call_output mcp_list_tools mcp_call mcp_approval_request
    mcp_approval_response tool_search_call tool_search_output additional_tools""".split()
)
"""Items that are texts and nothing else, as far as their parts are; of any other, policy is told that it is there."""
GIVING_TOOLS = frozenset({"additional_tools", "tool_search_output"})
SCHEMAS = frozenset({"tools", "text", "tool_choice", "include"})
OWN_SCHEMA_NAMES = SCHEMA_NAMES | {"include"}
ITEM_NAMES = frozenset({"type", "id", "role", "status", "phase", "call_id", "approval_request_id"})
CALL_NAMES = ITEM_NAMES | {"name", "namespace", "server_label"}
PART_NAMES = frozenset({"type", "detail", "format", "file_id"})
TOKENS = "logprobs"
PARTS = frozenset({"content", "summary", "output", "outputs", "results"})
ACTION_NAMES = frozenset({"type"})
ACTIONS = frozenset({"action", "actions", "operation", "environment"})

_IMAGE = re.compile(r"(?:iVBORw0KGgo|/9j/|UklGR|R0lGOD)[A-Za-z0-9+/=]{16,}").fullmatch


class KeptElsewhere(Refusal):
    """The request refers to something that the provider keeps and that nobody here can look at."""

    code = "provider_state"
    status = 400


def parse(body: bytes, limits: Limits) -> Call:
    """A request as a `Call`. Raises `Malformed`, `TooLarge` or `KeptElsewhere`."""
    value = parse_object(body, limits)
    _check(value)
    texts = []
    for text in _texts(value):
        texts.append(text)
        if len(texts) > limits.max_texts:
            raise too_many(limits)
    tools = [tool for tool, _ in _tools(value)]
    return Call(
        protocol="responses",
        model=value["model"],
        stream=bool(value.get("stream")),
        texts=tuple(texts),
        tools=tuple(tool["name"] for tool in tools if tool["type"] in OWN_TOOLS),
        provider_tools=tuple(tool["type"] for tool in tools if tool["type"] not in OWN_TOOLS),
        media=tuple(_media(value)),
        fields=tuple(name for name in value if name not in KNOWN_FIELDS),
        body=value,
        wants_json=((value.get("text") or {}).get("format") or {}).get("type") in ("json_object", "json_schema"),
    )


def prepared(body: Json) -> Json:
    """A body of ours for a provider, which is to keep nothing of it.

    So a thought of an earlier turn is worth nothing unless it is there whole, or sealed: one that only refers to what the
    provider would have kept is an error to it, and is left out. Where thoughts are asked for, they are asked for sealed.
    The tokens of an earlier answer, with their probabilities, are its text said again, which no provider asks to see.
    """
    body["store"] = False
    given = body["input"]
    if isinstance(given, list):
        kept = [item for item in given if not _is_only_a_reference(item)] or given
        body["input"] = [_without_tokens(item) for item in kept]
    if isinstance(body.get("reasoning"), dict):
        include = body.get("include") or []
        if "reasoning.encrypted_content" not in include:
            body["include"] = [*include, "reasoning.encrypted_content"]
    return body


def is_image(value: Any) -> bool:
    """Whether a text is an image in base64, by its first bytes."""
    return isinstance(value, str) and _IMAGE(value) is not None


def _is_only_a_reference(item: Json) -> bool:
    return item.get("type") == "reasoning" and not item.get("encrypted_content") and not item.get("content")


def _without_tokens(item: Json) -> Json:
    for name in PARTS:
        parts = item.get(name)
        if isinstance(parts, list) and any(TOKENS in part for part in parts):
            item = {**item, name: [{key: one for key, one in part.items() if key != TOKENS} for part in parts]}
    return item


# ── its shape ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _check(value: Json) -> None:
    """The types of what we act on; the rest is the provider's to judge."""
    if not isinstance(value.get("model"), str) or not value["model"]:
        raise malformed("model", "un nom de modèle", "a model's name")
    for name in KEPT_THERE:
        if value.get(name) not in (None, False):
            raise _kept_elsewhere(name)
    given = value.get("input")
    if not isinstance(given, (str, list)) or not given:
        raise malformed("input", "un texte, ou une liste d'éléments non vide", "a text, or a non-empty list of items")
    _check_settings(value)
    for index, item in enumerate(given if isinstance(given, list) else ()):
        _check_item(item, f"input[{index}]")
    for tool, where in _tools(value):
        _check_tool(tool, where)
    _check_field_names("", (name for name in value if name not in KNOWN_FIELDS))
    _check_field_names("metadata", value.get("metadata") or {})


def _check_settings(value: Json) -> None:
    for name in ("stream", "store"):
        if not isinstance(value.get(name) or False, bool):
            raise malformed(name, "true ou false", "true or false")
    if not isinstance(value.get("instructions") or "", str):
        raise malformed("instructions", "un texte", "a text")
    for name in ("stream_options", "text", "metadata", "reasoning"):
        if value.get(name) is not None and not isinstance(value[name], dict):
            raise malformed(name, "un objet", "an object")
    if not isinstance((value.get("text") or {}).get("format") or {}, dict):
        raise malformed("text.format", "un objet", "an object")
    include = value.get("include") or []
    if not isinstance(include, list) or not all(map(is_name, include)):
        raise malformed("include", "une liste de noms", "a list of names")


def _kept_elsewhere(where: str) -> KeptElsewhere:
    return KeptElsewhere(
        Message(
            f"{where}\u00a0: Vigie ne peut pas examiner ce que le fournisseur garde.",
            f"{where}: Vigie cannot look at what a provider keeps.",
        ),
        Message(
            "Envoyer tout l'échange dans «\u00a0input\u00a0», à chaque appel.",
            "Send the whole exchange in 'input', on each call.",
        ),
        param=where,
    )


def _check_field_names(where: str, names: Iterable[str]) -> None:
    """Names of fields that we do not know are recorded, so they must be names and nothing else."""
    if not all(map(is_name, names)):
        raise malformed(where, "un objet aux noms de champs simples", "an object whose fields have plain names")


def _tools(value: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """Every tool that a request gives, with its place: in `tools`, in a namespace of it, in an item that adds some."""
    yield from _listed(value, "tools")
    given = value["input"]
    for index, item in enumerate(given if isinstance(given, list) else ()):
        if item.get("type") in GIVING_TOOLS:
            yield from _listed(item, f"input[{index}].tools")


def _listed(holder: Mapping[str, Any], where: str) -> Iterator[tuple[Any, str]]:
    listed = holder.get("tools")
    if listed is not None and not isinstance(listed, list):
        raise malformed(where, "une liste", "a list")
    for index, tool in enumerate(listed or ()):
        place = f"{where}[{index}]"
        if isinstance(tool, dict) and tool.get("type") == "namespace":
            yield from _listed(tool, f"{place}.tools")
        else:
            yield tool, place


def _check_tool(tool: Any, where: str) -> None:
    if not isinstance(tool, dict) or not is_name(tool.get("type")):
        raise malformed(where, "un outil avec son type", "a tool with its type")
    if tool["type"] in OWN_TOOLS and not is_name(tool.get("name")):
        raise malformed(f"{where}.name", "un nom simple", "a plain name")


def _check_item(item: Any, where: str) -> None:
    if not isinstance(item, dict):
        raise malformed(where, "un élément", "an item")
    kind = _kind(item) if item.get("type") is not None or "role" in item else "item_reference"
    if kind == "item_reference":
        raise _kept_elsewhere(where)
    if not is_name(kind):
        raise malformed(f"{where}.type", "un nom de type", "a type's name")
    if kind == "message" and not is_name(item.get("role")):
        raise malformed(where, "un message avec son rôle", "a message with its role")
    for name in PARTS:
        if isinstance(item.get(name), list):
            for index, part in enumerate(item[name]):
                _check_part(part, f"{where}.{name}[{index}]")
    content = item.get("content")
    if content is not None and not isinstance(content, (str, list)):
        raise malformed(f"{where}.content", "un texte ou une liste de parties", "a text or a list of parts")


def _kind(item: Mapping[str, Any]) -> Any:
    """An item's type: a message may leave it unsaid."""
    return "message" if item.get("type") is None else item["type"]


def _check_part(part: Any, where: str) -> None:
    """A part of a content has its type; of what a tool found, whatever that may be, it may have none."""
    if not isinstance(part, dict) or not is_name(part.get("type", "text")):
        raise malformed(where, "une partie avec son type", "a part with its type")
    key = TEXT_PARTS.get(part.get("type", ""))
    if key is not None and not isinstance(part.get(key), str):
        raise malformed(f"{where}.{key}", "un texte", "a text")


# ── its texts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _texts(value: Mapping[str, Any]) -> Iterator[Text]:
    """Every place of a request where text stands: every string but the model's name and the protocol's own words.

    The input last, since a conversation grows at its end and what is numbered by first appearance is to keep its number.
    """
    for name, one in value.items():
        if name in SCHEMAS:
            yield from schema_texts(one, (name,), name, OWN_SCHEMA_NAMES)
        elif name not in ("model", "input", "stream"):
            yield from every_string(one, (name,), name, numbers=name == "metadata" or name not in KNOWN_FIELDS)
    given = value["input"]
    if isinstance(given, str):
        yield Text(("input",), "user", given)
        return
    for index, item in enumerate(given):
        yield from _item_texts(item, ("input", index))


def _item_texts(item: Mapping[str, Any], path: Path) -> Iterator[Text]:
    """Every text of one item, whatever it is."""
    kind = _kind(item)
    role = item["role"] if is_name(item.get("role")) else kind
    is_call = kind in KNOWN_ITEMS and kind.endswith(("_call", "_request", "_output", "_tools"))
    names = CALL_NAMES if is_call else ITEM_NAMES
    for key, value in item.items():
        at = (*path, key)
        if key in PARTS and isinstance(value, list):
            for index, part in enumerate(value):
                looked_at = {name: one for name, one in part.items() if name != TOKENS}  # which `prepared` leaves out
                yield from _shallow_texts(looked_at, (*at, index), role, PART_NAMES)
        elif key in PARTS and not isinstance(value, str):
            yield from _shallow_texts(value, at, role, PART_NAMES)
        elif key in ACTIONS:
            yield from _shallow_texts(value, at, role, ACTION_NAMES)
        elif key == "tools" and kind in GIVING_TOOLS | {"mcp_list_tools"}:
            yield from schema_texts(value, at, role, OWN_SCHEMA_NAMES)
        elif not isinstance(value, str):
            yield from every_string(value, at, role, numbers=True)
        elif not (kind == "image_generation_call" and key == "result" and is_image(value)):
            yield from every_string(value, at, role, names)


def _shallow_texts(value: Any, path: Path, role: str, names: frozenset[str]) -> Iterator[Text]:
    """Every text of an object, or of each in a list. Only at its first level are `names` the protocol's own words."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _shallow_texts(one, (*path, index), role, names)
    elif isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, str):
                yield from every_string(one, (*path, key), role, names)
            else:
                yield from every_string(one, (*path, key), role, numbers=True)
    else:
        yield from every_string(value, path, role, numbers=True)


def _media(value: Mapping[str, Any]) -> Iterator[str]:
    """Types of items and parts that are not text."""
    given = value["input"]
    for item in given if isinstance(given, list) else ():
        kind = _kind(item)
        if kind not in KNOWN_ITEMS:
            yield kind
        for name in PARTS:
            held = item.get(name)
            for part in held if isinstance(held, list) else [held] if isinstance(held, dict) else []:
                known = part.get("type", "text")
                if known not in TEXT_PARTS and known != "logs" and kind != "shell_call_output":
                    yield known if is_name(known) else "unknown"
