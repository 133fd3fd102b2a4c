"""What findings are worth against marked values: matches, leaks, false alarms. *Decisions*: pure.

A finding is right when it has the type of a value and overlaps it by half (intersection over union, in characters); the
exact variant asks for the same offsets. Overlapping findings are first reduced to the surest. Leak: share of the personal
characters that no finding of any type covers. False alarm: a clean document with any finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.corpus import TYPES, Document, Span

CHECKED = ("CA_SIN", "CREDIT_CARD", "IBAN_CODE", "QC_NAM")
OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, as any analyser reports it."""

    start: int
    end: int
    type: str
    score: float = 1.0


@dataclass(slots=True)
class Tally:
    """Counts over documents: of values, of findings, and of the pairs that match."""

    gold: int = 0
    found: int = 0
    right: int = 0
    exact: int = 0

    @property
    def precision(self) -> float:
        """Of the findings, the share that is right; 1 when nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Of the values, the share that was found; 1 when there is none."""
        return self.right / self.gold if self.gold else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (self.gold + self.found) if self.gold + self.found else 1.0

    @property
    def exact_f1(self) -> float:
        """The same, offsets equal."""
        return 2 * self.exact / (self.gold + self.found) if self.gold + self.found else 1.0


@dataclass(slots=True)
class Result:
    """What an analyser did on a corpus."""

    name: str
    types: dict[str, Tally]
    personal: int = 0
    leaked: int = 0
    clean: int = 0
    alarms: int = 0
    seconds: float = 0.0
    characters: int = 0
    leaked_by_type: Counter[str] = field(default_factory=Counter)
    missed: dict[str, list[Span]] = field(default_factory=dict)
    spurious: dict[str, list[Found]] = field(default_factory=dict)
    findings: dict[str, Sequence[Found]] = field(default_factory=dict)

    @property
    def overall(self) -> Tally:
        """All types together."""
        tallies = self.types.values()
        return Tally(
            sum(one.gold for one in tallies),
            sum(one.found for one in tallies),
            sum(one.right for one in tallies),
            sum(one.exact for one in tallies),
        )

    @property
    def leak(self) -> float:
        """Share of personal characters that no finding covers."""
        return self.leaked / self.personal if self.personal else 0.0

    @property
    def false_alarms(self) -> float:
        """Share of clean documents with a finding."""
        return self.alarms / self.clean if self.clean else 0.0

    @property
    def checked_recall(self) -> float:
        """Recall of identifiers that have a check digit or an embedded date."""
        tallies = [self.types[one] for one in CHECKED]
        gold = sum(one.gold for one in tallies)
        return sum(one.right for one in tallies) / gold if gold else 1.0


def overlap(a: Span | Found, b: Span | Found) -> float:
    """Intersection over union, in characters."""
    shared = min(a.end, b.end) - max(a.start, b.start)
    return shared / (max(a.end, b.end) - min(a.start, b.start)) if shared > 0 else 0.0


def surest(findings: Iterable[Found]) -> list[Found]:
    """Of findings that overlap, the one with the best score, then the longest; sorted."""
    kept: list[Found] = []
    for one in sorted(findings, key=lambda each: (-each.score, each.start - each.end, each.start)):
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda each: each.start)


def pairs(spans: Sequence[Span], findings: Sequence[Found]) -> list[tuple[Span, Found]]:
    """Values and the finding that matches each: same type, best overlap first, none used twice."""
    candidates = sorted(
        (
            (-share, span.start, span, found)
            for span in spans
            for found in findings
            if span.type == found.type and (share := overlap(span, found)) >= OVERLAP
        ),
        key=lambda each: each[:2],
    )
    used_spans: set[Span] = set()
    used_found: set[Found] = set()
    matched = []
    for _, _, span, found in candidates:
        if span not in used_spans and found not in used_found:
            used_spans.add(span)
            used_found.add(found)
            matched.append((span, found))
    return matched


def uncovered(span: Span, findings: Iterable[Found]) -> int:
    """Characters of a value that no finding covers."""
    left = set(range(span.start, span.end))
    for one in findings:
        left.difference_update(range(one.start, one.end))
    return len(left)


def score(
    name: str, documents: Sequence[Document], findings: Sequence[Sequence[Found]], seconds: float = 0.0
) -> Result:
    """What an analyser's findings are worth."""
    result = Result(name, {kind: Tally() for kind in TYPES}, seconds=seconds)
    for document, raw in zip(documents, findings, strict=True):
        result.findings[document.id] = raw
        found = surest(raw)
        matched = pairs(document.spans, found)
        _count(result, document, found, matched)
        for span in document.spans:
            result.personal += span.end - span.start
            loose = uncovered(span, raw)
            result.leaked += loose
            result.leaked_by_type[span.type] += loose
        result.characters += len(document.text)
        if not document.spans:
            result.clean += 1
            result.alarms += bool(found)
    return result


def _count(result: Result, document: Document, found: list[Found], matched: list[tuple[Span, Found]]) -> None:
    for span in document.spans:
        result.types[span.type].gold += 1
    for one in found:
        result.types.setdefault(one.type, Tally()).found += 1
    for span, one in matched:
        result.types[span.type].right += 1
        result.types[span.type].exact += (span.start, span.end) == (one.start, one.end)
    right_spans, right_found = {span for span, _ in matched}, {one for _, one in matched}
    result.missed[document.id] = [span for span in document.spans if span not in right_spans]
    result.spurious[document.id] = [one for one in found if one not in right_found]
