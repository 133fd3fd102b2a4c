"""Evidence for each of the twelve principles: which rules served it, how often, in which records; and what else shows it. Pure.

One line for each rule that was in force in the period, matched or not, and one for each kind of record that bears on a
principle by itself. `examples` name decisions: `vigie audit prove ID` gives each record with the proof that it is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gateway.audit.reports.reading import Call, Numbered, Reach, Record
from gateway.audit.reports.shape import Cell, Column, Report, Scope
from gateway.errors import Message

EXAMPLES = 3
PRINCIPLES: dict[int, Message] = {
    1: Message("Respect des personnes et de la règle de droit", "Respect for people and the rule of law"),
    2: Message("Inclusion et équité", "Inclusion and equity"),
    3: Message("Fiabilité et robustesse", "Reliability and robustness"),
    4: Message("Sécurité", "Security"),
    5: Message("Efficience, efficacité et pertinence", "Efficiency, effectiveness and relevance"),
    6: Message("Durabilité", "Sustainability"),
    7: Message("Transparence", "Transparency"),
    8: Message("Explicabilité", "Explainability"),
    9: Message("Responsabilité", "Responsibility"),
    10: Message("Compétence", "Competence"),
    11: Message("Autonomie et supervision humaine", "Autonomy and human oversight"),
    12: Message("Souveraineté numérique", "Digital sovereignty"),
}
COLUMNS = (
    Column("principle", "principe", "principle"),
    Column("name", "nom", "name"),
    Column("evidence", "élément de preuve", "evidence"),
    Column("meaning", "ce que c'est", "what it is"),
    Column("effect", "effet", "effect"),
    Column("records", "fois", "times"),
    Column("relaxed", "dont assouplies", "relaxed"),
    Column("shadow", "en observation", "in shadow"),
    Column("systems", "systèmes", "systems"),
    Column("first", "première", "first"),
    Column("last", "dernière", "last"),
    Column("examples", "exemples", "examples"),
)
BRIEF = ("principle", "evidence", "effect", "records", "relaxed", "last")
NOTES = (
    Message(
        "Un principe sans ligne n'est pas enfreint\u00a0: Vigie n'a rien qui le montre. Ce qu'une règle a fait se vérifie par "
        "«\u00a0vigie audit prove\u00a0» et «\u00a0vigie audit verify\u00a0».",
        "A principle without a line is not breached: Vigie has nothing that shows it. What a rule did is verified with "
        "'vigie audit prove' and 'vigie audit verify'.",
    ),
)


@dataclass(frozen=True, slots=True)
class Sign:
    """A record that bears on a principle by itself: what it is named, means, and in which calls or records it is."""

    principle: int
    name: str
    meaning: Message
    in_call: Callable[[Call], bool] | None = None
    kinds: tuple[str, ...] = ()


def _closed(call: Call, name: str, *values: str) -> bool:
    return call.closed is not None and call.closed.get(name) in values


SIGNS = (
    Sign(3, "provider-fallback", Message(
        "appels repris par un autre déploiement admis", "calls taken over by another admitted deployment"),
        lambda call: call.closed is not None and call.outcome == "served" and len(call.closed.get("attempts", ())) > 1),
    Sign(4, "key-changes", Message("clés créées ou révoquées", "keys created or revoked"), kinds=("key.created", "key.revoked")),
    Sign(7, "labelled-answers", Message("réponses étiquetées", "labelled answers"),
         lambda call: call.outcome == "served" and bool(call.closed and call.closed.get("label"))),
    Sign(9, "decisions-recorded", Message("appels décidés et inscrits", "calls decided and recorded"), lambda _: True),
    Sign(9, "policy-versions", Message("versions de la politique publiées", "policy versions published"),
         kinds=("policy.published",)),
    Sign(11, "actions-held", Message("actions retenues pour une personne", "actions held for a person"), kinds=("action.held",)),
    Sign(11, "actions-decided", Message("décisions d'une personne", "a person's decisions"), kinds=("action.decided",)),
    Sign(11, "actions-expired", Message("actions refusées faute de décision", "actions refused for want of a decision"),
         kinds=("action.expired",)),
    Sign(11, "halts", Message(
        "arrêts d'urgence, exercices compris, et reprises", "emergency stops, drills included, and resumptions"),
         kinds=("halt.raised", "halt.lifted")),
    Sign(12, "place-confirmed", Message("réponses au lieu confirmé", "answers whose place was confirmed"),
         lambda call: _closed(call, "residency", "confirmed")),
    Sign(12, "place-contradicted", Message("réponses au lieu contredit", "answers whose place was contradicted"),
         lambda call: _closed(call, "residency", "contradicted")),
    Sign(12, "suspensions", Message("déploiements suspendus", "deployments suspended"), kinds=("deployment.suspended",)),
)  # fmt: skip


@dataclass(slots=True)
class Line:
    """One piece of evidence."""

    principle: int
    meaning: Message
    effects: set[str] = field(default_factory=set)
    count: Counter[str] = field(default_factory=Counter)
    systems: set[str] = field(default_factory=set)
    first: str = ""
    last: str = ""
    examples: list[str] = field(default_factory=list)

    def add(self, how: str, system: str, time: str, example: str) -> None:
        """Once more."""
        self.count[how] += 1
        if system:
            self.systems.add(system)
        self.first, self.last = min(self.first or time, time), max(self.last, time)
        if example and len(self.examples) < EXAMPLES and example not in self.examples:
            self.examples.append(example)


class Principles:
    """Gathers the evidence. Memory grows with rules. `policies`: the documents of the versions that the ledger keeps."""

    kinds: ClassVar[tuple[str, ...]] = (
        "call.opened", "call.closed", "action.asked", *(kind for sign in SIGNS for kind in sign.kinds),
    )  # fmt: skip
    reach: ClassVar[Reach] = "period"

    def __init__(self, scope: Scope, policies: Iterable[tuple[str, Record]]) -> None:
        self._scope = scope
        self._lines: dict[tuple[int, str], Line] = {}
        self._signs = {sign.name: Line(sign.principle, sign.meaning) for sign in SIGNS}
        self._rules = {version: {rule["id"]: rule for rule in document["rules"]} for version, document in policies}
        self._in_force: dict[str, Mapping[str, Any]] = {}
        self._versions: set[str] = set()

    def call(self, call: Call) -> None:
        """A call more, or an action that was asked for."""
        if call.first["policy"] not in self._versions:
            self._now_in_force(call.first["policy"])
        seen = set()
        for stage in call.stages:
            decision = stage["decision"]
            for how in ("matches", "relaxed", "shadow"):
                for match in decision[how]:
                    if (match["rule"], how) not in seen:  # once a call, however many deployments were considered
                        seen.add((match["rule"], how))
                        self._rule(match).add(how, call.system, call.time, call.decision)
        for sign in SIGNS:
            if sign.in_call is not None and sign.in_call(call):
                self._signs[sign.name].add("matches", call.system, call.time, call.decision)

    def other(self, numbered: Numbered) -> None:
        """A record that bears on a principle by itself."""
        _, record = numbered
        if record["kind"] == "policy.published":
            self._now_in_force(record["policy"])
        for sign in SIGNS:
            if record["kind"] in sign.kinds:
                self._signs[sign.name].add("matches", record.get("system") or "", record["time"], record["id"])

    def report(self) -> Report:
        """The evidence as it stands."""
        for rule in self._in_force.values():
            self._rule({"rule": rule["id"], "principle": rule["principle"], "effect": rule["effect"]})
        rows = list(self._rows())
        shown = {row["principle"] for row in rows if row["records"]}
        totals: list[tuple[Column, Cell]] = [
            (Column("principles_with_evidence", "principes avec preuve", "principles with evidence"), len(shown)),
        ]
        title = Message("Preuves par principe", "Evidence by principle")
        return Report("principles", title, self._scope, COLUMNS, rows, totals, NOTES, BRIEF)

    def _now_in_force(self, version: str) -> None:
        self._versions.add(version)
        self._in_force.update(self._rules.get(version, {}))

    def _rule(self, match: Mapping[str, Any]) -> Line:
        key = match["principle"], match["rule"]
        if key not in self._lines:
            reason = self._in_force.get(match["rule"], {}).get("reason", {"fr": "", "en": ""})
            self._lines[key] = Line(match["principle"], Message(reason["fr"], reason["en"]))
        self._lines[key].effects.add(match["effect"])
        return self._lines[key]

    def _rows(self) -> Iterator[Mapping[str, Cell]]:
        signs = {(line.principle, name): line for name, line in self._signs.items()}
        lines = {**self._lines, **{key: line for key, line in signs.items() if line.count}}
        for number, name in PRINCIPLES.items():
            own = sorted(key for key in lines if key[0] == number)
            if not own:
                yield _row(number, name, "", Line(number, Message("", "")))
            for key in own:
                yield _row(number, name, key[1], lines[key])


def _row(number: int, name: Message, evidence: str, line: Line) -> Mapping[str, Cell]:
    return {
        "principle": number,
        "name": name,
        "evidence": evidence,
        "meaning": line.meaning,
        "effect": ", ".join(sorted(line.effects)),
        "records": line.count["matches"] + line.count["relaxed"],
        "relaxed": line.count["relaxed"],
        "shadow": line.count["shadow"],
        "systems": sorted(line.systems),
        "first": line.first,
        "last": line.last,
        "examples": line.examples,
    }
