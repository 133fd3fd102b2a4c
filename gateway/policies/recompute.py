"""Decide again what a record says was decided, from the record and the policy version that it names (promise 4). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gateway.policies.decide import ENTITIES, decide, restored
from gateway.policies.effects import Stage
from gateway.policies.facts import Facts, seen_by
from gateway.policies.rules import Policy

_WORD = re.compile(r"[A-Za-z_]\w*")


class Again:
    """Decides again, remembering by the facts that can matter: a pass over many records decides each case once.

    `remembered` bounds what is kept; when it is full it is forgotten whole. Not for the way of a call, where `Remembered`
    answers without looking at which facts matter.
    """

    def __init__(self, policies: Mapping[str, Policy], remembered: int = 16_384) -> None:
        self._policies, self._size = policies, remembered
        self._mattering: dict[tuple[str, Stage], tuple[str, ...]] = {}
        self._known: dict[tuple[Any, ...], dict[str, Any]] = {}

    def decision(self, version: str, stage: Stage, facts: Facts) -> dict[str, Any]:
        """The decision as a record holds it. Raises `KeyError` for an unknown version."""
        names = self._mattering.get((version, stage))
        if names is None:
            names = self._mattering[version, stage] = mattering(self._policies[version], stage)
        try:
            key = (version, stage, *[facts.get(name) for name in names])
            known = self._known.get(key)
        except TypeError:  # a map among them: tool arguments
            return decide(self._policies[version], stage, facts).as_json()
        if known is None:
            if len(self._known) >= self._size:
                self._known.clear()
            known = self._known[key] = decide(self._policies[version], stage, facts).as_json()
        return known


def recompute(record: Mapping[str, Any], policies: Mapping[str, Policy]) -> str | None:
    """The first difference between the recorded decisions and the recomputed ones, in words; None when they agree.

    A record's `facts` are those common to its `stages`; each stage adds its own. Records without stages agree.
    """
    stages = record.get("stages", ())
    if not stages:
        return None
    policy = policies.get(record["policy"])
    if policy is None:
        return f"policy version {record['policy'][:12]} is not there: its decisions cannot be recomputed"
    common = restored(record["facts"])
    for number, one in enumerate(stages):
        again = decide(policy, Stage(one["stage"]), {**common, **restored(one["facts"])}).as_json()
        if again != one["decision"]:
            return (
                f"stages[{number}] ({one['stage']}): recorded {one['decision']['effect']}, recomputed {again['effect']}"
            )
    return None


def mattering(policy: Policy, stage: Stage) -> tuple[str, ...]:
    """The facts on which a decision of this stage can depend: those that a condition may name, and `decide`'s own.

    A condition that names a fact has each word of its name, however it is written; so none is missed, and some are too
    many, which costs a little and changes nothing.
    """
    words = {word for condition in policy.conditions[stage] for word in _WORD.findall(condition.rule.when)}
    names = {fact.name for fact in seen_by(stage) if words.issuperset(fact.name.split("."))}
    names |= {ENTITIES[stage]} if stage in ENTITIES else set()
    names |= {"system.id", "call.date"} if policy.derogations else set()
    return tuple(sorted(names))
