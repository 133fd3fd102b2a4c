"""What would have changed a decision: the smallest changes of its menu, each proved by asking `decide` again. Pure.

A question is a call (admission, input, each candidate of routing, output) or one action, with the facts that each stage
saw. `ending` says what comes of it, as the gateway carries decisions out. `smallest` looks for sets of changes after which
it ends otherwise: a refusal is lifted, a hold is not asked for, or, when nothing was refused, the call ends in another way.

The search is breadth-first, so that a set is looked at after all its subsets. One is left out only if a subset of it was
found, or if it cannot matter: a rule that refuses still does when no fact that its condition names is changed. So what is
found is minimal: no proper subset of it changes the ending. It is bounded, in the size of sets and in the number of them
that are tried; `Found.complete` says whether all were looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from gateway.policies.changes import Change, chosen
from gateway.policies.decide import Decision, decide
from gateway.policies.effects import TRANSFORMS, Effect, Stage
from gateway.policies.facts import Facts, FactValue
from gateway.policies.menu import APPROVAL, REFUSAL, relaxing, tightening
from gateway.policies.recompute import mattering
from gateway.policies.rules import Derogation, Policy
from gateway.policies.syntax import bounds, parsed

MOST_CHANGES = 3
MOST_OTHERWISE = 2
MOST_TRIED = 600
MOST_ASKED = 6_000
MOST_LOOKED = 20_000
MOST_TOLD = 16
_KEPT_OUT = (Effect.EXCLUDE, Effect.DENY, Effect.HOLD)
_STRICT = {1: Effect.HOLD, 2: Effect.DENY}
_LEAVING = frozenset({"privacy.remaining", "deployment.unassessed"})
_WORD = re.compile(r"[A-Za-z_]\w*")

Asked = tuple[Stage, Facts]


@dataclass(frozen=True, slots=True)
class Question:
    """What was decided on: a policy and the facts of each stage, the common ones among them, in order.

    `classifications`: the body's, lowest first, where they are known. `approved`: a person approved what policy holds.
    """

    policy: Policy
    stages: tuple[Asked, ...]
    classifications: tuple[str, ...] = ()
    approved: bool = False

    def with_changes(self, changes: Sequence[Change], deciding: Deciding | None = None) -> Question:
        """The question as it would have been. What leaves for a deployment follows from what input then does."""
        policy, ask = self.policy, deciding or Deciding()
        relaxed = [_derogation(one.derogation, self.stages) for one in changes if one.derogation]
        if relaxed:
            policy = replace(policy, derogations=(*policy.derogations, *relaxed))
        stages = [*self.stages, *((Stage.ROUTING, one.another) for one in changes if one.another)]
        approvals = [one.approval for one in changes if one.approval is not None]
        return replace(
            self,
            policy=policy,
            stages=tuple(_settled(stages, changes, self.policy, policy, ask)),
            approved=approvals[-1] if approvals else self.approved,
        )


@dataclass(frozen=True, slots=True)
class Ending:
    """What comes of a question. `strictness`: 0 allowed, 1 held for a person, 2 refused at `stage`.

    Of what is allowed: the deployment that comes first, what is done with findings, the labels.
    """

    strictness: int
    stage: str = ""
    deployment: str = ""
    transforms: tuple[tuple[str, str], ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Changes that together change the ending, none of which could be left out; and how it would have ended."""

    changes: tuple[Change, ...]
    ending: Ending


@dataclass(frozen=True, slots=True)
class Found:
    """How a question ends, and the smallest changes after which it ends otherwise, the fewest first.

    `complete`: every set of at most `MOST_CHANGES` changes of the menu was looked at; `tried`: endings recomputed.
    """

    ending: Ending
    counterfactuals: tuple[Counterfactual, ...] = ()
    complete: bool = True
    tried: int = 0


def ending(question: Question, deciding: Deciding | None = None) -> Ending:
    """What comes of it, as the gateway carries decisions out; a halt stops whatever the policy says of it."""
    ask = deciding or Deciding()
    transforms: dict[str, str] = {}
    labels: set[str] = set()
    routes: list[tuple[int, int, int, str]] = []
    routed = False
    for index, (stage, facts) in enumerate(question.stages):
        decision = ask.decide(question.policy, stage, facts)
        if stage is Stage.ROUTING:
            routed = True
            if decision.effect not in _KEPT_OUT and facts.get("deployment.halted") is not True:
                labels.update(decision.labels)
                tier = facts.get("deployment.tier", 0)
                name = str(facts.get("deployment.id", ""))
                routes.append((tier if isinstance(tier, int) else 0, -decision.prefer, index, name))
            continue
        halted = stage in (Stage.ADMISSION, Stage.ACTION) and facts.get("halt.active") is True
        if halted or decision.effect is Effect.DENY:
            return Ending(2, stage.value)
        if decision.effect is Effect.HOLD and not question.approved:
            return Ending(1, stage.value)
        transforms.update({kind: effect.value for kind, effect in decision.transforms.items()})
        labels.update(decision.labels)
    if routed and not routes:
        return Ending(2, Stage.ROUTING.value)
    first = min(routes)[3] if routes else ""
    return Ending(0, "", first, tuple(sorted(transforms.items())), tuple(sorted(labels)))


