"""The register of derogations: who relaxed which rule, for whom, when, why, and how many calls it let through. Pure.

Derogations are a part of the policy versions that the ledger keeps, so those that were never used are here as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar

from gateway.audit.reports.reading import Call, Numbered, Reach, Record
from gateway.audit.reports.shape import Cell, Column, Report, Scope
from gateway.errors import Message

EXAMPLES = 3
COLUMNS = (
    Column("derogation", "dérogation", "derogation"),
    Column("system", "système", "system"),
    Column("rule", "règle", "rule"),
    Column("principle", "principe", "principle"),
    Column("justification", "justification", "justification"),
    Column("approved_by", "approuvée par", "approved by"),
    Column("starts", "début", "starts"),
    Column("expires", "échéance", "expires"),
    Column("calls", "appels assouplis", "calls relaxed"),
    Column("served", "dont servis", "served"),
    Column("decisions", "décisions assouplies", "decisions relaxed"),
    Column("first", "première", "first"),
    Column("last", "dernière", "last"),
    Column("examples", "exemples", "examples"),
)
BRIEF = ("derogation", "rule", "approved_by", "expires", "calls")


@dataclass(slots=True)
class Use:
    """A derogation, and what it relaxed."""

    written: Mapping[str, Any]
    principle: int
    calls: int = 0
    served: int = 0
    decisions: int = 0
    first: str = ""
    last: str = ""
    examples: list[str] = field(default_factory=list)


class Derogations:
    """Gathers the register. `policies`: the documents of the policy versions that the ledger keeps."""

    kinds: ClassVar[tuple[str, ...]] = ("call.opened", "call.closed", "action.asked")
    reach: ClassVar[Reach] = "period"

    def __init__(self, scope: Scope, policies: Iterable[tuple[str, Record]]) -> None:
        self._scope = scope
        self._uses: dict[tuple[str, str, str], Use] = {}
        for _, document in policies:
            principles = {rule["id"]: rule["principle"] for rule in document["rules"]}
            for one in document["derogations"]:
                if scope.concerns(one["system"]) and _touches(one, scope):
                    key = one["id"], one["rule"], one["system"]
                    known = self._uses.get(key)
                    written = one if known is None else _together(known.written, one)
                    self._uses[key] = Use(written, principles.get(one["rule"], 0))

    def call(self, call: Call) -> None:
        """A call more, or an action that was asked for."""
        relaxed = [match for stage in call.stages for match in stage["decision"]["relaxed"]]
        for name, rule in sorted({(match["derogation"], match["rule"]) for match in relaxed}):
            key = name, rule, call.system
            use = self._uses.get(key)
            if use is None:  # its policy is not in what is read; what it relaxed is
                principle = next(match["principle"] for match in relaxed if match["rule"] == rule)
                use = self._uses[key] = Use({"id": name, "rule": rule, "system": call.system}, principle)
            use.calls += 1
            use.served += call.outcome in ("served", "allowed")
            use.decisions += sum((match["derogation"], match["rule"]) == (name, rule) for match in relaxed)
            use.first = min(use.first or call.time, call.time)
            use.last = max(use.last, call.time)
            if len(use.examples) < EXAMPLES:
                use.examples.append(call.decision)

    def other(self, numbered: Numbered) -> None:
        """Nothing else counts here."""

    def report(self) -> Report:
        """The register as it stands."""
        uses = [self._uses[key] for key in sorted(self._uses)]
        totals: list[tuple[Column, Cell]] = [
            (Column("derogations", "dérogations", "derogations"), len(uses)),
            (Column("used", "dont utilisées", "used"), sum(use.calls > 0 for use in uses)),
        ]
        title = Message("Dérogations", "Derogations")
        return Report("derogations", title, self._scope, COLUMNS, [_row(use) for use in uses], totals, brief=BRIEF)


def _together(known: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    """A derogation that was written anew with other dates: from the first to the last."""
    dates = {"starts": min(known["starts"], one["starts"]), "expires": max(known["expires"], one["expires"])}
    return {**one, **dates}


def _touches(one: Mapping[str, str], scope: Scope) -> bool:
    """Whether a derogation was open at all in the period. Its dates are the body's, so a day on either side is let in."""
    return not (scope.since and one["expires"] < _day_before(scope.since)) and not (
        scope.until and one["starts"] > scope.until[:10]
    )


def _day_before(moment: str) -> str:
    return (date.fromisoformat(moment[:10]) - timedelta(days=1)).isoformat()


def _row(use: Use) -> Mapping[str, Cell]:
    written = use.written
    return {
        "derogation": written["id"],
        "system": written["system"],
        "rule": written["rule"],
        "principle": use.principle,
        "justification": written.get("justification", ""),
        "approved_by": written.get("approved_by", ""),
        "starts": written.get("starts", ""),
        "expires": written.get("expires", ""),
        "calls": use.calls,
        "served": use.served,
        "decisions": use.decisions,
        "first": use.first,
        "last": use.last,
        "examples": use.examples,
    }
