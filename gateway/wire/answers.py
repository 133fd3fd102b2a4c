"""What of a provider's answer reaches the application. *Pure but for the guards*, which may ask the analyser.

Every text of an answer goes through a guard of its own, a `Channel`. What is not a text passes only in the shape that a
protocol gives to such things (numbers, names of states, opaque ids and signatures): a field that we do not know may hold
the model's words too, so free text in it passes through a guard where it stands alone, and is left out where it does not.
The tables here serve whole answers, in this file, and streams (`stream`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from gateway.wire.calls import Call, Settled, ToolCall

TEXT_KINDS = ("content", "reasoning_content", "reasoning", "refusal")
ARGUMENTS = {"function": "arguments", "custom": "input"}
DEPTH = 8
PENDING = 16_384

_STATE = re.compile(r"[a-z][a-z_-]{0,31}")
_OPAQUE = re.compile(r"[\w.:+/=|~-]{1,256}", re.ASCII)
_SIGNATURE = re.compile(r"[\w+/=-]{16,}", re.ASCII)
_NAME = re.compile(r"(?!.*[0-9]{6})[\w.:/-]{1,128}", re.ASCII)
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_STATES = frozenset("type status severity level format object reason mode".split())
_SIGNATURES = frozenset({"signature", "thought_signature", "encrypted_content"})
_NO_TEXTS = frozenset({"role", "id", "name", "arguments", "input"})
_HEAD = ("id", "object", "system_fingerprint", "service_tier")


@dataclass(frozen=True, slots=True)
class Channel:
    """One text of an answer: `kind` is content, reasoning_content, reasoning, refusal, arguments, input, or the name of a
    field that we do not know; `index` tells tool calls apart.
    """

    choice: int
    kind: str
    index: int = 0


class Guard(Protocol):
    """What stands between a provider's text and the application's."""

    async def feed(self, text: str) -> str: ...

    async def finish(self) -> str: ...

    async def whole(self, text: str) -> str: ...


GuardFor = Callable[[Channel], Guard]


# ── what is no text ───────────────────────────────────────────────────────────────────────────────────────────────


def quiet(value: Any, name: str = "", depth: int = DEPTH) -> Any:
    """A value without anything that could be the model's words; None if nothing is left."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        known = _STATE if name in _STATES else _SIGNATURE if name in _SIGNATURES else None
        return value if known is not None and known.fullmatch(value) else None
    if not depth:
        return None
    if isinstance(value, list):
        return [left for one in value if (left := quiet(one, name, depth - 1)) is not None] or None
    if isinstance(value, dict):
        kept = {
            key: left
            for key, one in value.items()
            if _FIELD.fullmatch(key) and (left := quiet(one, key, depth - 1)) is not None
        }
        return kept or None
    return None


def is_opaque(value: Any) -> bool:
    """Whether a value is an id as protocols make them: no sentence."""
    return isinstance(value, str) and _OPAQUE.fullmatch(value) is not None


def head(answer: dict[str, Any], model: str) -> dict[str, Any]:
    """The fields of an answer or a chunk beside `choices` and `usage`, under the application's own name of the model."""
    result: dict[str, Any] = {}
    for name, value in answer.items():
        if name in ("choices", "usage", "vigie"):
            continue
        if name in _HEAD:
            if value is None or (isinstance(value, str) and _OPAQUE.fullmatch(value)):
                result[name] = value
        elif (left := quiet(value, name)) is not None and _FIELD.fullmatch(name):
            result[name] = left
    result["model"] = model
    return result


def finish_reason(value: Any) -> str:
    """Why an answer ended, as its protocol says it."""
    return value if isinstance(value, str) and _STATE.fullmatch(value) else "stop"


def role(value: Any) -> str:
    """Who speaks."""
    return value if isinstance(value, str) and _STATE.fullmatch(value) else "assistant"


def parts_text(content: list[Any]) -> Iterable[tuple[str, str]]:
    """The texts of a content given in parts: (kind, text). Thoughts in parts are reasoning."""
    for part in content:
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("text"), str):
            yield "content", part["text"]
        elif isinstance(part.get("refusal"), str):
            yield "refusal", part["refusal"]
        thought = part.get("thinking")
        if isinstance(thought, str):
            yield "reasoning_content", thought
        elif isinstance(thought, list):
            yield from (("reasoning_content", text) for kind, text in parts_text(thought) if kind == "content")


