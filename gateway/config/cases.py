"""`vigie policy test`: the cases beside the policies, run like unit tests. Each starts from facts that no rule minds."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.config.explaining import shape
from gateway.config.loading import Configuration
from gateway.config.policy_files import Case, CaseFile
from gateway.config.problems import ConfigurationError, Problem
from gateway.config.reading import Document, Loc, read
from gateway.errors import Message
from gateway.policies import Decision, FactValue, Stage, decide
from gateway.policies.facts import BY_NAME, seen_by

HARMLESS: dict[str, FactValue] = {
    "system.id": "exemple",
    "system.decision_role": "none",
    "call.protocol": "chat",
    "call.model": "assistant",
    "call.date": "2026-11-24",
    "call.hour": 12,
    "call.purpose_registered": True,
    "assessment.on_file": True,
    "assessment.valid": True,
    "model.registered": True,
    "action.registered": True,
    "action.risk": "low",
    "action.reversible": True,
    "session.present": True,
    "deployment.public_body": True,
    "deployment.operator_home": "CA-QC",
    "deployment.country": "CA",
    "deployment.subdivision": "CA-QC",
    "deployment.routing": "regional",
    "deployment.guarantee": "direct-control",
    "deployment.weights": "open",
    "deployment.training": "never",
    "deployment.contract_on_file": True,
    "deployment.contract_valid": True,
    "deployment.assessment_on_file": True,
    "deployment.assessment_valid": True,
    "deployment.max_classification_rank": 9,
    "deployment.verified": True,
    "deployment.tier": 1,
}
"""What a case need not say: a registered system, an assessed purpose, a tool without risk, a session that has just begun,
a state-controlled deployment in Québec.
"""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case and what came of it; `differences` is empty when it passed."""

    file: str
    name: str
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything expected was so."""
        return not self.differences

    def render(self) -> str:
        """For a terminal."""
        return "\n".join([f"{self.file}: {self.name}", *(f"    {one}" for one in self.differences)])

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {"file": self.file, "name": self.name, "passed": self.passed, "differences": list(self.differences)}


def run_cases(configuration: Configuration, directory: Path) -> list[CaseResult]:
    """Run every `policies/*.cases.yaml`. Raises `ConfigurationError` for a case file that cannot be read."""
    problems: list[Problem] = []
    cases = list(_read_cases(configuration, directory, problems))
    if problems:
        raise ConfigurationError(tuple(problems))
    return [CaseResult(name, case.name, _differences(case, configuration)) for name, case in cases]


def check_cases(configuration: Configuration, directory: Path) -> tuple[Problem, ...]:
    """What is wrong with the case files themselves: they are not read by a gateway, so nothing of it stops one."""
    problems: list[Problem] = []
    for _ in _read_cases(configuration, directory, problems):
        pass
    return tuple(problems)


def _read_cases(configuration: Configuration, directory: Path, problems: list[Problem]) -> Iterator[tuple[str, Case]]:
    for path in sorted((directory / "policies").glob("*.cases.yaml")):
        if path.name.startswith((".", "#")):
            continue
        name = f"policies/{path.name}"
        document, _ = read(path, name, problems)
        cases = shape(document, CaseFile, problems) if document is not None else None
        if document is None or cases is None:
            continue
        for index, case in enumerate(cases.cases):
            found = list(_check_case(case, ("cases", index), document, configuration))
            problems += found
            if not found:
                yield name, case


def _check_case(case: Case, loc: Loc, document: Document, configuration: Configuration) -> Iterator[Problem]:
    """Facts that the stage does not see or that have another type, and rules that do not exist."""
    seen = {fact.name: fact for fact in seen_by(Stage(case.stage))}
    for name, value in case.facts.items():
        where: Loc = (*loc, "facts", name)
        if name not in seen:
            near = difflib.get_close_matches(name, list(seen), n=1)
            stages = ", ".join(BY_NAME[name].stages) if name in BY_NAME else ""
            hint = (
                Message(f"Ce fait est vu aux étapes\u00a0: {stages}.", f"This fact is seen at the stages: {stages}.")
                if stages
                else Message(f"Vouliez-vous dire «\u00a0{near[0]}\u00a0»?", f"Did you mean '{near[0]}'?")
                if near
                else Message("Voir docs/reference/facts.md.", "See docs/reference/facts.md.")
            )
            said = Message(f"Fait inconnu à cette étape\u00a0: {name}.", f"Unknown fact at this stage: {name}.")
            yield document.problem(where, said, hint, key=True)
        elif not has_type(value, seen[name].type):
            said = Message(f"{name}\u00a0: ce n'est pas son type.", f"{name}: this is not its type.")
            wanted = f"{seen[name].type}"
            yield document.problem(where, said, Message(f"Il faut\u00a0: {wanted}.", f"Must be: {wanted}."))
    rules = [rule.id for rule in configuration.policy.rules]
    for key in ("rules", "matches"):
        for index, rule in enumerate(getattr(case.expect, key) or ()):
            if rule not in rules:
                near = difflib.get_close_matches(rule, rules, n=1) or ["vigie check"]
                said = Message(f"Règle inconnue\u00a0: {rule}.", f"Unknown rule: {rule}.")
                hint = Message(f"Vouliez-vous dire «\u00a0{near[0]}\u00a0»?", f"Did you mean '{near[0]}'?")
                yield document.problem((*loc, "expect", key, index), said, hint)


def has_type(value: Any, kind: str) -> bool:
    """Whether a value, as YAML has it, is of a fact's type."""
    if kind == "list":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return type(value) is {"string": str, "bool": bool, "int": int, "map": dict}[kind]


def facts_of(stage: Stage, given: Mapping[str, Any]) -> dict[str, FactValue]:
    """Harmless facts of a stage, with those of a case on top."""
    facts = {fact.name: HARMLESS.get(fact.name, fact.empty) for fact in seen_by(stage)}
    facts.update({name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})
    return facts


def _differences(case: Case, configuration: Configuration) -> tuple[str, ...]:
    stage = Stage(case.stage)
    decision: Decision = decide(configuration.policy, stage, facts_of(stage, case.facts))
    matched = {match.rule for match in decision.matches}
    expect, differences = case.expect, []
    if expect.effect is not None and decision.effect.value != expect.effect:
        differences.append(f"effect: {expect.effect} attendu (expected), {decision.effect.value} obtenu (got)")
    if expect.rules is not None and matched != set(expect.rules):
        differences.append(f"rules: {sorted(expect.rules)} attendu (expected), {sorted(matched)} obtenu (got)")
    if missing := set(expect.matches) - matched:
        differences.append(f"matches: {sorted(missing)} manque (missing); {sorted(matched)} obtenu (got)")
    transforms = {name: effect.value for name, effect in decision.transforms.items()}
    if expect.transforms is not None and transforms != expect.transforms:
        differences.append(f"transforms: {expect.transforms} attendu (expected), {transforms} obtenu (got)")
    return tuple(differences)
