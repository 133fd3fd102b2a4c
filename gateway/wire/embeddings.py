"""OpenAI's embeddings: texts in, vectors out."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.errors import Message
from gateway.wire.calls import Call, Limits, Malformed, ProviderBroke, Text, malformed, parse_object, too_many

KNOWN_FIELDS = frozenset({"model", "input", "dimensions", "encoding_format", "user"})


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
    if len(texts) > limits.max_texts:
        raise too_many(limits)
    if isinstance(value.get("user"), str):
        texts.append(Text(("user",), "user", value["user"]))
    fields = tuple(name for name in value if name not in KNOWN_FIELDS)
    return Call("embeddings", value["model"], False, tuple(texts), (), (), (), fields, value, wants_json=False)


def checked_answer(body: bytes) -> dict[str, Any]:
    """A provider's answer, if it is a list of embeddings. Raises `ProviderBroke`."""
    answer: Any = None
    try:
        answer = orjson.loads(body)
        usable = isinstance(answer["data"], list) and all("embedding" in one for one in answer["data"])
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


def usage(answer: dict[str, Any]) -> tuple[int, int]:
    """(input tokens, 0)."""
    reported = answer.get("usage")
    count = reported.get("prompt_tokens") if isinstance(reported, dict) else 0
    return (count if isinstance(count, int) and count >= 0 else 0), 0
