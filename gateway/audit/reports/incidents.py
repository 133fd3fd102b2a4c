"""The register of confidentiality incidents: the eight items of A-2.1, r. 3.1, s. 7, filled where Vigie can. Pure.

What Vigie can see, each an incident that a person looks at and completes:

* `residency`: an answer said that it was made elsewhere than the entry of its deployment says. One for each suspension.
* `unassessed`: personal information left Québec in clear for a deployment whose assessment (s. 70.1) was not in force, or did
  not name its type. One for each system, deployment and assessment.

What it cannot know (how many persons, how serious the risk, who was told) is left blank for a person, who fills it with a
record of its own, `incident.noted`: the newest for each item is what the register shows, the earlier ones stay in the ledger.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from gateway.audit.reports.communications import why_outside
from gateway.audit.reports.reading import Call, Numbered, Reach, Record, routing_of, sent_to
from gateway.audit.reports.shape import Cell, Column, Report, Scope
from gateway.errors import Message, Refusal

ITEMS: dict[str, Message] = {
    "information": Message("1. renseignements visés", "1. information concerned"),
    "circumstances": Message("2. circonstances", "2. circumstances"),
    "occurred": Message("3. date ou période de l'incident", "3. date or period of the incident"),
    "known": Message("4. date de prise de connaissance", "4. date when it became known"),
    "persons": Message("5. nombre de personnes concernées", "5. number of persons concerned"),
    "risk": Message(
        "6. éléments d'évaluation du risque de préjudice sérieux", "6. what the risk of serious injury rests on"
    ),
    "notices": Message("7. avis transmis (CAI, personnes, public)", "7. notices given (CAI, persons, public)"),
    "measures": Message("8. mesures prises", "8. measures taken"),
}
KINDS: dict[str, Message] = {
    "residency": Message("lieu de traitement contredit", "place of processing contradicted"),
    "unassessed": Message("communication hors Québec non évaluée", "communication outside Québec, not assessed"),
}
COLUMNS = (
    Column("incident", "incident", "incident"),
    Column("kind", "nature", "kind"),
    Column("systems", "systèmes", "systems"),
    Column("deployment", "déploiement", "deployment"),
    Column("calls", "appels", "calls"),
    *(Column(name, said.fr, said.en) for name, said in ITEMS.items()),
    Column("to_complete", "à compléter", "to complete"),
    Column("completed_by", "complété par", "completed by"),
    Column("decisions", "exemples", "examples"),
)
EXAMPLES = 3
NOTES = (
    Message(
        "Vigie propose ces inscriptions; une personne juge si c'est un incident de confidentialité, si le risque de "
        "préjudice est sérieux, et qui aviser. Pour compléter\u00a0: vigie report incidents --annotate INCIDENT --item 5 "
        "--text «\u00a0…\u00a0» --by PERSONNE.",
        "Vigie proposes these entries; a person judges whether this is a confidentiality incident, whether the risk of "
        "injury is serious, and who is to be told. To complete one: vigie report incidents --annotate INCIDENT --item 5 "
        "--text '…' --by PERSON.",
    ),
)


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote under an item."""

    text: str
    by: str
    at: str


@dataclass(slots=True)
class Incident:
    """An incident as it is put together. `noticed`: when the gateway saw it."""

    id: str
    kind: str
    deployment: str
    noticed: str
    systems: set[str] = field(default_factory=set)
    calls: int = 0
    clear: Counter[str] = field(default_factory=Counter)
    protected: Counter[str] = field(default_factory=Counter)
    first: str = ""
    last: str = ""
    decisions: list[str] = field(default_factory=list)
    place: str = ""
    assessment: str = ""
    derogations: set[str] = field(default_factory=set)
    notes: dict[str, Note] = field(default_factory=dict)

    def add(self, call: Call, facts: Record) -> None:
        """A call of this incident."""
        self.calls += 1
        self.systems.add(call.system)
        remaining = set(facts["privacy.remaining"])
        self.clear.update(remaining)
        self.protected.update(set(facts["privacy.entities"]) - remaining)
        self.first = min(self.first or call.time, call.time)
        self.last = max(self.last, call.time)
        if len(self.decisions) < EXAMPLES and call.decision not in self.decisions:
            self.decisions.append(call.decision)


