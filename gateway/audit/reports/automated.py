"""Decisions based exclusively on automated processing (A-2.1, s. 65.2): the systems that make them, by purpose. Pure.

What is counted is what the register of systems says of each system at the time of the call (`decision_role: exclusive`).
Whether the person was told, and could be heard, happens outside of Vigie; the labels that answers bore are here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from gateway.audit.reports.communications import counts
from gateway.audit.reports.reading import Call, Numbered, Reach
from gateway.audit.reports.shape import Cell, Column, Report, Scope
from gateway.errors import Message

COLUMNS = (
    Column("system", "système", "system"),
    Column("purpose", "finalité", "purpose"),
    Column("calls", "appels", "calls"),
    Column("served", "servis", "served"),
    Column("refused", "refusés", "refused"),
    Column("otherwise", "autrement finis", "ended otherwise"),
    Column("with_personal_information", "avec renseignements personnels", "with personal information"),
    Column("types", "types détectés (appels)", "types found (calls)"),
    Column("labels", "étiquettes (réponses)", "labels (answers)"),
    Column("unlabelled", "réponses sans étiquette", "answers without a label"),
    Column("actions_decided_by_people", "actions décidées par une personne", "actions decided by a person"),
    Column("models", "modèles (appels)", "models (calls)"),
    Column("first", "premier", "first"),
    Column("last", "dernier", "last"),
)
NOTES = (
    Message(
        "L'article 65.2 demande d'informer la personne au plus tard quand la décision lui est communiquée et, à sa "
        "demande, de lui dire les renseignements utilisés, les raisons, les principaux facteurs et paramètres, et de lui "
        "permettre de présenter ses observations. Vigie compte les appels; elle ne sait pas si cela a été fait.",
        "Section 65.2 asks that the person be informed no later than when told of the decision and, on request, of the "
        "information used, the reasons, and the principal factors and parameters, and be heard. Vigie counts calls; it "
        "does not know whether that was done.",
    ),
)


@dataclass(slots=True)
class Line:
    """One system and one purpose."""

    how: Counter[str] = field(default_factory=Counter)
    personal: int = 0
    types: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    first: str = ""
    last: str = ""


class AutomatedDecisions:
    """Gathers the register. Memory grows with systems and purposes."""

    kinds: ClassVar[tuple[str, ...]] = ("call.opened", "call.closed", "action.decided")
    reach: ClassVar[Reach] = "period"

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._lines: dict[tuple[str, str], Line] = {}
        self._decided: Counter[str] = Counter()

    def call(self, call: Call) -> None:
        """A call more."""
        facts = call.facts
        if facts["system.decision_role"] != "exclusive":
            return
        line = self._lines.setdefault((call.system, facts["call.purpose"]), Line())
        line.how[call.outcome] += 1
        types = {
            kind for stage in call.stages for kind in stage["facts"].get("privacy.entities", ())
        }  # the input stage's, repeated at each route
        line.personal += bool(types)
        line.types.update(types)
        line.models[facts["call.model"]] += 1
        if call.outcome == "served" and call.closed is not None:
            line.labels[call.closed["label"]] += 1
        line.first = min(line.first or call.time, call.time)
        line.last = max(line.last, call.time)

    def other(self, numbered: Numbered) -> None:
        """A person's decision on an action of a system."""
        _, record = numbered
        self._decided[record["system"]] += 1

    def report(self) -> Report:
        """The register as it stands."""
        rows = [self._row(system, purpose, line) for (system, purpose), line in sorted(self._lines.items())]
        totals: list[tuple[Column, Cell]] = [
            (Column("calls", "appels", "calls"), sum(line.how.total() for line in self._lines.values()))
        ]
        title = Message("Décisions exclusivement automatisées (art. 65.2)", "Exclusively automated decisions (s. 65.2)")
        return Report("automated-decisions", title, self._scope, COLUMNS, rows, totals, NOTES)

    def _row(self, system: str, purpose: str, line: Line) -> Mapping[str, Cell]:
        known = line.how["served"] + line.how["refused"]
        return {
            "system": system,
            "purpose": purpose,
            "calls": line.how.total(),
            "served": line.how["served"],
            "refused": line.how["refused"],
            "otherwise": line.how.total() - known,
            "with_personal_information": line.personal,
            "types": counts(line.types),
            "labels": counts(Counter({name: count for name, count in line.labels.items() if name})),
            "unlabelled": line.labels[""],
            "actions_decided_by_people": self._decided[system],
            "models": counts(line.models),
            "first": line.first,
            "last": line.last,
        }
