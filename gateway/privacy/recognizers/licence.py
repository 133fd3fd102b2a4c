"""QC_DRIVER_LICENCE: the number of a Québec driver's licence. A letter (of the surname) and twelve digits,
`A1234-567890-12`; digits five to ten are a date of birth, DDMMYY.

Source: Société de l'assurance automobile du Québec, the licence card; letter and twelve digits also in Microsoft
Purview's definition of Canadian driver's licence numbers. A woman's month with 50 added, as in the other identifiers,
is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import NUMBERED, Cues, Standing
from gateway.privacy.recognizers.numbers import digits, is_date
from gateway.privacy.recognizers.view import View

SHAPE = re.compile(
    r"[0-9](?:(?<=[a-z].)(?<![a-z0-9]..)|(?<=[a-z][ .\-].)(?<![a-z0-9].{3}))(?:[ .\-]{0,3}[0-9]){11}"
    r"(?![0-9a-z]|[.,/\-][0-9])"
)
GROUPED = re.compile(r"[a-z][ \-]?[0-9]{4}[ .\-]{1,3}[0-9]{6}[ .\-]{1,3}[0-9]{2}")
CUES = Cues(
    r"permis(?: de conduire| de conduite| probatoire)?\b|\bsaaq\b|assurance automobile|driver'?s?'? ?licen[cs]"
    r"e|driving licen[cs]e|"
    r"\bpermisconduire|\bconducteur|\bconductrice",
    NUMBERED,
)


def find(view: View) -> Iterator[Candidate]:
    """A letter and twelve digits with a date in them."""
    folded = view.folded
    for match in SHAPE.finditer(folded):
        number = digits(match[0])
        if not is_date(number[6:8], number[4:6]):
            continue
        start = match.start() - (1 if folded[match.start() - 1].isalpha() else 2)
        yield Candidate(start, match.end(), "QC_DRIVER_LICENCE", score(view, start, match.end()))


def score(view: View, start: int, end: int) -> float:
    """How sure, for one whose date is a date."""
    standing = CUES.standing(view, start, end)
    if standing is Standing.FOR:
        return 0.95
    if standing is Standing.HEADING:
        return 0.9
    grouped = GROUPED.fullmatch(view.folded, start, end) is not None
    if standing is Standing.AGAINST:
        return 0.45 if grouped else 0.2
    if grouped:
        return 0.8
    return 0.5 if standing is Standing.DOCUMENT or (end - start == 13 and view.plain[start].isupper()) else 0.3


RECOGNIZER = Recognizer(
    ("QC_DRIVER_LICENCE",),
    "Société de l'assurance automobile du Québec, permis de conduire",
    ("permis de conduire", "SAAQ", "driver's licence"),
    find,
)
