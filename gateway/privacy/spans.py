"""Where a name stands. *Data*."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """Offsets in characters, `end` excluded; `score` from 0 to 1."""

    start: int
    end: int
    score: float


def apart(names: Iterable[Name], others: Iterable[Name]) -> list[Name]:
    """The names that overlap none of the others."""
    taken = disjoint(list(others))
    starts = [one.start for one in taken]
    return [one for one in names if not _met(one, taken, starts)]


def met(names: Iterable[Name], others: Iterable[Name]) -> list[Name]:
    """The names that overlap one of the others."""
    taken = disjoint(list(others))
    starts = [one.start for one in taken]
    return [one for one in names if _met(one, taken, starts)]


def _met(one: Name, taken: Sequence[Name], starts: Sequence[int]) -> bool:
    at = bisect_right(starts, one.start)
    return (at > 0 and taken[at - 1].end > one.start) or (at < len(taken) and taken[at].start < one.end)


def disjoint(names: list[Name]) -> list[Name]:
    """The longer of names that overlap, in order."""
    names = sorted(names, key=lambda name: (name.start, name.start - name.end))
    kept: list[Name] = []
    for one in names:
        if kept and one.start < kept[-1].end:
            if one.end - one.start > kept[-1].end - kept[-1].start:
                kept[-1] = one
        else:
            kept.append(one)
    return kept
