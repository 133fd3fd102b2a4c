"""How people decide, in figures: how fast, too fast to have read, or not at all; and who. Pure.

`Statistics` counts holds one by one in little memory: times to decide are kept as counts, to three significant digits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from gateway.audit.reports.reading import Call, Numbered, Reach, Record
from gateway.audit.reports.shape import Cell, Column, Report, Scope
from gateway.errors import Message

TOO_FAST_S = 3.0
"""Less than this between being shown an action and deciding on it is too fast to have read it."""
WAITING, APPROVED, EXPIRED = "waiting", "approved", "expired"
LIVE = (WAITING, APPROVED)

COLUMNS = (
    Column("person", "personne", "person"),
    Column("decisions", "décisions", "decisions"),
    Column("approved", "approuvées", "approved"),
    Column("edited", "modifiées", "edited"),
    Column("denied", "refusées", "denied"),
    Column("too_fast", "trop vite", "too fast"),
    Column("not_shown", "sans l'avoir vue", "not shown"),
    Column("median_s", "délai médian (s)", "median time (s)"),
)
NOTES = (
    Message(
        f"«\u00a0Trop vite\u00a0»\u00a0: moins de {TOO_FAST_S:.0f} secondes entre voir une action et en décider, trop peu pour "
        "l'avoir lue. «\u00a0Sans l'avoir vue\u00a0»\u00a0: rien n'indique que Vigie la lui a montrée.",
        f"'Too fast': less than {TOO_FAST_S:.0f} seconds between seeing an action and deciding on it, too little to have read "
        "it. 'Not shown': nothing says that Vigie showed it to them.",
    ),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a hold. `verdict`: approved, edited or denied; `shown_at`: when they were first shown it."""

    person: str
    verdict: str
    at: str
    shown_at: str | None


class Times:
    """Durations in milliseconds as counts, to three significant digits: bounded, whatever their number."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, ms: int) -> None:
        """One more."""
        step = 10 ** max(0, len(str(ms)) - 3)
        self._counts[ms // step * step] += 1

    @property
    def count(self) -> int:
        """How many there are."""
        return self._counts.total()

    def at(self, rank: int) -> int:
        """The one of this rank, from 0."""
        for ms, count in sorted(self._counts.items()):
            rank -= count
            if rank < 0:
                return ms
        raise IndexError(rank)

    @property
    def median(self) -> int | None:
        """The middle one, or halfway between the two in the middle."""
        return round((self.at((self.count - 1) // 2) + self.at(self.count // 2)) / 2) if self.count else None

    @property
    def p90(self) -> int | None:
        """What nine in ten are under."""
        return self.at(min(self.count - 1, self.count * 9 // 10)) if self.count else None


@dataclass(slots=True)
class Statistics:
    """Of holds: counts by state, times to decide, and what each person did."""

    holds: int = 0
    states: Counter[str] = field(default_factory=Counter)
    waited: Times = field(default_factory=Times)
    people: dict[str, Counter[str]] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)

    def add(self, created_at: str, state: str, said: Sequence[Said]) -> None:
        """One hold more, as it stands."""
        self.holds += 1
        self.states[state] += 1
        if said:
            self.waited.add(_ms(created_at, said[-1].at))
        for one in said:
            counts = self.people.setdefault(one.person, Counter())
            counts[one.verdict] += 1
            took = _ms(one.shown_at, one.at) if one.shown_at is not None else None
            counts["too_fast"] += took is not None and took < TOO_FAST_S * 1000
            counts["not_shown"] += took is None
            self.times.setdefault(one.person, Times()).add(_ms(one.shown_at or created_at, one.at))

    @property
    def expired_per_thousand(self) -> int:
        """Of the holds that are not waiting any more, how many nobody decided."""
        ended = self.holds - self.states[WAITING]
        return round(1000 * self.states[EXPIRED] / ended) if ended else 0

    def as_json(self) -> dict[str, Any]:
        """For a program. Times in ms."""
        return {
            "holds": self.holds,
            "states": dict(sorted(self.states.items())),
            "decided_ms": {"count": self.waited.count, "median": self.waited.median, "p90": self.waited.p90},
            "expired_per_thousand": self.expired_per_thousand,
            "too_fast_ms": round(TOO_FAST_S * 1000),
            "people": {person: dict(sorted(counts.items())) for person, counts in sorted(self.people.items())},
        }


@dataclass(slots=True)
class Live:
    """A hold that is not over, as read so far."""

    created_at: str
    state: str = WAITING
    said: list[Said] = field(default_factory=list)


class Supervision:
    """Gathers the report. A hold is of the period in which it was made, however much later it ends."""

    kinds: ClassVar[tuple[str, ...]] = (
        "action.held", "action.decided", "action.released", "action.expired", "action.cancelled",
    )  # fmt: skip
    reach: ClassVar[Reach] = "onward"

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._live: dict[str, Live] = {}
        self._statistics = Statistics()

    def call(self, call: Call) -> None:
        """Calls do not count here."""

    def other(self, numbered: Numbered) -> None:
        """A step in the life of a hold."""
        _, record = numbered
        name = record["hold"]
        if record["kind"] == "action.held":
            if self._scope.covers(record["time"]):
                self._live[name] = Live(record["time"])
            return
        live = self._live.get(name)
        if live is None:
            return
        live.state = record["state"]
        if record["kind"] == "action.decided":
            live.said.append(_said(record))
        if live.state not in LIVE:
            self._statistics.add(live.created_at, live.state, live.said)
            del self._live[name]

    def report(self) -> Report:
        """The figures as they stand."""
        for live in self._live.values():
            self._statistics.add(live.created_at, live.state, live.said)
        self._live.clear()
        known = self._statistics
        rows = [_row(person, counts, known.times[person]) for person, counts in sorted(known.people.items())]
        title = Message("Supervision des actions retenues", "Supervision of held actions")
        return Report("supervision", title, self._scope, COLUMNS, rows, _totals(known), NOTES)


def _said(record: Record) -> Said:
    verdict = "edited" if record["edited"] else record["verdict"]
    return Said(record["by"], verdict, record["time"], record.get("shown_at"))


def _row(person: str, counts: Counter[str], times: Times) -> Mapping[str, Cell]:
    return {
        "person": person,
        "decisions": times.count,
        **{name: counts[name] for name in ("approved", "edited", "denied", "too_fast", "not_shown")},
        "median_s": _seconds(times.median),
    }


def _totals(known: Statistics) -> list[tuple[Column, Cell]]:
    return [
        (Column("holds", "actions retenues", "held actions"), known.holds),
        (Column("states", "où elles en sont", "where they stand"), dict(sorted(known.states.items()))),
        (Column("decided", "décidées", "decided"), known.waited.count),
        (
            Column("median_s", "délai médian pour décider (s)", "median time to decide (s)"),
            _seconds(known.waited.median),
        ),
        (Column("p90_s", "9 sur 10 décidées en (s)", "9 in 10 decided within (s)"), _seconds(known.waited.p90)),
        (
            Column("expired_per_thousand", "expirées, sur mille finies", "expired, of a thousand that ended"),
            known.expired_per_thousand,
        ),
        (
            Column("too_fast", "décisions trop vite", "decisions too fast"),
            sum(counts["too_fast"] for counts in known.people.values()),
        ),
    ]


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else round(ms / 1000)


def _ms(before: str, after: str) -> int:
    return max(0, round((datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds() * 1000))
