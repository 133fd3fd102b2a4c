"""Reports and registers, from the ledger alone: what an auditor, an officer or a dirigeant de l'information takes away.

Each module gathers one report, purely, as records go by; `reading` brings the records of a period, from a store or from a
bundle, and puts calls together; `shape` is what a report is, `rendering` how it is shown. Memory never grows with the
number of calls. May import what `audit` may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from gateway.audit.reports.automated import AutomatedDecisions
from gateway.audit.reports.communications import Communications
from gateway.audit.reports.derogations import Derogations
from gateway.audit.reports.incidents import Incidents
from gateway.audit.reports.principles import Principles
from gateway.audit.reports.reading import (
    Call,
    FromBundle,
    FromStore,
    Numbered,
    Reach,
    Source,
    calls_and_others,
)
from gateway.audit.reports.shape import Report, Scope
from gateway.audit.reports.supervision import Supervision
from gateway.errors import Message, Refusal

__all__ = ["REPORTS", "FromBundle", "FromStore", "Incidents", "Report", "Scope", "gathered", "report_of"]


class Gathering(Protocol):
    """What gathers one report. `kinds`: the records that it needs."""

    kinds: ClassVar[tuple[str, ...]]
    reach: ClassVar[Reach]

    def call(self, call: Call) -> None: ...

    def other(self, numbered: Numbered) -> None: ...

    def report(self) -> Report: ...


REPORTS: Mapping[str, Callable[[Scope, Source], Gathering]] = {
    "supervision": lambda scope, _: Supervision(scope),
    "communications": lambda scope, _: Communications(scope),
    "incidents": lambda scope, _: Incidents(scope),
    "derogations": lambda scope, source: Derogations(scope, source.policies()),
    "automated-decisions": lambda scope, _: AutomatedDecisions(scope),
    "principles": lambda scope, source: Principles(scope, source.policies()),
}
"""Every report by its name."""


def report_of(name: str, source: Source, scope: Scope) -> Report:
    """A report. Raises a 404 `Refusal` for a name that is none."""
    if name not in REPORTS:
        raise Refusal(
            Message("Ce rapport n'existe pas.", "There is no such report."),
            Message(f"L'un de\u00a0: {', '.join(REPORTS)}.", f"One of: {', '.join(REPORTS)}."),
            code="unknown_report",
            status=404,
        )
    gathering = REPORTS[name](scope, source)
    gathered(gathering, source, scope)
    return gathering.report()


def gathered(gathering: Gathering, source: Source, scope: Scope) -> None:
    """Let a report see the records that it needs."""
    reached = {
        "period": scope,
        "onward": Scope(since=scope.since, system=scope.system),
        "whole": Scope(system=scope.system),
    }[gathering.reach]
    for one in calls_and_others(source, reached, gathering.kinds):
        if isinstance(one, Call):
            gathering.call(one)
        else:
            gathering.other(one)
