"""What is true of an action, and what holds it. *Decisions*: pure, but for `examine`, which asks the analyser.

Of an action's arguments, policy sees what its rules refer to and nothing more, and the record holds exactly what policy
saw: so a text with a finding in it is replaced by the types and a keyed hash, `⟦CA_SIN:3f9a…⟧`, before anything reads it. A
number that JSON readers may round becomes its text: `double(action.arguments.amount)` reads both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import orjson

from gateway.policies import Decision, Effect, Facts, Policy, Stage
from gateway.policies.syntax import Node, parsed
from gateway.privacy import Finding, protect
from gateway.supervision import Action, Proposal, Subject

ARGUMENTS = "action.arguments"
EXACT = 2**53 - 1
SHORTEST_NUMBER = 6
NESTED = 3
Path = tuple[str, ...]


class Analyser(Protocol):
    """Finds personal data; raises when it cannot."""

    async def find(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]: ...


@dataclass(frozen=True, slots=True)
class Examined:
    """An action and what was found in it: `types` of each of its texts that has findings; `masked`: its arguments."""

    action: Action
    types: Mapping[str, tuple[str, ...]]
    entities: Mapping[str, int]
    masked: Any


async def examine(action: Action, analyser: Analyser) -> Examined:
    """Look for personal data in an action's arguments, names of keys and JSON within texts included."""
    texts = sorted(set(_pieces(action.arguments)))
    found = dict(zip(texts, await analyser.find(texts), strict=True))
    counted = Counter(one.type for text in _pieces(action.arguments) for one in found[text])

    def masked(text: str) -> str | None:
        return _masked(text, found[text]) if found.get(text) else None

    return Examined(
        action,
        {text: tuple(sorted({one.type for one in some})) for text, some in found.items() if some},
        dict(sorted(counted.items())),
        _with(action.arguments, lambda text: _within(text, masked)),
    )


async def masked_text(text: str, analyser: Analyser) -> str:
    """A person's own words as they may be recorded."""
    return _masked(text, (await analyser.find([text]))[0])


def action_facts(
    examined: Examined, policy: Policy, keyed_hash: Callable[[str], str], *, server: str = "", place: str = ""
) -> Facts:
    """The facts that the action stage adds. `keyed_hash`: of a text with findings, so that equal ones can be told.

    `server`: the MCP server whose tool it is, and `place`, where that server processes; empty through other doors.
    """

    def shown(text: str) -> str | None:
        types = sorted({kind for piece in _pieces(text) for kind in examined.types.get(piece, ())})
        return f"⟦{'+'.join(types)}:{keyed_hash(text)[:16]}⟧" if types else None

    arguments = examined.action.arguments
    seen: dict[str, Any] = {}
    if isinstance(arguments, dict):
        for path in paths_of(policy):
            _copy(arguments, path, seen)
    return {
        "action.tool": examined.action.tool,
        "action.server": server,
        "action.place": place,
        "action.arguments": _recordable(_with(seen, shown)),
        "action.entities": tuple(sorted(examined.entities)),
    }


@dataclass(frozen=True, slots=True)
class Terms:
    """What a hold asks: the rule that says so first by name, how many people, within how long; when others are told."""

    rule: str
    approvals: int
    expires_s: int
    escalate_s: int


def terms_of(policy: Policy, decision: Decision) -> Terms:
    """The strictest of what the rules that hold ask: most people, least time."""
    holding = [policy.rule(match.rule) for match in decision.matches if match.effect is Effect.HOLD]
    return Terms(
        holding[0].id,
        max((rule.hold.approvals for rule in holding if rule.hold is not None), default=1),
        min((rule.hold.expires_s for rule in holding if rule.hold is not None), default=600),
        min((rule.hold.escalate_s for rule in holding if rule.hold is not None and rule.hold.escalate_s), default=0),
    )


def requester_of(user: str, key: str) -> str:
    """Whoever asks, and so may not approve: the end user if the application names one (by hash), else its key."""
    return f"user:{user}" if user else f"key:{key}"


def proposal_of(  # noqa: PLR0913 - as many as a `Proposal` has of its door
    examined: Examined,
    holding: Decision,
    policy: Policy,
    *,
    decision: str,
    door: str,
    requester: str,
    subject: Subject,
    join_key: str,
    position: int = 0,
    keep: bytes = b"",
) -> Proposal:
    """An action that the decision `holding` holds, on the terms of its rules. The rest is as in `Proposal`."""
    terms = terms_of(policy, holding)
    rule = policy.rule(terms.rule)
    return Proposal(
        action=examined.action,
        masked=examined.masked,
        entities=examined.entities,
        policy=policy.version,
        rule=rule.id,
        code=rule.code,
        reason=rule.reason,
        approvals=terms.approvals,
        expires_s=terms.expires_s,
        escalate_s=terms.escalate_s,
        decision=decision,
        door=door,
        requester=requester,
        subject=subject,
        join_key=join_key,
        position=position,
        keep=keep,
    )


