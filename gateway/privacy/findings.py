"""What was found, and where. *Data*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A value of personal information: offsets in characters of the text, `end` excluded; `score` from 0 to 1."""

    start: int
    end: int
    type: str
    score: float


def disjoint(findings: Sequence[Finding], strictness: dict[str, int]) -> list[Finding]:
    """Findings that do not overlap, from left to right, covering all that was covered.

    Overlapping ones become one: the union, of the type that is treated most strictly, then the surest, then the longest.
    """
    merged: list[list[Finding]] = []
    end = -1
    for one in sorted(findings, key=lambda finding: (finding.start, finding.end)):
        if merged and one.start < end:
            merged[-1].append(one)
        else:
            merged.append([one])
        end = max(end, one.end) if len(merged[-1]) > 1 else one.end
    result = []
    for group in merged:
        best = max(group, key=lambda one: (strictness.get(one.type, 0), one.score, one.end - one.start))
        result.append(Finding(group[0].start, max(one.end for one in group), best.type, best.score))
    return result
