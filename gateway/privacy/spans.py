"""Where a name stands. *Data*."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """Offsets in characters, `end` excluded; `score` from 0 to 1."""

    start: int
    end: int
    score: float


def meets(one: Name, others: Iterable[Name]) -> bool:
    """Whether it overlaps one of the others."""
    return any(one.start < other.end and other.start < one.end for other in others)


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
