"""How people decide, in figures, of holds as the store keeps them. *Decisions*: pure. The figures are `audit.reports`'."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.audit.reports.supervision import Said, Statistics
from gateway.supervision.held import Held


def statistics_of(holds: Iterable[Held]) -> dict[str, Any]:
    """Of holds: counts by state, time to decide, decisions too fast, expiry rate, verdicts by person. Times in ms."""
    known = Statistics()
    for one in holds:
        said = [Said(each.person, each.verdict, each.at, each.shown_at) for each in one.verdicts]
        known.add(one.created_at, one.state.value, said)
    return known.as_json()
