"""What a decision's records say, and what would have changed it. *Data*, and its making: pure.

Everything comes from the ledger: what each stage decided, on which facts, under which policy version, what people did, and
how it ended. `recompute` says whether the recorded decisions are those that the policy gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import Fault, Message, Refusal
from gateway.policies import Decision, Effect, Facts, Policy, Stage, decide, recompute
from gateway.policies.explain import Found, Question, smallest
from gateway.policies.replay import recorded
from gateway.policies.rules import Rule
from gateway.policies.words import name_shown

_WORD = re.compile(r"[A-Za-z_]\w*")
Placed = tuple[int, Mapping[str, Any]]
"""A record and its position in the ledger; -1 where that is not known."""

STANDINGS = ("matches", "relaxed", "shadow")


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that matched. `standing`: matches (enforced), relaxed by `derogation`, or shadow; `names`: facts it asks about."""

    rule: Rule
    standing: str
    derogation: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Staged:
    """One stage: every fact that it saw (`own`: those that it adds to the common ones), and what was decided."""

    stage: Stage
    facts: Facts
    own: Facts
    effect: Effect
    transforms: Mapping[str, str]
    applied: tuple[Applied, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a held action. `what`: approved, edited, denied, expired, cancelled or released.

    `person`: who, where a person did it; `said`: their reason or comment, as recorded; `because`: why it was cancelled.
    """

    hold: str
    tool: str
    what: str
    at: str
    person: str = ""
    said: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A call or an action, and the smallest changes after which it would have ended otherwise. `tool`: of an action."""

    tool: str
    found: Found


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision explained. `difference`: between what is recorded and what is recomputed, or nothing.

    `outcome` and `code`: of the last record that has them, as in `audit.records`; `waiting`: holds nobody has decided on.
    """

    decision: str
    system: str
    time: str
    policy: str
    rules: int
    outcome: str
    code: str
    facts: Facts
    stages: tuple[Staged, ...]
    steps: tuple[Step, ...] = ()
    waiting: int = 0
    what_if: tuple[WhatIf, ...] = ()
    deployment: str = ""
    residency: str = ""
    label: str = ""
    difference: str = ""
    positions: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model that was asked for, or nothing."""
        return str(self.facts.get("call.model", ""))


def explain(
    records: Sequence[Placed],
    policies: Mapping[str, Policy],
    classifications: Sequence[str] = (),
) -> Explanation:
    """The explanation of a decision, from its records, oldest first. Raises a `Refusal` or a `Fault`."""
    deciding = [record for _, record in records if record.get("stages")]
    if not deciding:
        raise _nothing_decided()
    version = str(deciding[0]["policy"])
    policy = policies.get(version)
    if policy is None:
        raise _policy_missing(version)
    difference = next((said for one in deciding if (said := recompute(one, policies))), None)
    stages = tuple(one for record in deciding for one in _stages(record, policy))
    steps, holds = tuple(_steps(records)), [record for _, record in records if record["kind"] == "action.held"]
    last = [record for _, record in records if "outcome" in record][-1]
    closed: Mapping[str, Any] = next((one for _, one in records if one["kind"] == "call.closed"), {})
    return Explanation(
        decision=str(deciding[0]["decision"]),
        system=str(deciding[0]["system"]),
        time=str(deciding[0]["time"]),
        policy=version,
        rules=len(policy.rules),
        outcome=str(last["outcome"]),
        code=str(last.get("code", "")),
        facts=recorded(deciding[0])[0].facts,
        stages=stages,
        steps=steps,
        waiting=len({one["hold"] for one in holds} - {one.hold for one in steps}),
        what_if=tuple(_what_if(policy, stages, steps, holds, classifications, str(last["outcome"]))),
        deployment=str(closed.get("deployment", "")),
        residency=str(closed.get("residency", "")),
        label=str(closed.get("label", "")),
        difference=difference or "",
        positions=tuple(position for position, _ in records if position >= 0),
        kinds=tuple(str(record["kind"]) for _, record in records),
    )


def explain_facts(policy: Policy, stage: Stage, facts: Facts, classifications: Sequence[str] = ()) -> Explanation:
    """The explanation of what a policy says of some facts at one stage: no record, nothing that happened."""
    decision = decide(policy, stage, facts)
    one = _told(stage, facts, facts, decision.as_json(), policy)
    tool = name_shown(str(facts.get("action.tool", ""))) if stage is Stage.ACTION else ""
    found = smallest(Question(policy, ((stage, facts),), tuple(classifications)))
    return Explanation(
        decision="",
        system=str(facts.get("system.id", "")),
        time="",
        policy=policy.version,
        rules=len(policy.rules),
        outcome=_rehearsed(decision),
        code="",
        facts=facts,
        stages=(one,),
        what_if=(WhatIf(tool, found),),
    )


def _rehearsed(decision: Decision) -> str:
    return {
        Effect.DENY: "would_refuse",
        Effect.EXCLUDE: "would_refuse",
        Effect.HOLD: "would_hold",
    }.get(decision.effect, "would_allow")


# ── stages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _stages(record: Mapping[str, Any], policy: Policy) -> Iterator[Staged]:
    for entry, one in zip(record["stages"], recorded(record), strict=True):
        own = {name: one.facts[name] for name in entry["facts"]}
        yield _told(one.stage, one.facts, own, one.decision, policy)


def _told(stage: Stage, facts: Facts, own: Facts, decision: Mapping[str, Any], policy: Policy) -> Staged:
    applied = []
    for standing in STANDINGS:
        for match in decision[standing]:
            rule = policy.rule(match["rule"])
            words = set(_WORD.findall(rule.when))
            names = tuple(sorted(name for name in facts if words.issuperset(name.split("."))))
            applied.append(Applied(rule, standing, match["derogation"], names))
    return Staged(stage, facts, own, Effect(decision["effect"]), dict(decision["transforms"]), tuple(applied))


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _steps(records: Sequence[Placed]) -> Iterator[Step]:
    """What happened to the actions that were held."""
    tools = {
        record["hold"]: name_shown(str(record["tool"])) for _, record in records if record["kind"] == "action.held"
    }
    for _, record in records:
        kind, hold = str(record["kind"]), str(record.get("hold", ""))
        if kind == "action.decided":
            what = "edited" if record.get("edited") else str(record["verdict"])
            yield Step(hold, tools.get(hold, ""), what, record["time"], str(record["by"]), str(record.get("said", "")))
        elif kind in ("action.expired", "action.cancelled", "action.released"):
            what, because = kind.removeprefix("action."), str(record.get("because", ""))
            yield Step(hold, tools.get(hold, ""), what, record["time"], because=because)


# ── what would have changed it ────────────────────────────────────────────────────────────────────────────────────


def _what_if(
    policy: Policy,
    stages: Sequence[Staged],
    steps: Sequence[Step],
    holds: Sequence[Mapping[str, Any]],
    classifications: Sequence[str],
    outcome: str,
) -> Iterator[WhatIf]:
    """The call as one question, and each action as another: each ends by itself."""
    call = tuple((one.stage, one.facts) for one in stages if one.stage is not Stage.ACTION)
    if call:
        found = smallest(Question(policy, call, tuple(classifications)))
        if found.ending.strictness or outcome not in ("refused", "failed"):
            yield WhatIf(
                "", found
            )  # else it ended for another reason than policy: nothing here would have changed that
    approved = {one.hold for one in steps if one.what in ("approved", "edited", "released")}
    waiting = list(holds)
    for one in stages:
        if one.stage is not Stage.ACTION:
            continue
        tool = str(one.facts.get("action.tool", ""))
        held = next((each for each in waiting if each["tool"] == tool), None) if one.effect is Effect.HOLD else None
        if held is not None:
            waiting.remove(held)
        agreed = held is not None and held["hold"] in approved
        question = Question(policy, ((one.stage, one.facts),), tuple(classifications), approved=agreed)
        yield WhatIf(name_shown(tool), smallest(question))


def _nothing_decided() -> Refusal:
    return Refusal(
        Message(
            "Cette décision n'a rien qui s'explique\u00a0: aucune étape n'y a été décidée.",
            "There is nothing to explain in this decision: no stage was decided.",
        ),
        Message("Lire ses enregistrements\u00a0: GET /v1/decisions/{id}.", "Read its records: GET /v1/decisions/{id}."),
        code="nothing_to_explain",
        status=404,
    )


def _policy_missing(version: str) -> Fault:
    return Fault(
        Message(
            f"La version {version[:12]} de la politique n'est pas là\u00a0: rien ne peut être expliqué sans elle.",
            f"Policy version {version[:12]} is not there: nothing can be explained without it.",
        ),
        Message("Vérifier le registre\u00a0: vigie audit verify.", "Verify the ledger: vigie audit verify."),
        code="policy_missing",
        status=500,
    )