def spoken(message: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """The texts of a message or a delta, beside its tool calls: (kind, text)."""
    for name, value in message.items():
        if isinstance(value, list) and name == "content":
            yield from parts_text(value)
        elif isinstance(value, str) and value and name not in _NO_TEXTS and _FIELD.fullmatch(name):
            yield name, value


def silent(message: dict[str, Any]) -> dict[str, Any]:
    """The fields of a message or a delta that are neither texts, tool calls nor annotations."""
    result: dict[str, Any] = {}
    for name, value in message.items():
        if name == "role":
            result[name] = role(value)
        elif name in TEXT_KINDS:
            if value is None or value == "":
                result[name] = value
        elif name not in ("tool_calls", "function_call", "annotations", "audio") and not isinstance(value, str):
            left = quiet(value, name)
            if left is not None and _FIELD.fullmatch(name):
                result[name] = left
    return result


async def called(call: dict[str, Any], index: int, guard: Callable[[], Guard]) -> dict[str, Any]:
    """What a tool call says beside its arguments. A name that looks like more than a name goes through a guard."""
    result: dict[str, Any] = {}
    for name, value in call.items():
        if name == "id":
            result[name] = value if isinstance(value, str) and _OPAQUE.fullmatch(value) else f"call_{index}"
        elif name in ARGUMENTS and isinstance(value, dict):
            result[name] = await _function(value, guard)
        elif name not in ARGUMENTS and (left := quiet(value, name)) is not None and _FIELD.fullmatch(name):
            result[name] = left
    return result


async def _function(function: dict[str, Any], guard: Callable[[], Guard]) -> dict[str, Any]:
    name = function.get("name")
    if not isinstance(name, str):
        return {}
    return {"name": name if not name or _NAME.fullmatch(name) else await guard().whole(name)}


def arguments_of(function: dict[str, Any], key: str) -> str:
    """A call's arguments as the text that they are in the protocol; some servers send the object itself."""
    value = function.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value).decode()


async def annotated(value: Any, guard: Callable[[], Guard], depth: int = DEPTH) -> Any:
    """Annotations come whole: each of their strings is a text of its own."""
    if isinstance(value, str):
        return await guard().whole(value)
    if isinstance(value, list) and depth:
        return [await annotated(one, guard, depth - 1) for one in value]
    if isinstance(value, dict) and depth:
        return {key: await annotated(one, guard, depth - 1) for key, one in value.items() if _FIELD.fullmatch(key)}
    return value if isinstance(value, (bool, int, float)) else None


class Logprobs:
    """The tokens of a content with their probabilities, which are the content said again: they leave with the text that
    they spell, and from the first that does not spell what left (something was held, masked or restored), none leaves.
    """

    __slots__ = ("_ahead", "_pending", "broken")

    def __init__(self) -> None:
        self._pending: deque[dict[str, Any]] = deque()
        self._ahead = ""
        self.broken = False

    def feed(self, logprobs: Any) -> None:
        """What the provider sent with a piece of text."""
        entries = (logprobs.get("content") or []) if isinstance(logprobs, dict) else None
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            self.broken = True
        elif not self.broken:
            self._pending += entries
            self.broken = len(self._pending) > PENDING

    def released(self, text: str) -> list[dict[str, Any]]:
        """The entries of the text that has left."""
        self._ahead += text
        self.broken |= len(self._ahead) > PENDING and not self._pending
        gone: list[dict[str, Any]] = []
        while self._pending and not self.broken:
            token = self._pending[0].get("token")
            if not isinstance(token, str) or not self._ahead.startswith(token[: len(self._ahead)]):
                self.broken = True
            elif len(token) > len(self._ahead):
                break
            else:
                self._ahead = self._ahead[len(token) :]
                gone.append(_entry(self._pending.popleft(), token))
        if self.broken:
            self._pending.clear()
            self._ahead = ""
        return gone

    @property
    def complete(self) -> bool:
        """Whether every token has left, and all text has its tokens."""
        return not self.broken and not self._pending and not self._ahead


def _entry(entry: dict[str, Any], token: str) -> dict[str, Any]:
    """One token; of the others that could have stood in its place, those without a digit."""
    others = entry.get("top_logprobs")
    top = [
        _probability(one, one["token"])
        for one in (others if isinstance(others, list) else ())
        if isinstance(one, dict)
        and isinstance(one.get("token"), str)
        and (one["token"] == token or not any(map(str.isdigit, one["token"])))
    ]
    return {**_probability(entry, token), "top_logprobs": top}


def _probability(entry: dict[str, Any], token: str) -> dict[str, Any]:
    value = entry.get("logprob")
    return {
        "token": token,
        "logprob": value if isinstance(value, (int, float)) else None,
        "bytes": list(token.encode("utf-8", "replace")),
    }


# ── a whole answer ────────────────────────────────────────────────────────────────────────────────────────────────


async def guarded(answer: dict[str, Any], guard_for: GuardFor, *, model: str, opening: str | None) -> dict[str, Any]:
    """A checked answer as the application receives it: every text through its guard, the application's name of the model,
    and the visible sentence before a choice's text content: never in tool calls, and never where JSON was asked for (the
    caller then gives no `opening`).
    """
    result = head(answer, model)
    result["choices"] = [
        await _choice(choice, index, guard_for, opening) for index, choice in enumerate(answer["choices"])
    ]
    if isinstance(answer.get("usage"), dict):
        result["usage"] = quiet(answer["usage"])
    return result


