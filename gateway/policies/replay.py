"""Replaying a recorded call under another policy: what would have come of it, as far as the record can tell. Pure.

A call is walked as it was: admission, input, each candidate of routing, output. A stage that was never reached has no
facts, and a rule may ask for a fact that was not recorded; then the replay says so, and guesses nothing. Two things are
taken as they were, since no record could tell: what the model answered, and which deployments were healthy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.policies.decide import Decision, activation, decided, restored
from gateway.policies.effects import TRANSFORMS, Effect, Stage
from gateway.policies.facts import Facts, FactValue, seen_by
from gateway.policies.recompute import mattering
from gateway.policies.rules import Policy, Rule

REFUSING = (Effect.DENY, Effect.HOLD)
KEPT_OUT = (Effect.DENY, Effect.HOLD, Effect.EXCLUDE)
_ARGUMENT = re.compile(r"""\baction\.arguments((?:\.[A-Za-z_]\w*|\[(?:"[^"\\]*"|'[^'\\]*')\])+)""")
_MENTION = re.compile(r"\barguments\b")
_INDEX = re.compile(r"""\[['"]([^'"]*)['"]\]""")
_WORD = re.compile(r"[A-Za-z_]\w*")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Recorded:
    """One stage of a recorded call: the facts that it saw, and what was decided, as the record holds it."""

    stage: Stage
    facts: Facts
    decision: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a call. `refused`: the stage that refuses it, or nothing; `deployment`: where it goes first.

    `further`: it passes the last stage that was recorded, and nothing is known of what follows.
    """

    refused: str = ""
    deployment: str = ""
    admitted: tuple[str, ...] = ()
    transforms: tuple[tuple[str, str], ...] = ()
    labels: tuple[str, ...] = ()
    further: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """A call under two policies. `missing`: facts that a rule needs and the record lacks; the outcome is then unknown.

    `new` and `gone` are the enforced rules that apply under one policy and not under the other.
    """

    was: Outcome
    becomes: Outcome
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def change(self) -> str:
        """What changes, in a word: "" when nothing does."""
        was, becomes = self.was, self.becomes
        if self.missing:
            return "unknown"
        if was.refused != becomes.refused:
            return "refused" if becomes.refused else "admitted"
        if was.deployment != becomes.deployment:
            return "rerouted"
        if was.transforms != becomes.transforms:
            return "transformed"
        return "labelled" if was.labels != becomes.labels else ""


@dataclass(frozen=True, slots=True)
class _Met:
    decision: Decision
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class Candidate:
    """A policy to replay under. Remembers what it decided."""

    policy: Policy
    remembered: int = 16_384
    _mattering: dict[Stage, tuple[str, ...]] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], _Met] = field(default_factory=dict)

    def replay(self, call: Sequence[Recorded], arguments: frozenset[str] = frozenset()) -> Replay:
        """The call under this policy. `arguments` are the paths that the policy in force then referred to."""
        was = walked([(one.stage, one.facts, one.decision) for one in call])
        decisions: list[tuple[Stage, Facts, Mapping[str, Any]]] = []
        missing: set[str] = set()
        for one in call:
            facts = _after_input(one, decisions, call)
            if one.stage is Stage.ACTION and not arguments_of(self.policy) <= arguments:
                facts = {name: value for name, value in facts.items() if name != "action.arguments"}
            met = self._decide(one.stage, facts)
            missing.update(met.missing)
            decisions.append((one.stage, one.facts, met.decision.as_json()))
            if one.stage is not Stage.ROUTING and met.decision.effect in REFUSING and not met.missing:
                break
        before, after = _enforced([one.decision for one in call]), _enforced([decision for *_, decision in decisions])
        becomes = walked(decisions, recorded=was)
        return Replay(
            was, becomes, tuple(sorted(after - before)), tuple(sorted(before - after)), tuple(sorted(missing))
        )

    def _decide(self, stage: Stage, facts: Facts) -> _Met:
        names = self._mattering.get(stage)
        if names is None:
            names = self._mattering[stage] = mattering(self.policy, stage)
        try:
            key = (stage, *[facts.get(name, _MISSING) for name in names])
            known = self._known.get(key)
        except TypeError:  # tool arguments
            return self._decide_anew(stage, facts)
        if known is None:
            if len(self._known) >= self.remembered:
                self._known.clear()
            known = self._known[key] = self._decide_anew(stage, facts)
        return known

    def _decide_anew(self, stage: Stage, facts: Facts) -> _Met:
        """As `decide`, but a condition that lacks a fact is not counted as met: it is unknown, if it can matter."""
        seen, met, unknown = activation(stage, facts), list[Rule](), list[Rule]()
        for condition in self.policy.conditions[stage]:
            value = condition.expression.eval(seen).value()
            if value is False:
                continue
            lacking = value is not True and _lacking(condition.rule, stage, facts)
            (unknown if lacking else met).append(condition.rule)
        decision = decided(self.policy, stage, met, facts)
        weaker = decision.effect.rank
        mattering_ = [rule for rule in unknown if not rule.shadow and rule.effect.rank > weaker]
        return _Met(decision, tuple(sorted({name for rule in mattering_ for name in _lacking(rule, stage, facts)})))


def recorded(record: Mapping[str, Any]) -> list[Recorded]:
    """The stages of a record. Raises `KeyError`, `TypeError` or `ValueError` for what is no such record."""
    common = restored(record["facts"])
    return [
        Recorded(Stage(one["stage"]), {**common, **restored(one["facts"])}, one["decision"]) for one in record["stages"]
    ]


def walked(stages: Sequence[tuple[Stage, Facts, Mapping[str, Any]]], recorded: Outcome | None = None) -> Outcome:
    """What comes of a call whose stages decided so. `recorded`: what came of it then, which says how far it went."""
    transforms: dict[str, str] = {}
    labels: set[str] = set()
    routes: list[tuple[int, int, int, str]] = []
    routed = False
    for index, (stage, facts, decision) in enumerate(stages):
        labels.update(decision["labels"])
        if stage is Stage.ROUTING:
            routed = True
            if decision["effect"] not in KEPT_OUT:
                routes.append((_tier(facts), -int(decision["prefer"]), index, str(facts["deployment.id"])))
            continue
        transforms.update(decision["transforms"])
        if decision["effect"] in REFUSING:
            return Outcome(refused=stage.value)
    admitted = tuple(name for *_, name in sorted(routes))
    if routed and not admitted:
        return Outcome(refused=Stage.ROUTING.value)
    further = recorded is not None and bool(recorded.refused)
    first = admitted[0] if admitted else ""
    return Outcome("", first, admitted, tuple(sorted(transforms.items())), tuple(sorted(labels)), further)


def arguments_of(policy: Policy) -> frozenset[str]:
    """The paths of tool arguments that a policy refers to; a condition that does so in another way stands for itself."""
    found: set[str] = set()
    for condition in policy.conditions[Stage.ACTION]:
        when = condition.rule.when
        paths = _ARGUMENT.findall(when)
        found.update(_INDEX.sub(r".\1", path) for path in paths)
        if len(_MENTION.findall(when)) != len(paths):
            found.add(when)
    return frozenset(found)


def _after_input(
    one: Recorded,
    decisions: Sequence[tuple[Stage, Facts, Mapping[str, Any]]],
    call: Sequence[Recorded],
) -> Facts:
    """The facts of a stage of routing, once the input stage has done what the candidate says instead of what it did."""
    if one.stage is not Stage.ROUTING:
        return one.facts
    nothing: dict[str, str] = {}
    was = next((two.decision["transforms"] for two in call if two.stage is Stage.INPUT), nothing)
    becomes = next((decision["transforms"] for stage, _, decision in decisions if stage is Stage.INPUT), nothing)
    removed = {kind for kind, effect in becomes.items() if effect in TRANSFORMS}
    facts: dict[str, FactValue] = dict(one.facts)
    if {kind for kind, effect in was.items() if effect in TRANSFORMS} - removed:
        for name in ("privacy.remaining", "deployment.unassessed"):  # more leaves in clear: what, was not recorded
            facts.pop(name, None)
        return facts
    for name in ("privacy.remaining", "deployment.unassessed"):
        kinds = facts.get(name, ())
        facts[name] = tuple(kind for kind in kinds if kind not in removed) if isinstance(kinds, tuple) else kinds
    return facts


def _lacking(rule: Rule, stage: Stage, facts: Facts) -> list[str]:
    words = set(_WORD.findall(rule.when))
    return [fact.name for fact in seen_by(stage) if fact.name not in facts and words.issuperset(fact.name.split("."))]


def _enforced(decisions: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(match["rule"]) for decision in decisions for match in decision["matches"]}


def _tier(facts: Facts) -> int:
    tier = facts.get("deployment.tier", 0)
    return tier if isinstance(tier, int) else 0
