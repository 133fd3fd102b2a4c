"""`decide`: what policy says of some facts. Pure, and monotone: a rule more can only make the outcome stricter.

Every rule of the stage is asked, whatever the others said, so order never matters. A condition that fails while it is
evaluated counts as met: what cannot be decided is decided strictly (promise 3).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.policies.effects import TRANSFORMS, Effect, Stage
from gateway.policies.facts import Facts, FactValue
from gateway.policies.rules import Policy, Rule, environment

REMEMBERED = 4096
ENTITIES = {Stage.INPUT: "privacy.entities", Stage.OUTPUT: "output.entities"}
"""The fact that lists what was found, at the stages that transform it."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched; `derogation` names what relaxed it, or is empty."""

    rule: str
    effect: Effect
    code: str
    principle: int
    derogation: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it stands in a record."""
        return {
            "rule": self.rule,
            "effect": self.effect.value,
            "code": self.code,
            "principle": self.principle,
            "derogation": self.derogation,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """The strictest enforced effect, and everything that matched, sorted by rule.

    `transforms`: for each type of finding in the facts, pseudonymize, mask or deny; `prefer`: the sum of weights.
    """

    stage: Stage
    effect: Effect
    matches: tuple[Match, ...]
    shadow: tuple[Match, ...]
    relaxed: tuple[Match, ...]
    transforms: Mapping[str, Effect]
    labels: tuple[str, ...]
    prefer: int

    def as_json(self) -> dict[str, Any]:
        """As it stands in a record; recomputing must give exactly this."""
        return {
            "effect": self.effect.value,
            "matches": [match.as_json() for match in self.matches],
            "shadow": [match.as_json() for match in self.shadow],
            "relaxed": [match.as_json() for match in self.relaxed],
            "transforms": {name: effect.value for name, effect in self.transforms.items()},
            "labels": list(self.labels),
            "prefer": self.prefer,
        }


def decide(policy: Policy, stage: Stage, facts: Facts) -> Decision:
    """What `policy` says of `facts` at `stage`. Facts of other stages are ignored."""
    seen = activation(stage, facts)
    met = [one.rule for one in policy.conditions[stage] if one.expression.eval(seen).value() is not False]
    return decided(policy, stage, met, facts)


def activation(stage: Stage, facts: Facts) -> Any:
    """The facts as conditions of a stage see them."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}
    return environment(stage).Activation(values)


def decided(policy: Policy, stage: Stage, met: Iterable[Rule], facts: Facts) -> Decision:
    """What follows from the rules whose condition is met."""
    matches: list[Match] = []
    shadow: list[Match] = []
    relaxed: list[Match] = []
    enforced: list[Rule] = []
    for rule in met:
        derogation = _derogation(policy, rule, facts)
        match = Match(rule.id, rule.effect, rule.code, rule.principle, derogation)
        if rule.shadow:
            shadow.append(match)
        elif derogation:
            relaxed.append(match)
        else:
            matches.append(match)
            enforced.append(rule)
    return Decision(
        stage,
        max((rule.effect for rule in enforced), key=lambda effect: effect.rank, default=Effect.ALLOW),
        tuple(matches),
        tuple(shadow),
        tuple(relaxed),
        _transforms(stage, enforced, facts),
        tuple(sorted({rule.label for rule in enforced if rule.label})),
        sum(rule.weight for rule in enforced if rule.effect is Effect.PREFER),
    )


def _derogation(policy: Policy, rule: Rule, facts: Facts) -> str:
    """The derogation that relaxes this rule for this system on this day, or nothing."""
    for one in policy.derogations:
        if (
            one.rule == rule.id
            and one.system == facts["system.id"]
            and one.starts <= str(facts["call.date"]) <= one.expires
        ):
            return one.id
    return ""


def _transforms(stage: Stage, enforced: list[Rule], facts: Facts) -> dict[str, Effect]:
    """The strictest thing to do with each type of finding."""
    found = facts.get(ENTITIES.get(stage, ""), ())
    transforms: dict[str, Effect] = {}
    for entity in found if isinstance(found, tuple) else ():
        applying = [r.effect for r in enforced if r.effect in TRANSFORMS and (not r.entities or entity in r.entities)]
        if applying:
            transforms[entity] = max(applying, key=lambda effect: effect.rank)
    return transforms


class Remembered:
    """`decide`, remembered by its arguments (it is pure). Bounded; the least recently used goes first."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._known: OrderedDict[tuple[Any, ...], Decision] = OrderedDict()

    def decide(self, policy: Policy, stage: Stage, facts: Facts) -> Decision:
        """As `decide`. Facts with a map in them (tool arguments) are not remembered."""
        try:
            key = (policy.version, stage, frozenset(facts.items()))
            known = self._known.get(key)
        except TypeError:
            return decide(policy, stage, facts)
        if known is None:
            known = self._known[key] = decide(policy, stage, facts)
            if len(self._known) > self._size:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return known


def restored(facts: Mapping[str, Any]) -> dict[str, FactValue]:
    """Facts as `decide` takes them, from a record's JSON: lists become tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
