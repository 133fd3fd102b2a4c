"""`vigie policy test`: the cases beside the policies, run like unit tests. Each starts from facts that no rule minds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.config.loading import Configuration
from gateway.config.models import Case, CaseFile
from gateway.config.problems import ConfigurationError, Problem
from gateway.config.reading import read, shape
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
"""What a case need not say: a registered system, an assessed purpose, a state-controlled deployment in Québec."""


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
    results: list[CaseResult] = []
    problems: list[Problem] = []
    for path in sorted((directory / "policies").glob("*.cases.yaml")):
        name = f"policies/{path.name}"
        document, _ = read(path, name, problems)
        cases = shape(document, CaseFile, problems) if document is not None else None
        if document is None or cases is None:
            continue
        for index, case in enumerate(cases.cases):
            unknown = [fact for fact in case.facts if fact not in BY_NAME]
            for fact in unknown:
                said = Message(f"Fait inconnu\u00a0: {fact}.", f"Unknown fact: {fact}.")
                problems.append(document.problem(("cases", index, "facts", fact), said, key=True))
            if not unknown:
                results.append(CaseResult(name, case.name, _differences(case, configuration)))
    if problems:
        raise ConfigurationError(tuple(problems))
    return results


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
