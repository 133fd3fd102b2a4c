"""All recognizers over one text, and one finding for each region of it. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from gateway.privacy.findings import Finding
from gateway.privacy.recognizers import (
    address,
    bank,
    birth,
    business,
    card,
    credential,
    email,
    iban,
    immigration,
    ip,
    licence,
    nam,
    nas,
    passport,
    plate,
    slips,
    telephone,
)
from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.encoded import decoded
from gateway.privacy.recognizers.view import View

THRESHOLD = 0.4
RECOGNIZERS: tuple[Recognizer, ...] = tuple(
    module.RECOGNIZER
    for module in (
        nas,
        nam,
        licence,
        passport,
        immigration,
        plate,
        telephone,
        birth,
        bank,
        card,
        iban,
        address,
        email,
        ip,
        credential,
        business,
        slips,
    )
)
NOT_PERSONAL = frozenset(
    """
        QC_NEQ TAX_REGISTRATION UUID HASH MAC_ADDRESS REFERENCE PUBLIC_TELEPHONE OFFICE_ADDRESS
        SERVICE_MAILBOX VERSION
    """.split()
)
ONE_LINE = frozenset("CA_SIN QC_NAM QC_PERMANENT_CODE PHONE_NUMBER PUBLIC_TELEPHONE".split())
ENTITIES = tuple(dict.fromkeys(entity for one in RECOGNIZERS for entity in one.entities if entity not in NOT_PERSONAL))


def identify(text: str, *, threshold: float = THRESHOLD, before: str = "") -> list[Finding]:
    """Personal values in a text, from left to right, none over another. `before`: words that say what the text is (the
    name of a JSON member, a form's label), read as if they stood before it.
    """
    return [one for one in survey(text, threshold=threshold, before=before) if one.type not in NOT_PERSONAL]


def survey(text: str, *, threshold: float = THRESHOLD, before: str = "") -> list[Finding]:
    """As `identify`, with what was recognised as not personal too."""
    if before:
        lead = before[-80:] + " : "
        shifted = survey(lead + text, threshold=threshold)
        return [
            Finding(one.start - len(lead), one.end - len(lead), one.type, one.score)
            for one in shifted
            if one.start >= len(lead)
        ]
    found = _plainly(text, threshold)
    hidden = [
        Finding(start, end, best.type, best.score)
        for start, end, said in decoded(text)
        if (best := _best(_plainly(said, threshold))) is not None
    ]
    return resolve(found + hidden) if hidden else found


def _plainly(text: str, threshold: float) -> list[Finding]:
    view = View(text)
    candidates: list[Candidate] = []
    for one in RECOGNIZERS:
        if view.has_digit or not one.digit:
            candidates += one.find(view)
    candidates = [one for one in candidates if one.score >= threshold and not _broken(view, one)]
    if view.has_digit and candidates:
        candidates += business.references(view)
    return resolve([Finding(*view.span(one.start, one.end), one.entity, round(one.score, 3)) for one in candidates])


def _broken(view: View, one: Candidate) -> bool:
    """Whether a value is cut by a line's end and not sure enough to be read over it."""
    return one.score < 0.8 and one.entity in ONE_LINE and "\n" in view.plain[one.start : one.end]


def _best(found: Iterable[Finding]) -> Finding | None:
    return max((one for one in found if one.type not in NOT_PERSONAL), key=lambda one: one.score, default=None)


def resolve(found: Sequence[Finding]) -> list[Finding]:
    """One finding for each region: the certain before the likely, then the longest, then the surest. Sorted."""
    if len(found) < 2:
        return list(found)
    kept: list[Finding] = []
    group: list[Finding] = []
    end = -1
    for one in sorted(found, key=lambda finding: (finding.start, -finding.end)):
        if group and one.start >= end:
            kept += _winners(group)
            group = []
        group.append(one)
        end = max(end, one.end) if len(group) > 1 else one.end
    return kept + _winners(group)


def _tier(score: float) -> int:
    """A value that is certain is not lost in a longer one that is only likely."""
    return sum(score >= least for least in (THRESHOLD, 0.55, 0.8))


def _winners(group: list[Finding]) -> list[Finding]:
    """Of findings that touch one another: the surest kind first, then the longest, whatever overlaps it left out."""
    if len(group) == 1:
        return group
    kept: list[Finding] = []
    starts: list[int] = []
    for one in sorted(_containers(group), key=lambda one: (-_tier(one.score), one.start - one.end, -one.score)):
        at = bisect_left(starts, one.start)
        if (at == 0 or kept[at - 1].end <= one.start) and (at == len(kept) or one.end <= kept[at].start):
            kept.insert(at, one)
            starts.insert(at, one.start)
    return kept


def _containers(group: list[Finding]) -> list[Finding]:
    """Without what lies in a longer one of its own type, which is then as sure as its part (a postal code, an address)."""
    kept: list[Finding] = []
    for one in sorted(group, key=lambda one: (one.type, one.start, -one.end)):
        last = kept[-1] if kept else None
        if last is not None and last.type == one.type and one.end <= last.end:
            kept[-1] = Finding(last.start, last.end, last.type, max(last.score, one.score))
        else:
            kept.append(one)
    return kept
