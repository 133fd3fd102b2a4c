"""CA_SIN: the social insurance number (numéro d'assurance sociale, NAS). Nine digits, the last a Luhn check digit.

Source: Employment and Social Development Canada, *Social Insurance Number Regulatory Framework*, and the Canada
Revenue Agency's validation of the SIN (Luhn). A first digit of 0 or 8 is not issued to people but stands in examples:
it scores less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import NUMBERED, Cues, Standing, before
from gateway.privacy.recognizers.numbers import digits, luhn
from gateway.privacy.recognizers.view import View

SHAPE = re.compile(r"[0-9](?<![0-9a-z].)(?<![0-9][.,/\-].)(?:[ .\-\n]{0,3}[0-9]){8}(?![0-9a-z]|[.,/\-][0-9])")
GROUPED = re.compile(r"[0-9]{3}[ .\-]{1,3}[0-9]{3}[ .\-]{1,3}[0-9]{3}")
AMOUNT = re.compile(r"[ ]?(?:\$|%|€|m\$|k\$|cad\b|dollars|euros|habitants|personnes|km|kg|kwh|mwh|octets|m2|hectares)")
SOMEONES = re.compile(r"\b(?:mon|son|ma|sa|my|his|her|votre|your)\b[^.;\n]{0,20}\Z")
NUMBER_OF = re.compile(
    r"\b(?:numero|number|no\.?|code|id|account|compte|report|rapport)(?: (?:de |d'|du |of )?[a-z']{3,20}"
    r"(?: [a-z']{2,20}){0,2})?"
    r"[ :#=\"']{0,4}\Z|#[ ]?\Z"
)
CUES = Cues(
    r"\bn\.?a\.?s\b|\bs\.?i\.?n\b(?!')|ass(?:urance|\.)?[ \-]?sociale|social[ \-]?insurance|\bsin(?:number|no)|"
    r"numero ?nas|insurance number",
    NUMBERED + r"|(?:tel|telephone|cell|fax|telecopieur|phone|passeport|permis|immatriculation)\b",
)


def find(view: View) -> Iterator[Candidate]:
    """Nine digits that pass, scored by their grouping and surroundings."""
    folded = view.folded
    for match in SHAPE.finditer(folded):
        start, end = match.span()
        number = digits(match[0])
        if luhn(number):
            yield Candidate(start, end, "CA_SIN", score(view, start, end, number))


def score(view: View, start: int, end: int, number: str) -> float:
    """How sure, for nine digits that pass."""
    standing = CUES.standing(view, start, end)
    if standing is Standing.AGAINST:
        return 0.1
    if standing is Standing.FOR:
        return 0.95
    if standing is Standing.HEADING:
        return 0.9
    folded = view.folded
    if (
        AMOUNT.match(folded, end)
        or folded[max(0, start - 2) : start].rstrip().endswith("$")
        or glued(folded, start, end)
    ):
        return 0.2
    grouped = GROUPED.fullmatch(folded, start, end) is not None
    if not grouped and NUMBER_OF.search(before(view, start, 48)):
        return 0.3
    if standing is Standing.DOCUMENT and (grouped or end - start == 9):
        return 0.6
    base = 0.5 if grouped else 0.2
    if end - start == 9:
        base = 0.48 if SOMEONES.search(before(view, start, 40)) else 0.35
    return base - 0.08 if number[0] in "08" else base


def glued(folded: str, start: int, end: int) -> bool:
    """Whether more of the same seems to stand beside: then it is a part of something longer."""
    left = folded[max(0, start - 2) : start]
    right = folded[end : end + 2]
    beside = left[-1:] in "-/_.#" and left[:1].isalnum() if len(left) == 2 else False
    return beside or (left[-1:] == " " and left[:1].isdigit()) or (right[:1] in " -/_" and right[1:].isdigit())


RECOGNIZER = Recognizer(
    ("CA_SIN",),
    "Employment and Social Development Canada, Social Insurance Number Regulatory Framework; Luhn",
    ("NAS", "numéro d'assurance sociale", "SIN", "social insurance number"),
    find,
)
