"""How people decide, in figures: fast, slowly, too fast to have read, or not at all. *Decisions*: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from gateway.supervision.held import Held, Verdict
from gateway.supervision.holds import State
from gateway.supervision.keeping import moment_of

TOO_FAST_S = 3.0
"""Less than this between being shown an action and deciding on it is too fast to have read it."""


def statistics_of(holds: Sequence[Held]) -> dict[str, Any]:
    """Of holds: counts by state, time to decide, decisions too fast, expiry rate, verdicts by person. Times in ms."""
    states = Counter(one.state.value for one in holds)
    ended = sum(count for state, count in states.items() if state != State.WAITING.value)
    waited = sorted(_ms(one.created_at, one.verdicts[-1].at) for one in holds if one.verdicts)
    people: dict[str, Counter[str]] = {}
    for one in holds:
        for verdict in one.verdicts:
            counts = people.setdefault(verdict.person, Counter())
            counts[verdict.verdict] += 1
            counts["too_fast"] += _too_fast(verdict)
            counts["not_shown"] += verdict.shown_at is None
    return {
        "holds": len(holds),
        "states": dict(sorted(states.items())),
        "decided_ms": {
            "count": len(waited),
            "median": round(median(waited)) if waited else None,
            "p90": waited[min(len(waited) - 1, len(waited) * 9 // 10)] if waited else None,
        },
        "expired_per_thousand": round(1000 * states[State.EXPIRED.value] / ended) if ended else 0,
        "too_fast_ms": round(TOO_FAST_S * 1000),
        "people": {person: dict(sorted(counts.items())) for person, counts in sorted(people.items())},
    }


def _too_fast(verdict: Verdict) -> bool:
    return verdict.shown_at is not None and _ms(verdict.shown_at, verdict.at) < TOO_FAST_S * 1000


def _ms(before: str, after: str) -> int:
    return max(0, round((moment_of(after) - moment_of(before)).total_seconds() * 1000))
