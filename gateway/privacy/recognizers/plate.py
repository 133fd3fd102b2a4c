"""LICENCE_PLATE: the number of a vehicle's plate. Only with the word near: the shapes are those of many other things.

Source: Société de l'assurance automobile du Québec, plates of passenger and commercial vehicles (`A12 BCD`, `123
ABC`, `ABC 123`, `FAB1234`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import Cues, Standing
from gateway.privacy.recognizers.view import View

GATE = ("plaque", "plate", "immatricul")
SHAPE = re.compile(
    r"(?<![a-z0-9\-])(?:[a-z][0-9]{2}[ \-]?[a-z]{3}|[a-z]{3}[ \-]?[0-9]{3,4}|[0-9]{3}[ \-]?[a-z]{3}|[a-z]{1,2}"
    r"[ \-]?[0-9]{4,6})(?![a-z0-9\-])"
)
CUES = Cues(
    r"\bplaques?\b(?! (?:commemorative|tectonique|d'egout))|immatricul|licen[cs]e plates?|\bplates?\b|plaqueimmat",
    r"\bneq\b|entreprise",
    60,
)


def find(view: View) -> Iterator[Candidate]:
    """In a text that speaks of plates."""
    folded = view.folded
    if not any(word in folded for word in GATE):
        return
    for match in SHAPE.finditer(folded):
        start, end = match.span()
        letters = "".join(one for one in view.plain[start:end] if one.isalpha())
        standing = CUES.standing(view, start, end)
        if standing in (Standing.FOR, Standing.HEADING) and (letters.isupper() or _adjacent(folded, start)):
            yield Candidate(start, end, "LICENCE_PLATE", 0.9 if standing is Standing.FOR else 0.85)


NEAR = re.compile(r"(?:plaques?|immatricul[a-z]{0,12}|plates?)(?:[ :=#\"'(]|est|no\b|numero|number|is)*\Z")


def _adjacent(folded: str, start: int) -> bool:
    return NEAR.search(folded, max(0, start - 40), start) is not None


RECOGNIZER = Recognizer(
    ("LICENCE_PLATE",),
    "Société de l'assurance automobile du Québec, plaques d'immatriculation",
    ("plaque", "immatriculation", "licence plate"),
    find,
)
