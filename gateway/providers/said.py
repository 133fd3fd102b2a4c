"""What a chat completion says, whole or streamed, without its protocol. Pure. For `as_messages` and `as_responses`.

Only the first choice counts: the protocols that are spoken with it know no other.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.errors import Message
from gateway.providers.faults import BrokeProtocol

MOST = 1024 * 1024


@dataclass(slots=True)
class ToolUse:
    """A tool call. `custom`: its text is free and not JSON."""

    id: str = ""
    name: str = ""
    text: str = ""
    custom: bool = False


@dataclass(slots=True)
class Said:
    """An answer so far. `pieces`: its thoughts and its texts in the order in which they came: (kind, text), kind being
    `thought`, `text` or `refusal`.
    """

    id: str = ""
    model: str = ""
    created: int = 0
    pieces: list[tuple[str, str]] = field(default_factory=list)
    calls: dict[int, ToolUse] = field(default_factory=dict)
    finish: str = ""
    usage: dict[str, Any] = field(default_factory=dict)

    def take(self, chunk: Mapping[str, Any]) -> list[tuple[str, str]]:
        """A chunk of a stream, or a whole answer; what it says that is new."""
        self.id = self.id or _text(chunk.get("id"))
        self.model = self.model or _text(chunk.get("model"))
        created = chunk.get("created")
        self.created = self.created or (created if isinstance(created, int) else 0)
        if isinstance(chunk.get("usage"), dict):
            self.usage = chunk["usage"]
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not all(isinstance(one, dict) for one in choices):
            raise _broke()
        new: list[tuple[str, str]] = []
        for choice in choices:
            if choice.get("index", 0) != 0:
                continue
            said = choice.get("delta") or choice.get("message") or {}
            if not isinstance(said, dict):
                raise _broke()
            new += _pieces(said)
            self._called(said.get("tool_calls"))
            self.finish = _text(choice.get("finish_reason")) or self.finish
        self.pieces += new
        return new

    def tokens(self, name: str, detail: str = "", of: str = "") -> int:
        """A count of the usage, or of its details."""
        usage: Any = self.usage.get(detail) if detail else self.usage
        value = usage.get(of or name) if isinstance(usage, dict) else 0
        return value if type(value) is int and value >= 0 else 0

    def _called(self, calls: Any) -> None:
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            if not isinstance(call, dict):
                raise _broke()
            index = call.get("index", place)
            one = self.calls.setdefault(index if isinstance(index, int) else place, ToolUse())
            one.id = one.id or _text(call.get("id"))
            own, key = call.get("function"), "arguments"
            if isinstance(call.get("custom"), dict):
                own, key, one.custom = call["custom"], "input", True
            if isinstance(own, dict):
                name = _text(own.get("name"))
                one.name += name if name != one.name else ""  # some servers say it again on each delta
                one.text += _arguments(own.get(key))


def whole(body: bytes) -> Said:
    """A whole chat completion. Raises `BrokeProtocol`."""
    said = Said()
    said.take(_object(body))
    if not said.finish:
        raise _broke()
    return said


async def chunks(stream: AsyncIterator[bytes]) -> AsyncGenerator[dict[str, Any], None]:
    """The chunks of a streamed chat completion, to its `[DONE]` or its end. Raises `BrokeProtocol`."""
    line: list[bytes] = []  # that is arriving: joined when it ends, so that a long one costs its length
    data: list[bytes] = []
    size = 0
    async for part in stream:
        line.append(part)
        size += len(part)
        if b"\n" in part:
            *lines, rest = b"".join(line).split(b"\n")
            line = [rest]
            for one in map(bytes.rstrip, lines):
                if one.startswith(b"data:"):
                    data.append(one[5:].lstrip())
                elif not one and data:
                    event, data = b"\n".join(data), []
                    if event == b"[DONE]":
                        return
                    yield _object(event)
            size = len(rest) + sum(map(len, data))
        if size > MOST:
            raise _broke()


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _broke() from None
    if not isinstance(value, dict):
        raise _broke()
    return value


def _pieces(said: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, kind in (
        ("reasoning_content", "thought"),
        ("reasoning", "thought"),
        ("content", "text"),
        ("refusal", "refusal"),
    ):
        value = said.get(name)
        if name == "reasoning" and said.get("reasoning_content"):
            continue
        if isinstance(value, str) and value:
            yield kind, value
        elif isinstance(value, list):
            yield from _parts(value)


def _parts(content: list[Any]) -> Iterable[tuple[str, str]]:
    """A content in parts: texts, and thoughts that are texts or lists of them."""
    for part in content:
        if not isinstance(part, dict):
            continue
        thought = part.get("thinking")
        for kind, value in (("thought", thought), ("text", part.get("text")), ("refusal", part.get("refusal"))):
            if isinstance(value, str) and value:
                yield kind, value
        if isinstance(thought, list):
            yield from (("thought", text) for kind, text in _parts(thought) if kind == "text")


def _arguments(value: Any) -> str:
    return orjson.dumps(value).decode() if isinstance(value, dict) else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _broke() -> BrokeProtocol:
    return BrokeProtocol(
        Message(
            "La réponse du fournisseur n'est pas de son protocole.", "The provider's answer is not of its protocol."
        )
    )
