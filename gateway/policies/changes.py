"""A change that an explanation tries: what people could have done otherwise, or what could have been otherwise.

*Data*, and pure functions on facts. Each change says in both languages what would have been so, and changes every fact
that depends on it: a request without a type of finding has fewer findings, none of that type to assess, none to leave.
Where the facts do not say how many findings of a type there were, the most that could remain do.

`menu.py` gives those that make sense of some facts. A change touches names of facts (`names`), or grants a derogation from a
rule, or is a person's approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import Message
from gateway.policies.facts import Facts, FactValue

ARGUMENTS = "action.arguments"
COUNTS = {"privacy.entities": "privacy.count", "output.entities": "output.count"}


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `said`: a clause that begins with "si" or "if", in the past conditional; `{}` stands for a deployment.

    `sets`: facts as they would be, at the stages that have them; of `deployment` only, if one is named. `without`: a type
    of finding that would not be there, `found` one that would, in `lists`. `another`: facts of one more deployment.
    `argument`: a number of a tool's arguments, by its path, that would be `number`. `derogation`: a rule that would be relaxed;
    `approval`: a person would agree, or not. Two changes of one `group` do not go together.
    """

    id: str
    said: Message
    sets: Facts = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    without: str = ""
    found: str = ""
    deployment: str = ""
    another: Facts = field(default_factory=dict)
    argument: tuple[str, ...] = ()
    number: int | str = 0
    derogation: str = ""
    approval: bool | None = None
    group: str = ""

    def clause(self, language: str, deployment: str = "") -> str:
        """What would have been so. `deployment`: the words for the deployment that it is about, e.g. « cti »."""
        said = self.said.in_language(language)
        return said.replace("{}", deployment or self.deployment) if self.deployment else said

    @property
    def names(self) -> frozenset[str]:
        """The facts that it may change."""
        counts = (COUNTS[name] for name in self.lists if name in COUNTS)
        arguments = (ARGUMENTS,) if self.argument else ()
        return frozenset({*self.sets, *self.lists, *counts, *self.another, *arguments})

    def after_findings(self, facts: Facts) -> Facts:
        """The facts with a type of finding less, or more."""
        if self.without:
            return _without(facts, self.without, self.lists)
        return _with(facts, self.found, self.lists) if self.found else facts

    def after(self, facts: Facts) -> Facts:
        """The facts with what it sets, where it applies."""
        if self.deployment and facts.get("deployment.id") != self.deployment:
            return facts
        changed = {name: value for name, value in self.sets.items() if name in facts}
        arguments = facts.get(ARGUMENTS)
        if self.argument and isinstance(arguments, Mapping):
            changed[ARGUMENTS] = _argument(arguments, self.argument, self.number)
        return {**facts, **changed} if changed else facts


def _argument(arguments: Mapping[str, Any], path: Sequence[str], number: int | str) -> Mapping[str, Any]:
    """The arguments with another number at a path that is there."""
    inner = arguments.get(path[0])
    if len(path) == 1:
        return {**arguments, path[0]: number} if path[0] in arguments else arguments
    return {**arguments, path[0]: _argument(inner, path[1:], number)} if isinstance(inner, Mapping) else arguments


def _without(facts: Facts, kind: str, lists: Sequence[str]) -> Facts:
    changed: dict[str, FactValue] = {}
    for name in lists:
        kinds = facts.get(name)
        if not isinstance(kinds, tuple) or kind not in kinds:
            continue
        changed[name] = left = tuple(one for one in kinds if one != kind)
        count = facts.get(COUNTS.get(name, ""))
        if isinstance(count, int):
            changed[COUNTS[name]] = max(len(left), count - 1) if left else 0
    return {**facts, **changed}


def _with(facts: Facts, kind: str, lists: Sequence[str]) -> Facts:
    changed: dict[str, FactValue] = {}
    for name in lists:
        kinds = facts.get(name)
        if not isinstance(kinds, tuple) or kind in kinds:
            continue
        changed[name] = tuple(sorted((*kinds, kind)))
        count = facts.get(COUNTS.get(name, ""))
        if isinstance(count, int):
            changed[COUNTS[name]] = count + 1
    assessed = facts.get("assessment.entities")
    if "privacy.unassessed" in changed and isinstance(assessed, tuple) and kind in assessed:
        del changed["privacy.unassessed"]
    return {**facts, **changed}


def chosen(changes: Iterable[Change], mattering: frozenset[str], facts: Sequence[Facts]) -> tuple[Change, ...]:
    """Those that change a fact on which the decision can depend, each once, in the menu's order."""
    seen: dict[str, Change] = {}
    for one in changes:
        if one.derogation or one.approval is not None or (one.names & mattering and _does_something(one, facts)):
            seen.setdefault(one.id, one)
    return tuple(seen.values())


def _does_something(change: Change, facts: Sequence[Facts]) -> bool:
    return bool(change.another) or any(change.after(change.after_findings(own)) != own for own in facts)