def differs(was: Ending, becomes: Ending) -> bool:
    """Whether an ending counts as changed: less strict if it was strict, otherwise any other."""
    return becomes.strictness < was.strictness if was.strictness else becomes != was


def smallest(question: Question, most_tried: int = MOST_TRIED) -> Found:
    """The ending of a question, and the smallest changes of the menu after which it ends otherwise."""
    deciding = Deciding()
    was = ending(question, deciding)
    menu = menu_of(question, was, deciding)
    needed = _needed(question, was, deciding) if was.strictness else ()
    touched = _touched(menu, question.policy)
    found: list[Counterfactual] = []
    minimal: list[frozenset[int]] = []
    most_tried = min(
        most_tried, MOST_ASKED // max(1, len(question.stages))
    )  # a stage for each deployment: many, if many
    tried, largest = 0, MOST_CHANGES if was.strictness else MOST_OTHERWISE
    for looked, chosen_ in enumerate(_subsets(menu, largest)):
        members = frozenset(chosen_)
        if any(known <= members for known in minimal):
            continue
        if needed and not any(_reaches(members, rules, touched, menu) for rules in needed):
            continue
        if tried >= most_tried or looked >= MOST_LOOKED or len(found) >= MOST_TOLD:
            return Found(was, tuple(found), complete=False, tried=tried)
        tried += 1
        changes = tuple(menu[number] for number in chosen_)
        becomes = ending(question.with_changes(changes, deciding), deciding)
        if differs(was, becomes):
            minimal.append(members)
            found.append(Counterfactual(changes, becomes))
    return Found(was, tuple(found), tried=tried)


def menu_of(question: Question, was: Ending, deciding: Deciding | None = None) -> tuple[Change, ...]:
    """The changes that are tried: those on which something in the policy depends."""
    ask, policy = deciding or Deciding(), question.policy
    matters = frozenset(name for stage, _ in question.stages for name in ask.mattering(policy, stage))
    matters |= {"halt.active", "deployment.halted"}
    if was.strictness:
        refusing = sorted({rule for rules in _needed(question, was, ask) for rule, _ in rules if rule})
        bounding = [one for one in policy.conditions[Stage.ACTION] if one.rule.id in refusing]
        found = [bound for one in bounding for bound in bounds(parsed(one.expression.serialize()))]
        changes = [*relaxing(question.stages, question.classifications, refusing, found)]
        if was.strictness == 1:
            changes.insert(0, APPROVAL)
    else:
        changes = [*tightening(question.stages, question.classifications)]
        if question.approved:
            changes.insert(0, REFUSAL)
    return chosen(changes, matters, [facts for _, facts in question.stages])


@dataclass(slots=True)
class Deciding:
    """`decide`, remembered by the facts that can matter and the derogations that were granted."""

    _mattering: dict[tuple[str, Stage], tuple[str, ...]] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], Decision] = field(default_factory=dict)

    def mattering(self, policy: Policy, stage: Stage) -> tuple[str, ...]:
        """The facts on which a decision of this stage can depend."""
        names = self._mattering.get((policy.version, stage))
        if names is None:
            names = self._mattering[policy.version, stage] = mattering(policy, stage)
        return names

    def decide(self, policy: Policy, stage: Stage, facts: Facts) -> Decision:
        """As `decide`. A derogation that is added to a policy does not change its version here: it is part of the key."""
        try:
            values = [facts.get(name) for name in self.mattering(policy, stage)]
            key = (policy.version, policy.derogations, stage, facts["system.id"], facts["call.date"], *values)
            known = self._known.get(key)
        except TypeError:  # a map among them: tool arguments
            return decide(policy, stage, facts)
        if known is None:
            known = self._known[key] = decide(policy, stage, facts)
        return known


# ── the facts as they would have been ─────────────────────────────────────────────────────────────────────────────


