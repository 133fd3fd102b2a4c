"""OpenAI's embeddings: texts in, vectors out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from gateway.errors import Message
from gateway.wire.answers import GuardFor
from gateway.wire.calls import (
    Call,
    Limits,
    Malformed,
    Settled,
    Text,
    ToolCall,
    answered_object,
    broke_protocol,
    every_string,
    is_name,
    malformed,
    parse_object,
    tokens,
    too_many,
)

PATH = "/embeddings"
KEEP_ALIVE = b""
KNOWN_FIELDS = frozenset({"model", "input", "dimensions", "encoding_format", "user"})
MOST_DIMENSIONS = 65_536


def parse(body: bytes, limits: Limits) -> Call:
    """A request as a `Call`. Raises `Malformed` or `TooLarge`."""
    value = parse_object(body, limits)
    if not isinstance(value.get("model"), str) or not value["model"]:
        raise malformed("model", "un nom de modèle", "a model's name")
    given = value.get("input")
    if isinstance(given, str):
        texts = [Text(("input",), "input", given)]
    elif isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        texts = [Text(("input", index), "input", one) for index, one in enumerate(given)]
    elif isinstance(given, list) and given:
        raise Malformed(
            Message("input\u00a0: des jetons ne peuvent pas être analysés.", "input: tokens cannot be analysed."),
            Message("Envoyer du texte.", "Send text."),
            param="input",
        )
    else:
        raise malformed("input", "un texte ou une liste de textes", "a text or a list of texts")
    size = value.get("dimensions")
    if size is not None and not (type(size) is int and 1 <= size <= MOST_DIMENSIONS):
        raise malformed("dimensions", f"un entier de 1 à {MOST_DIMENSIONS}", f"an integer from 1 to {MOST_DIMENSIONS}")
    fields = tuple(name for name in value if name not in KNOWN_FIELDS)
    if not all(map(is_name, fields)):
        raise malformed("", "un objet aux noms de champs simples", "an object whose fields have plain names")
    for name in value:
        if name not in ("model", "input"):
            texts += every_string(value[name], (name,), name, numbers=name not in KNOWN_FIELDS)
    if len(texts) > limits.max_texts:
        raise too_many(limits)
    return Call("embeddings", value["model"], False, tuple(texts), (), (), (), fields, value, wants_json=False)


def checked_answer(body: bytes) -> dict[str, Any]:
    """A provider's answer, if it is a list of embeddings. Raises `ProviderBroke`."""
    answer = answered_object(body)
    data = answer.get("data")
    if not isinstance(data, list) or not all(isinstance(one, dict) and "embedding" in one for one in data):
        raise broke_protocol()
    return answer


def usage(answer: Mapping[str, Any]) -> tuple[int, int]:
    """(input tokens, 0)."""
    reported = answer.get("usage")
    return tokens(reported.get("prompt_tokens")) if isinstance(reported, dict) else 0, 0


def prepared(body: dict[str, Any]) -> dict[str, Any]:
    """As it is: usage is always reported."""
    return body


async def guarded(answer: dict[str, Any], call: Call, guard_for: GuardFor, *, opening: str | None) -> dict[str, Any]:  # noqa: ARG001
    """Vectors hold no text; the application's own name of the model."""
    answer["model"] = call.model
    return answer


def proposed(answer: Mapping[str, Any]) -> Sequence[ToolCall]:  # noqa: ARG001
    """None."""
    return ()


def settled(answer: dict[str, Any], call: Call, settled: Mapping[tuple[int, int], Settled]) -> dict[str, Any]:  # noqa: ARG001
    """As it is."""
    return answer


def delivered(answer: Mapping[str, Any]) -> list[str]:  # noqa: ARG001
    """None."""
    return []


def stream(
    call: Call,
    guard_for: GuardFor,
    *,
    envelope: dict[str, Any] | None,
    opening: str | None,
    seen: Callable[[dict[str, Any]], None] | None,
) -> NoReturn:
    """Embeddings are never streamed: `parse` says so of each call."""
    raise NotImplementedError(call, guard_for, envelope, opening, seen)