class Incidents:
    """Gathers the register, from the first record: a note may come long after what it is about. Grows with incidents."""

    kinds: ClassVar[tuple[str, ...]] = ("call.opened", "call.closed", "deployment.suspended", "incident.noted")
    reach: ClassVar[Reach] = "whole"

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._incidents: dict[str, Incident] = {}
        self._suspended: dict[str, Incident] = {}
        self._notes: dict[str, dict[str, Note]] = {}

    def call(self, call: Call) -> None:
        """A call more."""
        if call.closed is None or not self._scope.concerns(call.system):
            return
        sent = sent_to(call)
        for facts, decision in routing_of(call):
            name = facts["deployment.id"]
            if sent.get(name) != "answered":
                continue
            if call.closed["residency"] == "contradicted":
                self._suspension(name, call.closed["time"], call.decision).add(call, facts)
            elif _unassessed(facts):
                self._left_unassessed(call, facts, decision)

    def other(self, numbered: Numbered) -> None:
        """A suspension, or a person's note."""
        _, record = numbered
        if record["kind"] == "incident.noted":
            note = Note(record["text"], record["by"], record["time"])
            self._notes.setdefault(record["incident"], {})[record["item"]] = note
        else:
            name = record["deployment"]
            incident = Incident(f"i-{record['id'].removeprefix('s-')}", "residency", name, record["time"])
            incident.decisions.append(record["decision"])
            self._incidents[incident.id] = self._suspended[name] = incident

    def find(self, name: str) -> Incident:
        """The incident of this id. Raises a 404 `Refusal`."""
        if name not in self._incidents:
            raise Refusal(
                Message("Il n'y a pas d'incident de ce nom.", "There is no incident of this name."),
                Message("«\u00a0vigie report incidents\u00a0» les montre.", "'vigie report incidents' shows them."),
                code="unknown_incident",
                status=404,
            )
        return self._incidents[name]

    def report(self) -> Report:
        """The register as it stands: what happened, or was seen, in the period."""
        rows = [
            _row(incident, self._notes.get(incident.id, {}))
            for incident in sorted(self._incidents.values(), key=lambda one: (one.noticed, one.id))
            if (incident.calls or not self._scope.system)
            and (self._scope.covers(incident.noticed) or (incident.last and self._scope.covers(incident.last)))
        ]
        totals: list[tuple[Column, Cell]] = [
            (Column("incidents", "inscriptions", "entries"), len(rows)),
            (Column("incomplete", "dont à compléter", "to complete"), sum(bool(row["to_complete"]) for row in rows)),
        ]
        title = Message("Incidents de confidentialité", "Confidentiality incidents")
        return Report("incidents", title, self._scope, COLUMNS, rows, totals, NOTES, blanks=True)

    def _suspension(self, deployment: str, time: str, decision: str) -> Incident:
        """The incident of the newest suspension of a deployment. What was contradicted and suspended nothing has its own."""
        if deployment not in self._suspended:
            incident = Incident(f"i-{deployment}.{decision}", "residency", deployment, time)
            self._incidents[incident.id] = self._suspended[deployment] = incident
        return self._suspended[deployment]

    def _left_unassessed(self, call: Call, facts: Record, decision: Record) -> None:
        about = (call.system, facts["deployment.id"], facts.get("deployment.assessment_ref", ""))
        name = f"i-{facts['deployment.id']}.{hashlib.sha256(repr(about).encode()).hexdigest()[:16]}"
        incident = self._incidents.get(name)
        if incident is None:
            incident = Incident(name, "unassessed", facts["deployment.id"], call.time)
            incident.place = ", ".join(facts[f"deployment.{part}"] for part in ("operator", "country", "subdivision"))
            incident.assessment = facts.get("deployment.assessment_ref", "")
            self._incidents[name] = incident
        incident.add(call, facts)
        incident.derogations.update(match["derogation"] for match in decision["relaxed"])


