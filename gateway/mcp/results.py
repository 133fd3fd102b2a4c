"""What a server answers becomes a model's input: findings, and what policy's `input` stage says of them.

*Decisions*, but for `guarded`, which asks the analyser. Masked values are masked, and what is refused is not given. A type
that policy pseudonymizes is left: a pseudonym hides a value from a provider, never from the application, which would
have it back in any answer; it is made when the application sends the text on to a model through /v1.

Images, sound and files are not looked into: policy sees that they are there (`call.media`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from gateway import situation
from gateway.policies import Decision, Effect, Facts
from gateway.privacy import Finding, Opened, protect

LONG = 64 * 1024
"""Characters from which on an answer is taken apart in a thread, so that other requests have their turns meanwhile."""


class Analyser(Protocol):
    """Finds personal data; raises when it cannot."""

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]: ...


@dataclass(frozen=True, slots=True)
class Guarded:
    """What may be given of an answer, and what was decided on which facts. `entities`: how many findings of each type."""

    value: dict[str, Any]
    facts: Facts
    decision: Decision
    entities: Mapping[str, int]

    @property
    def is_refused(self) -> bool:
        """Whether nothing of it may be given."""
        return self.decision.effect in (Effect.DENY, Effect.HOLD)


async def guarded(
    value: dict[str, Any], analyser: Analyser, assessed: Sequence[str], decide: Callable[[Facts], Decision]
) -> Guarded:
    """`decide`: the input stage, asked once, on what was found. `value` is taken apart and given back changed."""
    media, kept = _set_aside(value)
    text = orjson.dumps(value).decode()
    opened = await asyncio.to_thread(Opened, [text]) if len(text) > LONG else Opened([text])
    findings = opened.findings(await analyser.find(opened.windows))
    found = [one.type for some in findings for one in some]
    facts: Facts = {**situation.privacy_facts(found, assessed), "call.media": media}
    decision = decide(facts)
    effects = {name: effect for name, effect in decision.transforms.items() if effect is not Effect.PSEUDONYMIZE}
    if any(findings) and effects:
        changed = await asyncio.to_thread(_changed, opened, findings, effects)
        value = orjson.loads(changed)
    for (_, key, data), (holder, _, _) in zip(kept, _binaries(value), strict=True):
        holder[key] = data
    return Guarded(value, facts, decision, dict(sorted(Counter(found).items())))


def _changed(opened: Opened, findings: Sequence[Sequence[Finding]], effects: Mapping[str, Effect]) -> str:
    return opened.close(protect(opened.values, findings, effects).edits)[0]


def _set_aside(value: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[dict[str, Any], str, Any]]]:
    """Take out what is encoded bytes and no text; which kinds there are."""
    kept = [(holder, key, holder[key]) for holder, key, _ in _binaries(value)]
    kinds = sorted({kind for _, _, kind in _binaries(value)})
    for holder, key, _ in kept:
        holder[key] = ""
    return tuple(kinds), kept


def _binaries(value: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Where bytes stand in a result, in order, as the revisions' content blocks and resource contents have them."""
    blocks = list(value.get("content") or []) + list(value.get("contents") or [])
    blocks += [message.get("content") for message in value.get("messages") or [] if isinstance(message, dict)]
    for block in blocks:
        for one in block if isinstance(block, list) else [block]:
            if not isinstance(one, dict):
                continue
            if one.get("type") in ("image", "audio") and isinstance(one.get("data"), str):
                yield one, "data", str(one["type"])
            inner = one.get("resource")
            for holder in (one, inner if isinstance(inner, dict) else {}):
                if isinstance(holder.get("blob"), str):
                    yield holder, "blob", "file"
