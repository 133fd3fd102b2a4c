"""An explanation as it is told to one reader, as data: `Telling`, and its JSON. Pure.

Who reads decides what is told:

* the person concerned: sentences, rules and their reasons, the facts that decided in plain words; no person's name, no
  supplier, no tool's arguments, nothing that is on trial;
* a supervisor: the same with names: people, deployments, facts, arguments as the record has them (findings masked);
* an auditor: everything, every fact of every stage, rules on trial, positions in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from gateway.config import Register
from gateway.errors import Message
from gateway.explanations import sentences
from gateway.explanations.explained import STANDINGS, Applied, Explanation, Staged, Step, WhatIf
from gateway.policies import Facts, FactValue, Stage
from gateway.policies.changes import Change
from gateway.policies.words import EFFECTS, PRINCIPLES, STAGES, label_of, value_of

NOT_THE_PERSONS = (
    "action.arguments",
    "deployment.id",
    "deployment.operator",
    "deployment.region",
    "call.unknown_fields",
)


class Reader(StrEnum):
    """Who the explanation is for."""

    PERSON = "person"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Named:
    """What the register says of the system and the body, in the reader's language; empty where it is not known."""

    system: str = ""
    body: str = ""
    contact: str = ""

    @classmethod
    def of(cls, register: Register, system: str, language: str) -> Self:
        """From the register as it is now."""
        body, known = register.body, register.system(system)
        names = [one.en if language == "en" else one.fr for one in (body.name, *((known.name,) if known else ()))]
        return cls(names[1] if known else "", names[0], body.contact)


@dataclass(frozen=True, slots=True)
class Telling:
    """An explanation for one reader, in "fr" or "en"."""

    explanation: Explanation
    reader: Reader = Reader.PERSON
    language: str = "fr"
    named: Named = Named()

    @property
    def openly(self) -> bool:
        """Whether names are told."""
        return self.reader is not Reader.PERSON

    def words(self, message: Message) -> str:
        """In the reader's language."""
        return message.in_language(self.language)

    @property
    def deployments(self) -> dict[str, str]:
        """The words for each candidate: its name, or a number."""
        found = [str(one.facts["deployment.id"]) for one in self.explanation.stages if one.stage is Stage.ROUTING]
        names = list(dict.fromkeys([*found, self.explanation.deployment]))
        if self.openly:
            return {name: self.words(Message(f"«\u00a0{name}\u00a0»", f"'{name}'")) for name in names if name}
        number = self.words(Message("n°\u00a0", "no. "))
        return {name: f"{number}{at}" for at, name in enumerate(names, 1) if name}

    @property
    def outcome(self) -> str:
        """How it ended."""
        return sentences.outcome(self.explanation, self.language)

    def stage(self, one: Staged) -> str:
        """What a stage decided."""
        deployment = self.deployments.get(str(one.facts.get("deployment.id", "")), "")
        return sentences.stage(one, deployment, self.language)

    def rules(self, one: Staged) -> list[Applied]:
        """The rules that the reader is told of, the strictest first. Those on trial decided nothing: they are an auditor's."""
        told_of = [rule for rule in one.applied if rule.standing != "shadow" or self.reader is Reader.AUDITOR]
        return sorted(told_of, key=lambda each: (STANDINGS.index(each.standing), -each.rule.effect.rank))

    def facts(self, one: Staged) -> dict[str, FactValue]:
        """The facts that decided: those that the rules told of ask about. Of an auditor, all that the stage adds as well."""
        names = {name for rule in self.rules(one) for name in rule.names}
        if self.reader is Reader.AUDITOR:
            names |= set(one.own)
        return {name: one.facts[name] for name in sorted(names) if self.openly or name not in NOT_THE_PERSONS}

    def standing(self, rule: Applied) -> str:
        """Whether a rule was enforced."""
        return self.words(sentences.STANDING[rule.standing]).format(rule.derogation)

    def step(self, one: Step) -> str:
        """What happened to a held action, and who did it."""
        who = one.person if self.openly and one.person else self.words(sentences.SOMEONE)
        return sentences.step(one, who, self.language)

    def changes(self, asked: WhatIf) -> list[tuple[list[str], str]]:
        """(clauses, consequence) of each smallest set of changes."""
        return [
            (
                [change.clause(self.language, self.deployments.get(change.deployment, "")) for change in one.changes],
                sentences.consequence(one, asked, self.deployments, self.language),
            )
            for one in asked.found.counterfactuals
        ]


