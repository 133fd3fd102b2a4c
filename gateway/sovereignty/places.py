"""Tiers and facts of a deployment. Pure. The tier is derived from the two axes and never stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from gateway.config import Configuration, Deployment, Register
from gateway.policies import Facts
from gateway.sovereignty.traps import traps

QUEBEC = "CA-QC"
REMEMBERED = 4096
FOREVER_DAYS = 36_500
"""What an unknown retention counts as: a rule that bounds it must not let the unknown through."""
TIERS: dict[int, tuple[str, str]] = {
    1: ("Sous le contrôle de l'État", "State-controlled"),
    2: ("Québécois, hébergé au Québec", "Québec operator, hosted in Québec"),
    3: ("Canadien, hébergé au Québec", "Canadian operator, hosted in Québec"),
    4: ("Canadien, hébergé ailleurs au Canada", "Canadian operator, hosted elsewhere in Canada"),
    5: ("Étranger, traitement garanti au Québec", "Foreign operator, processing guaranteed in Québec"),
    6: ("Étranger, traitement garanti au Canada", "Foreign operator, processing guaranteed in Canada"),
    7: ("Hors Canada ou indéterminé", "Outside Canada, or undetermined"),
}


def tier(deployment: Deployment) -> int:
    """1 (state-controlled) to 7 (outside Canada or undetermined)."""
    operator, place = deployment.operator, deployment.processing
    guaranteed = place.routing == "regional" and place.guarantee in ("direct-control", "contractual", "documented")
    if place.country != "CA" or not guaranteed:
        return 7
    in_quebec = place.subdivision == QUEBEC
    if operator.home == QUEBEC and in_quebec:
        return 1 if operator.public_body else 2
    if operator.home == "CA" or operator.home.startswith("CA-"):
        return 3 if in_quebec else 4
    return 5 if in_quebec else 6


@dataclass(slots=True)
class Places:
    """The facts of catalogue entries, remembered: they follow from the configuration, the day and a suspension alone."""

    _known: dict[tuple[str, str, date, bool], Facts] = field(default_factory=dict)

    def facts(self, deployment: Deployment, configuration: Configuration, today: date, *, suspended: bool) -> Facts:
        """As `deployment_facts`."""
        key = configuration.version, deployment.id, today, suspended
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= REMEMBERED:  # days and configurations gone by
                self._known.clear()
            known = deployment_facts(deployment, configuration.register, today, suspended=suspended)
            self._known[key] = known
        return known


def deployment_facts(deployment: Deployment, register: Register, today: date, *, suspended: bool) -> Facts:
    """Every `deployment.*` fact that the entry alone decides."""
    operator, place = deployment.operator, deployment.processing
    contract, assessment, verified = deployment.contract, deployment.assessment, deployment.verified
    return {
        "deployment.id": deployment.id,
        "deployment.protocol": deployment.provider.protocol,
        "deployment.operator": operator.name,
        "deployment.operator_home": operator.home,
        "deployment.public_body": operator.public_body,
        "deployment.foreign_reach": tuple(sorted(operator.foreign_reach)),
        "deployment.country": place.country,
        "deployment.subdivision": place.subdivision or "unknown",
        "deployment.region": place.region or "",
        "deployment.routing": place.routing,
        "deployment.guarantee": place.guarantee,
        "deployment.weights": deployment.weights,
        "deployment.training": deployment.training,
        "deployment.retention_days": FOREVER_DAYS if deployment.retention_days is None else deployment.retention_days,
        "deployment.contract_on_file": contract is not None,
        "deployment.contract_ref": contract.ref if contract is not None else "",
        "deployment.contract_valid": contract is not None and today <= contract.expires,
        "deployment.assessment_on_file": assessment is not None,
        "deployment.assessment_ref": assessment.ref if assessment is not None else "",
        "deployment.assessment_valid": assessment is not None and today <= assessment.expires,
        "deployment.assessment_entities": tuple(sorted(assessment.personal_data)) if assessment is not None else (),
        "deployment.max_classification_rank": register.classifications.index(deployment.max_classification),
        "deployment.verified": deployment.enabled and verified is not None and today <= verified.expires,
        "deployment.tier": tier(deployment),
        "deployment.traps": traps(deployment),
        "deployment.suspended": suspended,
    }
