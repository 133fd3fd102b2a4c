"""Rules, derogations and the policy they make; conditions are CEL, compiled and typed when a policy is made.

The canonical source of a policy (JSON bytes) is what its version is the hash of, and is enough to rebuild it:
`Policy.from_source(policy.source)` decides as the policy did.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from cel_expr_python import cel

from gateway.errors import Message
from gateway.policies.effects import Effect, Stage
from gateway.policies.facts import seen_by

_TYPES = {
    "string": cel.Type.STRING,
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "list": cel.Type.List(cel.Type.STRING),
    "map": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
}


class ConditionError(ValueError):
    """A condition that does not compile: `line` and `column` (from 1) inside the expression, and why."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.column, self.reason = line, column, reason


@dataclass(frozen=True, slots=True)
class Hold:
    """What lets a held action go on: how many people must agree, within how long; when others are told (0: unsaid)."""

    approvals: int = 1
    expires_s: int = 600
    escalate_s: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as written. `entities`: the types that mask and pseudonymize act on, all when empty; `weight`: of prefer;
    `hold`: of hold, as written or None.
    """

    id: str
    policy: str
    principle: int
    stage: Stage
    when: str
    effect: Effect
    code: str
    reason: Message
    shadow: bool = False
    entities: tuple[str, ...] = ()
    label: str = ""
    weight: int = 0
    hold: Hold | None = None

    def as_json(self) -> dict[str, Any]:
        """The rule's canonical form. Keys that came later are left out where they say nothing: versions stay."""
        later: dict[str, Any] = {}
        if self.hold is not None:
            later["hold"] = {"approvals": self.hold.approvals, "expires_s": self.hold.expires_s}
            if self.hold.escalate_s:
                later["hold"]["escalate_s"] = self.hold.escalate_s
        return {
            "id": self.id,
            "policy": self.policy,
            "principle": self.principle,
            "stage": self.stage.value,
            "when": self.when,
            "effect": self.effect.value,
            "code": self.code,
            "reason": {"fr": self.reason.fr, "en": self.reason.en},
            "shadow": self.shadow,
            "entities": list(self.entities),
            "label": self.label,
            "weight": self.weight,
            **later,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `as_json`."""
        return cls(
            id=value["id"],
            policy=value["policy"],
            principle=value["principle"],
            stage=Stage(value["stage"]),
            when=value["when"],
            effect=Effect(value["effect"]),
            code=value["code"],
            reason=Message(value["reason"]["fr"], value["reason"]["en"]),
            shadow=value["shadow"],
            entities=tuple(value["entities"]),
            label=value["label"],
            weight=value["weight"],
            hold=Hold(**value["hold"]) if "hold" in value else None,
        )


@dataclass(frozen=True, slots=True)
class Derogation:
    """The one way to relax a rule: for one system, between two dates (ISO, both included), justified and approved."""

    id: str
    rule: str
    system: str
    justification: str
    approved_by: str
    starts: str
    expires: str

    def as_json(self) -> dict[str, str]:
        """Its canonical form."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule and its compiled condition."""

    rule: Rule
    expression: Any


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules and derogations in force together; `version` is the SHA-256 of `source`."""

    version: str
    source: bytes
    rules: tuple[Rule, ...]
    derogations: tuple[Derogation, ...]
    conditions: Mapping[Stage, tuple[Condition, ...]] = field(compare=False, repr=False)
    _by_id: Mapping[str, Rule] = field(compare=False, repr=False)

    @classmethod
    def of(cls, rules: Iterable[Rule], derogations: Iterable[Derogation] = ()) -> Self:
        """A policy of these rules, whatever their order. Raises `ConditionError` for the first that does not compile."""
        ordered = tuple(sorted(rules, key=lambda rule: rule.id))
        relaxing = tuple(sorted(derogations, key=lambda derogation: derogation.id))
        document = {"rules": [rule.as_json() for rule in ordered], "derogations": [one.as_json() for one in relaxing]}
        source = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        conditions = {
            stage: tuple(
                Condition(rule, compile_condition(rule.stage, rule.when)) for rule in ordered if rule.stage is stage
            )
            for stage in Stage
        }
        return cls(
            hashlib.sha256(source).hexdigest(),
            source,
            ordered,
            relaxing,
            conditions,
            {rule.id: rule for rule in ordered},
        )

    @classmethod
    def from_source(cls, source: bytes) -> Self:
        """The policy that a ledger keeps by its version."""
        document = json.loads(source)
        rules = (Rule.from_json(value) for value in document["rules"])
        return cls.of(rules, (Derogation(**value) for value in document["derogations"]))

    def rule(self, name: str) -> Rule:
        """The rule of this id. Raises `KeyError`."""
        return self._by_id[name]


def compile_condition(stage: Stage, when: str) -> Any:
    """Compile and type-check a condition against the facts of its stage. Raises `ConditionError`."""
    try:
        expression = _environment(stage).compile(when)
    except RuntimeError as error:
        raise _located(str(error)) from None
    if expression.return_type() != cel.Type.BOOL:
        raise ConditionError(1, 1, f"a condition is true or false; this is {expression.return_type().name()}")
    return expression


@cache
def _environment(stage: Stage) -> Any:
    return cel.NewEnv(variables={fact.name: _TYPES[fact.type] for fact in seen_by(stage)})


def environment(stage: Stage) -> Any:
    """The CEL environment of one stage."""
    return _environment(stage)


def _located(said: str) -> ConditionError:
    """The compiler's message, taken apart: `ERROR: <input>:LINE:COLUMN: reason`."""
    match = re.search(r"<input>:(\d+):(\d+): (.*)", said)
    if match is None:
        return ConditionError(1, 1, said)
    reason = match[3].replace(" (in container '')", "")
    return ConditionError(int(match[1]), int(match[2]), reason)
