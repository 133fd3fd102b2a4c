"""QC_NAM, the health insurance number (numéro d'assurance maladie), and QC_PERMANENT_CODE, the student's permanent code.

Both are three letters of the surname, one of the given name and eight digits. NAM: YYMMDD and two (Régie de
l'assurance maladie du Québec, the card's number); permanent code: DDMMYY and two (ministère de l'Éducation du Québec,
*code permanent*). Both add 50 to a woman's month. No check digit is published. The order of the date decides which it
is, then the words around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import NUMBERED, Cues, Standing
from gateway.privacy.recognizers.numbers import digits, is_date
from gateway.privacy.recognizers.view import View

SHAPE = re.compile(
    r"[0-9](?:(?<=[a-z].)|(?<=[a-z][ .\-].)|(?<=[a-z][ .\-]{2}.)|(?<=[a-z][ .\-]{3}.))"
    r"(?:[ .\-\n]{0,3}[0-9]){7}(?![0-9a-z]|[.,/\-][0-9])"
)
LETTERS = re.compile(r"(?<![a-z0-9])[a-z]{4}[ .\-]{0,3}\Z")
NAM = Cues(
    r"\bn\.?a\.?m\b|ramq|regie de l'assurance|assurance[ \-]?maladie|carte[ \-]?soleil|assurance[ \-]?sante|"
    r"health[ \-]?(?:insurance|card)|"
    r"medicare|\bhin\b|carte d'assurance",
    NUMBERED,
)
SCHOOL = Cues(
    r"code[ \-]?permanent|permanent[ \-]?code|\bc\.p\.|\beleves?\b|etudiante?s?\b|students?\b|"
    r"\bscolaire|\becole|universite|cegep|pupils?\b",
    NUMBERED,
)
_TWO = "[0-9]{2}"
GROUPED = re.compile(
    rf"[a-z]{{4}}[ \-]{{0,3}}(?:[0-9]{{4}}[ .\-]{{0,3}}[0-9]{{4}}|{_TWO}(?:[ .\-]{_TWO}){{3}}|[0-9]{{6}}[ .\-]{_TWO})"
)
WORDS = frozenset(
    """
        date code page note avec dans pour sous tome anno mars juin aout lots zone rang unit file form item
        plan
    """.split()
)
PREFIXES = frozenset("fact doss cont proj seri refe comm dema poli isbn inve bonc tick case lot_ cert nume".split())


def find(view: View) -> Iterator[Candidate]:
    """Four letters and eight digits with a date in them."""
    for match in SHAPE.finditer(view.folded):
        letters = LETTERS.search(view.folded, max(0, match.start() - 8), match.start())
        if letters is None:
            continue
        number = digits(match[0])
        health = is_date(number[2:4], number[4:6])
        school = is_date(number[2:4], number[0:2])
        if health or school:
            yield judged(view, letters.start(), match.end(), health, school)


def judged(view: View, start: int, end: int, health: bool, school: bool) -> Candidate:
    """Which of the two, and how sure."""
    nam, code = NAM.standing(view, start, end), SCHOOL.standing(view, start, end)
    if health and school:
        health = nam >= code
    entity, standing = ("QC_NAM", max(nam, code)) if health else ("QC_PERMANENT_CODE", max(nam, code))
    if standing is Standing.FOR:
        return Candidate(start, end, entity, 0.95)
    if standing is Standing.HEADING:
        return Candidate(start, end, entity, 0.9)
    name = view.plain[start : start + 4]
    if not GROUPED.fullmatch(view.folded, start, end):
        return Candidate(start, end, entity, 0.2)
    if standing is Standing.AGAINST or name.lower() in PREFIXES:
        return Candidate(start, end, entity, 0.3)
    if name.isupper():
        return Candidate(start, end, entity, 0.75)
    return Candidate(start, end, entity, 0.2 if name.lower() in WORDS else 0.5)


RECOGNIZER = Recognizer(
    ("QC_NAM", "QC_PERMANENT_CODE"),
    "Régie de l'assurance maladie du Québec (NAM); ministère de l'Éducation du Québec (code permanent)",
    ("NAM", "carte soleil", "RAMQ", "assurance maladie", "health insurance", "code permanent", "élève", "student"),
    find,
)