@lru_cache(16)
def paths_of(policy: Policy) -> tuple[Path, ...]:
    """Where in an action's arguments the rules of a policy look. The empty path is everything."""
    found: set[Path] = set()
    for condition in policy.conditions[Stage.ACTION]:
        _collect(parsed(condition.expression.serialize()), found)
    return tuple(sorted(found))


# ── paths ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _collect(node: Node, into: set[Path]) -> None:
    path = _path(node)
    if path is not None:
        into.add(path)
        return
    if node.kind == "call" and node.value == "@in" and len(node.args) == 2:
        inner, key = _path(node.args[1]), node.args[0]
        if inner is not None and key.kind == "const" and isinstance(key.value, str):
            into.add((*inner, key.value))
            return
    for one in node.args:
        _collect(one, into)


def _path(node: Node) -> Path | None:
    """The path that a node is, or None. What is indexed by anything but a written name is taken whole."""
    if node.kind == "ident":
        return () if node.value == ARGUMENTS else None
    if node.kind in ("select", "other") and node.value and len(node.args) == 1:  # `other` with a name is has(…)
        inner = node.args[0]
        if (inner.kind, f"{inner.value}.{node.value}") == ("ident", ARGUMENTS):
            return ()
        before = _path(inner)
        return None if before is None else (*before, node.value)
    if node.kind == "call" and node.value == "_[_]" and len(node.args) == 2:
        before, key = _path(node.args[0]), node.args[1]
        if before is None:
            return None
        return (*before, key.value) if key.kind == "const" and isinstance(key.value, str) else before
    return None


def _copy(source: dict[str, Any], path: Path, into: dict[str, Any]) -> None:
    """Copy what is at `path`; a list on the way, or anything that has no such name, is copied whole from there."""
    if not path:
        into.update(source)
        return
    name = path[0]
    if name not in source:
        return
    value = source[name]
    if len(path) == 1 or not isinstance(value, dict):
        into[name] = value
        return
    inner = into.setdefault(name, {})
    if inner is not value:  # else it was copied whole by a shorter path
        _copy(value, path[1:], inner)


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pieces(value: Any, nested: int = NESTED) -> Iterator[str]:
    """Every text of a JSON value, those of JSON within a text too: strings, names of keys, numbers long enough to be
    somebody's.
    """
    if isinstance(value, str):
        inner = _json_in(value) if nested else None
        if inner is None:
            yield value
        else:
            yield from _pieces(inner, nested - 1)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _pieces(one, nested)
    elif isinstance(value, list):
        for one in value:
            yield from _pieces(one, nested)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and len(str(value)) >= SHORTEST_NUMBER:
        yield str(value)


def _within(text: str, replaced: Callable[[str], str | None], nested: int = NESTED) -> str | None:
    """A text with its pieces replaced, or None if nothing is; JSON within it is written again."""
    inner = _json_in(text) if nested else None
    if inner is None:
        return replaced(text)
    changed = _with(inner, lambda one: _within(one, replaced, nested - 1))
    return orjson.dumps(changed).decode() if changed != inner else None


def _json_in(text: str) -> Any:
    """A JSON object or list that a text is, or None."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _masked(text: str, found: Sequence[Finding]) -> str:
    return protect([text], [found], dict.fromkeys((one.type for one in found), Effect.MASK)).texts[0]


def _with(value: Any, replaced: Callable[[str], str | None]) -> Any:
    """The value with each text that `replaced` knows replaced."""
    if isinstance(value, str):
        new = replaced(value)
        return value if new is None else new
    if isinstance(value, dict):
        result: dict[str, Any] = {}
        for name, one in value.items():
            new = str(_with(name, replaced))
            while new in result:  # two names that read the same once masked: none hides the other
                new += "'"
            result[new] = _with(one, replaced)
        return result
    if isinstance(value, list):
        return [_with(one, replaced) for one in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        new = replaced(str(value))
        return value if new is None else new
    return value


def _recordable(value: Any) -> Any:
    """Numbers as a record can hold them exactly: whole ones as such, others as their text."""
    if isinstance(value, dict):
        return {name: _recordable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_recordable(one) for one in value]
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) <= EXACT
        return int(value) if whole else orjson.dumps(value).decode()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT:
        return str(value)
    return value
