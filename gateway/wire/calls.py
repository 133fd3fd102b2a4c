"""A call, whatever its protocol: where its texts are, what it offers, whether it streams. *Data* and its reading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.errors import Fault, Message, Refusal

Path = tuple[str | int, ...]

NOTHING: frozenset[str] = frozenset()
SCHEMA_NAMES = frozenset({"type", "name", "format", "$ref", "required"})
"""The words of JSON Schemas and of tools, where they stand as such."""
EXAMPLES = frozenset({"default", "const", "enum", "example", "examples", "input_examples", "user_location"})
MOST_TOKENS = 1_000_000_000
LONG_NUMBER = 6
_NAME = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_$][A-Za-z0-9_.:/$#-]{0,127}").fullmatch
_BYTES = frozenset({"data", "file_data", "signature", "encrypted_content"})
_ADDRESSES = frozenset({"url", "image_url"})
_DATA = r"data:[\w.+-]+/[\w.+-]+(?:;[\w.=-]+)*;base64,"
_ENCODED = re.compile(rf"(?:{_DATA})?[A-Za-z0-9+/=_-]{{64,}}", re.ASCII).fullmatch


class Malformed(Refusal):
    """The request is not what its protocol says. `param` is the JSON path."""

    code = "invalid_request"
    status = 400


class TooLarge(Refusal):
    """The request is over a bound."""

    code = "too_large"
    status = 413


class ProviderBroke(Fault):
    """A provider's answer is not of its protocol. Never quoted: it may hold personal information."""

    code = "provider_protocol"
    status = 502


class NotJson(Refusal):
    """The body is not JSON as it stands, by its own headers."""

    code = "unsupported_content_type"
    status = 415


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a request: nesting of its JSON, and number of texts."""

    max_depth: int = 64
    max_texts: int = 10_000


@dataclass(frozen=True, slots=True)
class Text:
    """A text at `path` of a body."""

    path: Path
    role: str
    value: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `fields`: unknown top-level fields; `media`: types of parts that are not text."""

    protocol: str
    model: str
    stream: bool
    texts: tuple[Text, ...]
    tools: tuple[str, ...]
    provider_tools: tuple[str, ...]
    media: tuple[str, ...]
    fields: tuple[str, ...]
    body: dict[str, Any]
    wants_json: bool


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call that a model proposes, in the application's own values. `place`: (choice, which of its calls)."""

    place: tuple[int, int]
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a tool call: it goes with `arguments` (its own if `as_proposed`), or not at all, and `said` why."""

    arguments: str | None = None
    as_proposed: bool = False
    said: str = ""

    @property
    def goes(self) -> bool:
        """Whether the application receives it."""
        return self.as_proposed or self.arguments is not None


def check_form(content_type: str, content_encoding: str) -> None:
    """Whether the headers of a request let its body be JSON in UTF-8. Raises `NotJson`; a missing header is no matter."""
    kind, _, parameters = content_type.lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('"')
    if kind.strip() not in ("", "application/json") or charset not in ("", "utf-8", "utf8"):
        raise NotJson(
            Message("Le corps de la demande doit être du JSON en UTF-8.", "The request body must be JSON in UTF-8."),
            Message("Envoyer «\u00a0Content-Type: application/json\u00a0».", "Send 'Content-Type: application/json'."),
        )
    if content_encoding.strip().lower() not in ("", "identity"):
        raise NotJson(
            Message("Le corps de la demande ne peut pas être compressé.", "The request body cannot be compressed."),
            Message("L'envoyer sans «\u00a0Content-Encoding\u00a0».", "Send it without 'Content-Encoding'."),
            code="unsupported_content_encoding",
        )


def parse_object(body: bytes, limits: Limits) -> dict[str, Any]:
    """A JSON object within bounds. Raises `Malformed`, which says where and never what."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(
            Message(
                f"Le corps n'est pas du JSON valide (ligne {error.lineno}, colonne {error.colno}).",
                f"The body is not valid JSON (line {error.lineno}, column {error.colno}).",
            ),
            Message("Envoyer un objet JSON en UTF-8.", "Send a JSON object in UTF-8."),
            code="invalid_json",
        ) from None
    if not isinstance(value, dict):
        raise malformed("", "un objet JSON", "a JSON object")
    if _deeper_than(value, limits.max_depth):
        raise Malformed(
            Message(
                f"Le JSON a plus de {limits.max_depth} niveaux.", f"The JSON is nested deeper than {limits.max_depth}."
            ),
            Message("L'aplatir.", "Flatten it."),
            code="too_deep",
        )
    return value


def malformed(path: str, fr: str, en: str) -> Malformed:
    """`path` should have been `fr`/`en`."""
    where = path or "corps"
    return Malformed(
        Message(f"{where}\u00a0: il faut {fr}.", f"{path or 'body'}: must be {en}."),
        Message("Voir la référence de l'API.", "See the API reference."),
        param=path or None,
    )