def number_of(item: str) -> str:
    """The name of an item, given by name or by its number in the regulation. Raises a 400 `Refusal`."""
    names = list(ITEMS)
    if item.isdecimal() and 1 <= int(item) <= len(names):
        return names[int(item) - 1]
    if item in ITEMS:
        return item
    listed = ", ".join(f"{at} {name}" for at, name in enumerate(names, 1))
    raise Refusal(
        Message("Cet élément n'existe pas.", "There is no such item."),
        Message(f"L'un de\u00a0: {listed}.", f"One of: {listed}."),
        code="unknown_item",
        status=400,
        param="item",
    )


def _unassessed(facts: Record) -> bool:
    if not facts["privacy.remaining"] or not why_outside(facts):
        return False
    return not facts["deployment.assessment_valid"] or bool(facts["deployment.unassessed"])


def _row(incident: Incident, notes: Mapping[str, Note]) -> Mapping[str, Cell]:
    known = {**_seen(incident), **{name: Message(note.text, note.text) for name, note in notes.items()}}
    return {
        "incident": incident.id,
        "kind": KINDS[incident.kind],
        "systems": sorted(incident.systems),
        "deployment": incident.deployment,
        "calls": incident.calls,
        **{name: known.get(name) for name in ITEMS},
        "to_complete": [name for name in ITEMS if name not in known],
        "completed_by": sorted({note.by for note in notes.values()}),
        "decisions": incident.decisions,
    }


def _seen(incident: Incident) -> dict[str, Message]:
    """The items that the gateway fills, in both languages."""
    seen = {
        "information": _information(incident),
        "occurred": _period(incident.first or incident.noticed, incident.last or incident.noticed),
        "known": Message(f"vu par Vigie le {incident.noticed}", f"seen by Vigie on {incident.noticed}"),
    }
    if incident.kind == "residency":
        seen["circumstances"] = Message(
            f"Une réponse du déploiement {incident.deployment} indiquait un autre lieu de traitement que celui de sa fiche.",
            f"An answer of deployment {incident.deployment} told another place of processing than its entry.",
        )
        seen["measures"] = Message(
            "Le déploiement est suspendu aussitôt, et ne sert plus avant une nouvelle vérification de sa fiche.",
            "The deployment was suspended at once, and does not serve until its entry is verified anew.",
        )
        return seen
    under = ", ".join(sorted(incident.derogations))
    seen["circumstances"] = Message(
        f"Des renseignements personnels en clair ont été transmis hors Québec ({incident.place}) sans évaluation en vigueur "
        f"qui les nomme (évaluation\u00a0: {incident.assessment or 'aucune'}; dérogations\u00a0: {under or 'aucune'}).",
        f"Personal information in clear was sent outside Québec ({incident.place}) without an assessment in force that names "
        f"it (assessment: {incident.assessment or 'none'}; derogations: {under or 'none'}).",
    )
    return seen


def _period(first: str, last: str) -> Message:
    return Message(first, first) if first == last else Message(f"du {first} au {last}", f"from {first} to {last}")


def _information(incident: Incident) -> Message:
    if not incident.calls:
        return Message(
            "inconnus\u00a0: l'appel n'a pas été inscrit jusqu'à sa fin",
            "unknown: the call was not recorded to its end",
        )
    clear, protected = (", ".join(sorted(types)) for types in (incident.clear, incident.protected))
    if not clear and not protected:
        return Message(
            "aucun renseignement personnel détecté; la détection a des limites",
            "no personal information was found; detection has limits",
        )
    return Message(
        f"en clair\u00a0: {clear or 'rien de détecté'}; masqués ou sous pseudonyme\u00a0: {protected or 'rien'}",
        f"in clear: {clear or 'nothing found'}; masked or pseudonymized: {protected or 'nothing'}",
    )
