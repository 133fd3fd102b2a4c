"""The register of communications outside Québec (A-2.1, s. 70.1): what left, for where, under which assessment. Pure.

A line for each system and destination, as the catalogue's entry was at the time of the calls. "Outside" is of two kinds, and
the law's words cover both: information communicated outside Québec (the place of processing), and a person or body outside
Québec entrusted with it (the operator). A place that the entry does not guarantee counts as outside, and so does one that
an answer contradicted. Calls are counted in which personal information was found, in clear or under another name: what is
pseudonymized is de-identified in the law's sense, not anonymized, and remains personal information.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gateway.audit.reports.reading import Call, Numbered, Reach, Record, routing_of, sent_to
from gateway.audit.reports.shape import Cell, Column, Report, Scope
from gateway.errors import Message

QUEBEC = "CA-QC"
UNKNOWN_DAYS = 36_500
"""What an unknown retention counts as, among the facts."""
UNKNOWN = Message("inconnue", "unknown")

COLUMNS = (
    Column("system", "système", "system"),
    Column("purposes", "finalités", "purposes"),
    Column("deployment", "déploiement", "deployment"),
    Column("operator", "exploitant", "operator"),
    Column("operator_home", "siège de l'exploitant", "operator's home"),
    Column("country", "pays de traitement", "country of processing"),
    Column("subdivision", "subdivision", "subdivision"),
    Column("region", "région du fournisseur", "provider's region"),
    Column("why_outside", "hors Québec par", "outside Québec by"),
    Column("types_in_clear", "types partis en clair (appels)", "types that left in clear (calls)"),
    Column("types_protected", "types masqués ou sous pseudonyme (appels)", "types masked or pseudonymized (calls)"),
    Column("assessment", "évaluation (art. 70.1)", "assessment (s. 70.1)"),
    Column("assessment_in_force", "évaluation en vigueur alors", "assessment in force then"),
    Column("types_not_assessed", "types que l'évaluation ne nomme pas (appels)", "types it does not name (calls)"),
    Column("contract", "contrat", "contract"),
    Column("contract_in_force", "contrat en vigueur alors", "contract in force then"),
    Column("retention_days", "conservation chez le fournisseur (jours)", "kept by the provider (days)"),
    Column("derogations", "dérogations (appels)", "derogations (calls)"),
    Column("calls", "appels", "calls"),
    Column("answered", "dont répondus", "answered"),
    Column("unanswered", "dont sans réponse", "unanswered"),
    Column("uncertain", "dont incertains", "uncertain"),
    Column("residency", "lieu selon la réponse (appels)", "place as answered (calls)"),
    Column("first", "première", "first"),
    Column("last", "dernière", "last"),
)
NOTES = (
    Message(
        "Une ligne compte les appels où des renseignements personnels ont été détectés; la détection a des limites. Les "
        "appels «\u00a0incertains\u00a0» ont été coupés avant que le registre dise qui les a reçus. La conclusion que la "
        "protection est adéquate (art. 70.1) n'est pas celle de Vigie.",
        "A line counts the calls in which personal information was found; detection has limits. 'Uncertain' calls were "
        "cut before the ledger could tell who received them. Whether protection is adequate (s. 70.1) is not for Vigie "
        "to conclude.",
    ),
)


def why_outside(facts: Record, residency: str = "") -> list[str]:
    """Why sending to this deployment is a communication outside Québec: `place`, `operator`, `answer`; empty if it is not."""
    unsure = facts["deployment.routing"] != "regional" or facts["deployment.guarantee"] in ("none", "unknown")
    reasons = {
        "place": facts["deployment.subdivision"] != QUEBEC or unsure,
        "operator": facts["deployment.operator_home"] != QUEBEC,
        "answer": residency == "contradicted",
    }
    return [name for name, true in reasons.items() if true]


@dataclass(slots=True)
class Line:
    """One system and one destination."""

    facts: Record
    system: str
    why: list[str]
    first: str
    last: str = ""
    purposes: set[str] = field(default_factory=set)
    clear: Counter[str] = field(default_factory=Counter)
    protected: Counter[str] = field(default_factory=Counter)
    unassessed: Counter[str] = field(default_factory=Counter)
    derogations: Counter[str] = field(default_factory=Counter)
    how: Counter[str] = field(default_factory=Counter)
    residency: Counter[str] = field(default_factory=Counter)


class Communications:
    """Gathers the register. Memory grows with systems and destinations."""

    kinds: ClassVar[tuple[str, ...]] = ("call.opened", "call.closed")
    reach: ClassVar[Reach] = "period"

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._lines: dict[tuple[Any, ...], Line] = {}
        self._without = 0

    def call(self, call: Call) -> None:
        """A call more."""
        sent = sent_to(call)
        if not sent:
            return
        residency = str(call.closed["residency"]) if call.closed is not None else ""
        for facts, decision in routing_of(call):
            how = sent.get(facts["deployment.id"])
            if how is None:
                continue
            why = why_outside(facts, residency if how == "answered" else "")
            if why and facts["privacy.entities"]:
                self._add(call, facts, decision, how, why, residency if how == "answered" else "")
            elif why:
                self._without += 1

    def other(self, numbered: Numbered) -> None:
        """Nothing else counts here."""

    def report(self) -> Report:
        """The register as it stands."""
        lines = sorted(self._lines.values(), key=lambda line: (line.system, line.facts["deployment.id"], line.first))
        rows = [_row(line) for line in lines]
        totals: Sequence[tuple[Column, Cell]] = (
            (Column("calls", "communications", "communications"), sum(line.how.total() for line in lines)),
            (
                Column("calls_without_findings", "hors Québec, rien détecté", "outside Québec, nothing found"),
                self._without,
            ),
        )
        title = Message("Communications à l'extérieur du Québec", "Communications outside Québec")
        return Report("communications", title, self._scope, COLUMNS, rows, totals, NOTES, blanks=True)

    def _add(self, call: Call, facts: Record, decision: Record, how: str, why: list[str], residency: str) -> None:
        key = (call.system, *why, *(_hashable(facts[name]) for name in DESTINATION))
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(facts, call.system, why, call.time)
        line.first, line.last = min(line.first, call.time), max(line.last, call.time)
        line.purposes.add(call.facts["call.purpose"])
        remaining = set(facts["privacy.remaining"])
        line.clear.update(remaining)
        line.protected.update(set(facts["privacy.entities"]) - remaining)
        line.unassessed.update(facts["deployment.unassessed"])
        line.derogations.update({match["derogation"] for match in decision["relaxed"]})
        line.how[how] += 1
        if residency:
            line.residency[residency] += 1


DESTINATION = (
    "deployment.id", "deployment.operator", "deployment.operator_home", "deployment.country", "deployment.subdivision",
    "deployment.region", "deployment.assessment_ref", "deployment.assessment_valid", "deployment.contract_ref",
    "deployment.contract_valid", "deployment.retention_days",
)  # fmt: skip


def _row(line: Line) -> Mapping[str, Cell]:
    facts = line.facts
    days = facts["deployment.retention_days"]
    return {
        "system": line.system,
        "purposes": sorted(line.purposes),
        "deployment": facts["deployment.id"],
        "operator": facts["deployment.operator"],
        "operator_home": facts["deployment.operator_home"],
        "country": facts["deployment.country"],
        "subdivision": facts["deployment.subdivision"],
        "region": facts["deployment.region"],
        "why_outside": line.why,
        "types_in_clear": counts(line.clear),
        "types_protected": counts(line.protected),
        "assessment": facts.get("deployment.assessment_ref", ""),
        "assessment_in_force": facts["deployment.assessment_valid"],
        "types_not_assessed": counts(line.unassessed),
        "contract": facts.get("deployment.contract_ref", ""),
        "contract_in_force": facts["deployment.contract_valid"],
        "retention_days": UNKNOWN if days == UNKNOWN_DAYS else days,
        "derogations": counts(line.derogations),
        "calls": line.how.total(),
        "answered": line.how["answered"],
        "unanswered": line.how["unanswered"],
        "uncertain": line.how["uncertain"],
        "residency": counts(line.residency),
        "first": line.first,
        "last": line.last,
    }


def counts(counted: Counter[str]) -> dict[str, int]:
    """As a cell: sorted by name."""
    return dict(sorted(counted.items()))


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