def too_many(limits: Limits) -> TooLarge:
    """More texts than the bound."""
    return TooLarge(
        Message(
            f"La demande a plus de {limits.max_texts} textes.", f"The request has more than {limits.max_texts} texts."
        ),
        Message("La diviser.", "Split it."),
    )


def path_text(path: Path) -> str:
    """`messages[2].content`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def rewrite(call: Call, texts: Mapping[Path, str], *, model: str) -> dict[str, Any]:
    """A new body with `texts` in place and the provider's own name of the model; the call's body is not touched."""
    changed = {}
    for text in call.texts:
        instead = texts.get(text.path, text.value)
        if instead is not text.value and instead != text.value:
            changed[text.path] = instead
    body = replaced(call.body, changed)
    body["model"] = model
    return body


def replaced(value: dict[str, Any], texts: Mapping[Path, str]) -> dict[str, Any]:
    """`value` with the string at each path replaced; containers on the way are copied once, the rest is shared."""
    copies: dict[Path, Any] = {(): dict(value)}
    for path, text in texts.items():
        parent = copies.get(path[:-1])
        if parent is None:
            parent = _copied(path[:-1], copies)
        parent[path[-1]] = text
    root: dict[str, Any] = copies[()]
    return root


def _copied(path: Path, copies: dict[Path, Any]) -> Any:
    """The container at `path`, a copy of ours, as those above it are."""
    above = copies.get(path[:-1])
    if above is None:
        above = _copied(path[:-1], copies)
    child = above[path[-1]]
    own = copies[path] = above[path[-1]] = child.copy()
    return own


def every_string(
    value: Any, path: Path, role: str, names: frozenset[str] = NOTHING, *, numbers: bool = False
) -> Iterator[Text]:
    """Every string of a JSON value, with its path.

    `names`: the keys under which a protocol's own words stand, which are not texts if they look like names; encoded
    bytes are none either. `numbers`: long ones too, as the texts that they might be.
    """
    if isinstance(value, str):
        if value and not _is_protocols(path, value, names):
            yield Text(path, role, value)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from every_string(one, (*path, index), role, names, numbers=numbers)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from every_string(one, (*path, key), role, names, numbers=numbers)
    elif numbers and type(value) in (int, float) and len(str(value)) >= LONG_NUMBER:
        yield Text(path, role, str(value))


def schema_texts(value: Any, path: Path, role: str, names: frozenset[str] = SCHEMA_NAMES) -> Iterator[Text]:
    """Every text of names and JSON Schemas. What a schema gives as an example is no word of the protocol's."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key in EXAMPLES:
                yield from every_string(one, (*path, key), role, numbers=True)
            else:
                yield from schema_texts(one, (*path, key), role, names)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from schema_texts(one, (*path, index), role, names)
    else:
        yield from every_string(value, path, role, names)


def _is_protocols(path: Path, value: str, names: frozenset[str]) -> bool:
    """Whether a string at `path` is the protocol's own word, and looks like one."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if key in names:
        return is_name(value)
    return (key in _BYTES or (key in _ADDRESSES and value.startswith("data:"))) and _ENCODED(value) is not None


def is_name(value: Any) -> bool:
    """Whether a value is a plain identifier: a name of a protocol, a tool, a field; never a sentence or an address."""
    return isinstance(value, str) and _NAME(value) is not None


def tokens(reported: Any) -> int:
    """A count as a provider reports it; what cannot be one counts for nothing."""
    return reported if type(reported) is int and 0 <= reported <= MOST_TOKENS else 0


def answered_object(body: bytes) -> dict[str, Any]:
    """A provider's JSON object. Raises `ProviderBroke`."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise broke_protocol() from None
    if not isinstance(answer, dict):
        raise broke_protocol()
    return answer


def written(answer: dict[str, Any]) -> bytes:
    """An answer's JSON. Raises `ProviderBroke` for one that is nested too deep to be written."""
    try:
        return orjson.dumps(answer)
    except TypeError:
        raise broke_protocol() from None


def broke_protocol() -> ProviderBroke:
    """An answer that is not of its protocol."""
    return ProviderBroke(
        Message(
            "La réponse du fournisseur n'est pas de son protocole.", "The provider's answer is not of its protocol."
        ),
        Message(
            "Réessayer, puis prévenir la personne responsable du catalogue.",
            "Retry, then tell the person in charge of the catalogue.",
        ),
    )


def _deeper_than(value: Any, depth: int) -> bool:
    """Whether a JSON value nests deeper than `depth`: level by level, so that it costs its containers only."""
    level = [value]
    for _ in range(depth):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True
