"""CA_PASSPORT: two letters and six digits, or, since 2023, a letter, six digits and two letters. Only with its name
near.

Source: Immigration, Refugees and Citizenship Canada, passport booklet; the first form also in Microsoft Purview's
definition of Canadian passport numbers. Other countries' numbers are taken right after the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import NUMBERED, Cues, Standing
from gateway.privacy.recognizers.view import View

SHAPE = re.compile(
    r"[0-9]{6}(?:(?<=[a-z]{2}.{6})(?<![a-z0-9].{8})|(?<=[a-z]{2}[ \-].{6})(?<![a-z0-9].{9}))(?![0-9a-z])"
    r"|[0-9]{6}(?<=[a-z].{6})(?<![a-z0-9].{7})[a-z]{2}(?![0-9a-z])"
)
FOREIGN = re.compile(
    r"pass(?:e)?port\b[^0-9\n]{0,30}?(?:\bno\b\.?|numero|number|#|:|=)[ :#.]{0,3}\"?(?P<value>(?=[a-z0-9]{0,4}"
    r"[0-9]{5})[a-z0-9]{7,10})(?![a-z0-9])"
)
CUES = Cues(r"pass(?:e)?ports?|document de voyage|travel document", NUMBERED)


def find(view: View) -> Iterator[Candidate]:
    """In a text that speaks of passports."""
    folded = view.folded
    if "asseport" not in folded and "passport" not in folded and "voyage" not in folded and "travel doc" not in folded:
        return
    for match in SHAPE.finditer(folded):
        start = match.start() - 1
        while folded[start - 1 : start].isalpha() and match.start() - start < 3:
            start -= 1
        if not folded[start].isalpha():
            start -= 2
        standing = CUES.standing(view, start, match.end())
        score = 0.9 if standing is Standing.FOR else 0.85 if standing is Standing.HEADING else 0.3
        yield Candidate(start, match.end(), "CA_PASSPORT", score)
    for match in FOREIGN.finditer(folded):
        yield Candidate(match.start("value"), match.end("value"), "CA_PASSPORT", 0.7)


RECOGNIZER = Recognizer(
    ("CA_PASSPORT",),
    "Immigration, Refugees and Citizenship Canada, passport number",
    ("passeport", "passport", "document de voyage", "travel document"),
    find,
)