async def _choice(choice: dict[str, Any], index: int, guard_for: GuardFor, opening: str | None) -> dict[str, Any]:
    given = choice["message"]
    message = silent(given)
    texts: dict[str, str] = {}
    for kind, text in spoken(given):
        texts[kind] = texts.get(kind, "") + text
    for kind, text in texts.items():
        message[kind] = await guard_for(Channel(index, kind)).whole(text)
    result = {
        "index": choice["index"] if isinstance(choice.get("index"), int) else index,
        "message": message,
        "logprobs": _whole_logprobs(choice.get("logprobs"), message.get("content")),
        "finish_reason": finish_reason(choice.get("finish_reason")),
    }
    if opening is not None and message.get("content"):
        message["content"] = f"{opening}\n\n{message['content']}"
    calls = given.get("tool_calls")
    if isinstance(calls, list):
        message["tool_calls"] = [
            await _call(call, index, place, guard_for) for place, call in enumerate(calls) if isinstance(call, dict)
        ]
    if isinstance(given.get("function_call"), dict):
        legacy = await _call({"function": given["function_call"]}, index, -1, guard_for)
        message["function_call"] = legacy["function"]
    if given.get("annotations"):
        message["annotations"] = await annotated(given["annotations"], lambda: guard_for(Channel(index, "annotations")))
    return result


async def _call(call: dict[str, Any], choice: int, place: int, guard_for: GuardFor) -> dict[str, Any]:
    result = await called(call, place, lambda: guard_for(Channel(choice, "name", place)))
    for kind, key in ARGUMENTS.items():
        if isinstance(call.get(kind), dict):
            text = arguments_of(call[kind], key)
            result[kind][key] = await guard_for(Channel(choice, key, place)).whole(text)
    return result


# ── tool calls, settled ───────────────────────────────────────────────────────────────────────────────────────────

LEGACY = -1
"""In place of a tool call's index: the one `function_call` of a message, as it was before there were several."""


def called_with(call: Mapping[str, Any]) -> tuple[str, str, str]:
    """(kind, name, arguments) of a tool call of ours: kind is `function` or `custom`; empty for what is neither."""
    for kind, key in ARGUMENTS.items():
        own = call.get(kind)
        if isinstance(own, dict):
            return kind, own.get("name") or "", own.get(key) or ""
    return "", "", ""


def with_arguments(call: dict[str, Any], settled: Settled) -> dict[str, Any]:
    """A tool call as it goes."""
    kind, _, _ = called_with(call)
    if settled.as_proposed or not kind:
        return call
    return {**call, kind: {**call[kind], ARGUMENTS[kind]: settled.arguments}}


def proposed(answer: Mapping[str, Any]) -> list[ToolCall]:
    """The tool calls of a guarded answer."""
    found: list[ToolCall] = []
    for choice, one in enumerate(answer["choices"]):
        for place, call in enumerate(one["message"].get("tool_calls") or ()):
            found.append(ToolCall((choice, place), *called_with(call)[1:]))
        legacy = one["message"].get("function_call")
        if legacy is not None:
            found.append(ToolCall((choice, LEGACY), *called_with({"function": legacy})[1:]))
    return found


def settled(answer: dict[str, Any], call: Call, settled: Mapping[tuple[int, int], Settled]) -> dict[str, Any]:
    """The answer with each tool call as it was settled. What does not go is said in the message's text; where JSON was
    asked for, in its `refusal`.
    """
    for index, choice in enumerate(answer["choices"]):
        message = choice["message"]
        said: list[str] = []
        kept: list[dict[str, Any]] = []
        for place, one in enumerate(message.get("tool_calls") or ()):
            what = settled[index, place]
            if what.goes:
                kept.append(with_arguments(one, what))
            else:
                said.append(what.said)
        if "tool_calls" in message:
            message["tool_calls"] = kept
        if (index, LEGACY) in settled:
            what = settled[index, LEGACY]
            legacy = with_arguments({"function": message.pop("function_call")}, what)["function"]
            if what.goes:
                message["function_call"] = legacy
            else:
                said.append(what.said)
        if said:
            key = "refusal" if call.wants_json and message.get("content") else "content"
            message[key] = "\n\n".join([message[key], *said] if message.get(key) else said)
            if not kept and "function_call" not in message:
                message.pop("tool_calls", None)
                choice["finish_reason"] = "stop"
    return answer


def delivered(answer: Mapping[str, Any]) -> list[str]:
    """The text content of each choice."""
    return [choice["message"].get("content") or "" for choice in answer["choices"]]


def _whole_logprobs(given: Any, content: Any) -> dict[str, Any] | None:
    """The tokens of a whole content, if they still spell it."""
    if not isinstance(given, dict) or not isinstance(content, str):
        return None
    logprobs = Logprobs()
    logprobs.feed(given)
    entries = logprobs.released(content)
    return {"content": entries, "refusal": None} if logprobs.complete else None