def _settled(
    stages: Sequence[Asked], changes: Sequence[Change], before: Policy, after: Policy, ask: Deciding
) -> Iterator[Asked]:
    """Each stage's facts, changed; and what would leave, once input does what it then would."""
    was: Mapping[str, Effect] = {}
    becomes: Mapping[str, Effect] = {}
    for stage, facts in stages:
        changed: Facts = facts
        for one in changes:
            changed = one.after_findings(changed)
        if stage is Stage.ROUTING:
            changed = _leaving(facts, changed, was, becomes)
        for one in changes:
            changed = one.after(changed)
        if stage is Stage.INPUT:
            was, becomes = ask.decide(before, stage, facts).transforms, ask.decide(after, stage, changed).transforms
        yield stage, changed


def _leaving(facts: Facts, changed: Facts, was: Mapping[str, Effect], becomes: Mapping[str, Effect]) -> Facts:
    """Facts of routing with what would leave in clear: a type that is newly found, or no longer replaced, would."""
    found, before = facts.get("privacy.entities"), facts.get("privacy.remaining")
    now, unassessed = changed.get("privacy.entities"), facts.get("deployment.unassessed")
    if not (isinstance(found, tuple) and isinstance(now, tuple) and isinstance(before, tuple)):
        return changed
    if found == now and was == becomes:
        return changed
    covered = facts.get("deployment.assessment_entities", ())
    remaining: list[str] = []
    left: list[str] = []
    for kind in now:
        replaced = becomes.get(kind) in TRANSFORMS
        newly = not replaced and (kind not in found or was.get(kind) in TRANSFORMS)
        if replaced and becomes.get(kind) != was.get(kind):
            continue
        if newly or kind in before:
            remaining.append(kind)
            known = isinstance(unassessed, tuple) and kind in unassessed
            uncovered = not (isinstance(covered, tuple) and kind in covered)
            if known or (newly and uncovered):
                left.append(kind)
    derived: dict[str, FactValue] = {"privacy.remaining": tuple(remaining), "deployment.unassessed": tuple(left)}
    return {**changed, **{name: value for name, value in derived.items() if name in facts}}


def _derogation(rule: str, stages: Sequence[Asked]) -> Derogation:
    facts = stages[0][1]
    day = str(facts["call.date"])
    return Derogation("si", rule, str(facts["system.id"]), "", "", day, day)


# ── the search ────────────────────────────────────────────────────────────────────────────────────────────────────


def _needed(question: Question, was: Ending, deciding: Deciding) -> tuple[tuple[tuple[str, frozenset[str]], ...], ...]:
    """For each stage whose change would lift the refusal: what refuses there, each with the facts that it depends on.

    Of a refusal at routing any candidate will do. A halt refuses by itself: it has no rule's name.
    """
    needed = []
    for stage, facts in question.stages:
        if stage.value != was.stage:
            continue
        decision = deciding.decide(question.policy, stage, facts)
        halted = "deployment.halted" if stage is Stage.ROUTING else "halt.active"
        rules: list[tuple[str, frozenset[str]]] = []
        refusing = _KEPT_OUT if stage is Stage.ROUTING else (_STRICT[was.strictness],)
        for match in decision.matches:
            if match.effect in refusing:
                words = frozenset(_WORD.findall(question.policy.rule(match.rule).when))
                names = (name for name in facts if words.issuperset(name.split(".")))
                rules.append((match.rule, frozenset(names)))
        if facts.get(halted) is True and stage is not Stage.INPUT:
            rules.append(("", frozenset({halted})))
        needed.append(tuple(rules))
    return tuple(needed)


def _touched(menu: Sequence[Change], policy: Policy) -> list[frozenset[str]]:
    """The facts that each change may change, those included that follow from what input then does."""
    asked = frozenset(mattering(policy, Stage.INPUT))
    touched = []
    for change in menu:
        derogated = bool(change.derogation) and policy.rule(change.derogation).stage is Stage.INPUT
        touched.append(change.names | _LEAVING if derogated or change.names & asked else change.names)
    return touched


def _reaches(
    members: frozenset[int],
    rules: Sequence[tuple[str, frozenset[str]]],
    touched: Sequence[frozenset[str]],
    menu: Sequence[Change],
) -> bool:
    """Whether each rule that refuses may do so no longer: a fact it names is changed, or it is derogated from."""
    if any(menu[number].another for number in members):
        return True
    return all(
        any(
            menu[number].approval is not None or menu[number].derogation == rule or touched[number] & names
            for number in members
        )
        for rule, names in rules
    )


def _subsets(menu: Sequence[Change], largest: int) -> Iterator[tuple[int, ...]]:
    """Sets of changes that go together, the smallest first; of the catalogue's, those of one deployment."""
    for size in range(1, largest + 1):
        for numbers in combinations(range(len(menu)), size):
            groups = [menu[number].group for number in numbers if menu[number].group]
            places = {menu[number].deployment for number in numbers if menu[number].deployment}
            if len(groups) == len(set(groups)) and len(places) <= 1:
                yield numbers
