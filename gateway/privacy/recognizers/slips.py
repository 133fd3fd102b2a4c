"""Values that a scanner misread: O for 0, l or I for 1, S for 5, B for 8, Z for 2, and the reverse among letters.

Only right after the name of the value, only with most characters read well, and only if what is meant passes its
check: the Luhn digit, the date. A number of telephone has no check; there at most two slips are accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.privacy.recognizers import card, licence, nam, nas
from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.numbers import is_date, luhn
from gateway.privacy.recognizers.view import View

REACH = 40
_DIGIT = "[0-9oqdilszbg|]"
_TO_DIGIT = str.maketrans("oqdilszbg|", "0001152891")
_TO_LETTER = str.maketrans("01528", "oiszb")
_NOT_VALUE = re.compile(r"[ .\-()]")


@dataclass(frozen=True, slots=True)
class Misread:
    """A value of `letters` letters, then digits. `passes`: what is meant, all lower case and together, is valid."""

    entity: str
    gates: tuple[str, ...]
    cue: re.Pattern[str]
    shape: re.Pattern[str]
    letters: int
    slips: int
    passes: Callable[[str], bool]


def _shape(letters: int, digits: int, more: int = 0) -> re.Pattern[str]:
    head = rf"[a-z0158](?:[ ]?[a-z0158]){{{letters - 1}}}[ .\-]{{0,3}}" if letters else ""
    tail = f"{_DIGIT}(?:[ .\\-]{{0,3}}{_DIGIT}){{{digits - 1},{digits - 1 + more}}}"
    return re.compile(rf"(?<![0-9a-z]){head}{tail}(?![0-9a-z])")


MISREAD = (
    Misread("CA_SIN", ("nas", "sociale", "sin", "social ins"), re.compile(nas.CUES.words), _shape(0, 9), 0, 4, luhn),
    Misread(
        "QC_NAM",
        ("nam", "ramq", "maladie", "soleil", "health", "medicare"),
        re.compile(nam.NAM.words),
        _shape(4, 8),
        4,
        4,
        lambda meant: meant[:4].isalpha() and is_date(meant[6:8], meant[8:10]),
    ),
    Misread(
        "QC_PERMANENT_CODE",
        ("permanent",),
        re.compile(r"code[ \-]?permanent|permanent[ \-]?code"),
        _shape(4, 8),
        4,
        4,
        lambda meant: meant[:4].isalpha() and is_date(meant[6:8], meant[4:6]),
    ),
    Misread(
        "QC_DRIVER_LICENCE",
        ("permis", "saaq", "driver", "driving"),
        re.compile(licence.CUES.words),
        _shape(1, 12),
        1,
        4,
        lambda meant: meant[0].isalpha() and is_date(meant[7:9], meant[5:7]),
    ),
    Misread(
        "CREDIT_CARD",
        ("cart", "card", "visa", "amex"),
        re.compile(card.CUES.words),
        _shape(0, 15, 1),
        0,
        4,
        lambda meant: card.RANGES.fullmatch(meant) is not None and luhn(meant),
    ),
    Misread(
        "PHONE_NUMBER",
        ("tel", "cell", "phone"),
        re.compile(r"\btel\b|telephone|\bcell?\b|cellulaire|phone"),
        re.compile(
            rf"(?<![0-9a-z])\(?{_DIGIT}{{3}}\)?[ .\-]{{1,2}}{_DIGIT}{{3}}[ .\-]{{1,2}}{_DIGIT}{{4}}(?![0-9a-z])"
        ),
        0,
        2,
        lambda meant: meant[0] > "1" and meant[3] > "1",
    ),
)


def find(view: View) -> Iterator[Candidate]:
    """Values with a slip or more, right after their name."""
    folded = view.folded
    for kind in MISREAD:
        if any(gate in folded for gate in kind.gates):
            for cue in kind.cue.finditer(folded):
                match = kind.shape.search(folded, cue.end(), cue.end() + REACH)
                if match is not None and _meant(kind, match[0]):
                    yield Candidate(match.start(), match.end(), kind.entity, 0.8)


def _meant(kind: Misread, read: str) -> bool:
    value = _NOT_VALUE.sub("", read)
    meant = value[: kind.letters].translate(_TO_LETTER) + value[kind.letters :].translate(_TO_DIGIT)
    slips = sum(one != other for one, other in zip(value, meant, strict=True))
    return 0 < slips <= kind.slips and kind.passes(meant)


RECOGNIZER = Recognizer(
    ("CA_SIN", "QC_NAM", "QC_PERMANENT_CODE", "QC_DRIVER_LICENCE", "CREDIT_CARD", "PHONE_NUMBER"),
    "The usual confusions of optical character recognition",
    (),
    find,
)