def told(telling: Telling) -> dict[str, Any]:
    """The JSON of an explanation."""
    one, words = telling.explanation, telling.words
    body: dict[str, Any] = {
        "object": "vigie.explanation",
        "decision": one.decision,
        "reader": telling.reader.value,
        "language": telling.language,
        "time": one.time,
        "system": {"id": one.system, "name": telling.named.system},
        "outcome": {"code": one.outcome, "reason": one.code, "text": telling.outcome},
        "policy": {"version": one.policy, "rules": one.rules},
        "recomputed": {"agrees": not one.difference, "difference": one.difference if telling.openly else ""},
        "stages": [_stage(telling, staged) for staged in one.stages],
        "served": sentences.served_by(one, telling.deployments.get(one.deployment, ""), telling.language),
        "people": {
            "intervened": any(step.person for step in one.steps),
            "steps": [_step(telling, step) for step in one.steps],
        },
        "what_would_have_changed_it": [_what_if(telling, asked) for asked in one.what_if],
        "limits": words(sentences.LIMITS),
    }
    if telling.reader is Reader.AUDITOR:
        body["facts"] = _plain(one.facts)
        body["records"] = [{"kind": kind} for kind in one.kinds]
        for record, position in zip(body["records"], one.positions, strict=False):
            record["position"] = position
    return body


def _stage(telling: Telling, one: Staged) -> dict[str, Any]:
    words = telling.words
    said: dict[str, Any] = {
        "stage": one.stage.value,
        "title": words(STAGES[one.stage]),
        "effect": one.effect.value,
        "text": telling.stage(one),
        "rules": [_rule(telling, rule, one) for rule in telling.rules(one)],
        "facts": [_fact(telling, name, value) for name, value in telling.facts(one).items()],
    }
    if one.transforms:
        said["transforms"] = dict(one.transforms)
    if one.stage is Stage.ROUTING:
        said["deployment"] = telling.deployments[str(one.facts["deployment.id"])].strip("«»'\u00a0")
    return said


def _rule(telling: Telling, applied: Applied, staged: Staged) -> dict[str, Any]:
    rule, words = applied.rule, telling.words
    said: dict[str, Any] = {
        "id": rule.id,
        "principle": {"number": rule.principle, "name": words(PRINCIPLES[rule.principle])},
        "effect": rule.effect.value,
        "effect_text": words(EFFECTS[rule.effect]),
        "code": rule.code,
        "reason": words(rule.reason),
        "decided": applied.standing == "matches" and rule.effect is staged.effect,
        "standing": applied.standing,
        "derogation": applied.derogation,
    }
    if telling.reader is Reader.AUDITOR:
        said["when"] = rule.when
    return said


def _fact(telling: Telling, name: str, value: FactValue) -> dict[str, Any]:
    said = {"label": label_of(name, telling.language), "text": value_of(name, value, telling.language)}
    return {"name": name, "value": _json(value), **said} if telling.openly else said


def _step(telling: Telling, one: Step) -> dict[str, Any]:
    said: dict[str, Any] = {"what": one.what, "at": one.at, "text": telling.step(one)}
    return {**said, "hold": one.hold, "person": one.person, "said": one.said} if telling.openly else said


def _what_if(telling: Telling, asked: WhatIf) -> dict[str, Any]:
    found = asked.found
    return {
        "of": asked.tool or "call",
        "ending": {"strictness": ("allowed", "held", "refused")[found.ending.strictness], "stage": found.ending.stage},
        "smallest": [
            {
                "changes": [
                    {"id": _id(telling, change), "text": text}
                    for change, text in zip(one.changes, clauses, strict=True)
                ],
                "then": consequence,
            }
            for one, (clauses, consequence) in zip(found.counterfactuals, telling.changes(asked), strict=True)
        ],
        "complete": found.complete,
        "tried": found.tried,
    }


def _id(telling: Telling, change: Change) -> str:
    """A change's name in the menu, without the deployment's for those who are not told it."""
    return change.id if telling.openly or not change.deployment else change.id.partition(":")[0]


def _plain(facts: Facts) -> dict[str, Any]:
    return {name: _json(value) for name, value in sorted(facts.items())}


def _json(value: FactValue) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
