"""CREDIT_CARD: payment cards, 13 to 19 digits that begin as a network's do and end with a Luhn check digit.

Source: ISO/IEC 7812; the networks' ranges (Visa 4; Mastercard 51–55, 2221–2720; American Express 34, 37; Diners 30,
36, 38; Discover 6011, 64, 65; JCB 35; UnionPay 62; Maestro 50, 56–58, 63, 67).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.cues import NUMBERED, Cues, Standing
from gateway.privacy.recognizers.nas import glued
from gateway.privacy.recognizers.numbers import digits, luhn
from gateway.privacy.recognizers.view import View

SHAPE = re.compile(r"[2-6](?<![0-9a-z].)(?<![0-9][.,/\-].)(?:[ .\-]{0,3}[0-9]){12,18}(?![0-9a-z]|[.,/\-][0-9])")
RANGES = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}|(?:222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)"
    r"[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|"
    r"(?:6011[0-9]{2}|64[4-9][0-9]{3}|(?:65|62|35|50|5[6-8]|63|67)[0-9]{4})[0-9]{10,13}"
)
GROUPED = re.compile(r"[0-9]{4}([ .\-]{1,3})[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}|[0-9]{4}([ .\-]{1,3})[0-9]{6}\2[0-9]{4,5}")
CUES = Cues(
    r"\bcartes?\b|credit|debit|\bvisa\b|master ?card|\bamex\b|american express|\bcards?\b|\bcvv\b|\bcvc\b|"
    r"\bcc\b|\bpan\b|paiement|payment",
    NUMBERED + r"|\bcomptes?\b",
)


def find(view: View) -> Iterator[Candidate]:
    """Digits that begin and end as a card's."""
    for match in SHAPE.finditer(view.folded):
        start, end = match.span()
        number = digits(match[0])
        if (
            not (14 <= len(number) <= 16 or len(number) in (13, 18, 19))
            or not RANGES.fullmatch(number)
            or not luhn(number)
        ):
            shorter = _shorter(view, match)
            if shorter is None:
                continue
            start, end, number = shorter
        grouped = GROUPED.fullmatch(view.folded, start, end) is not None
        yield Candidate(start, end, "CREDIT_CARD", _score(view, start, end, len(number), grouped=grouped))


def _shorter(view: View, match: re.Match[str]) -> tuple[int, int, str] | None:
    """A card in four groups whose expiry or code follows after a space: the groups alone."""
    groups = GROUPED.match(view.folded, match.start(), match.end())
    if groups is None or groups.end() == match.end() or view.folded[groups.end()] != " ":
        return None
    number = digits(groups[0])
    return (groups.start(), groups.end(), number) if RANGES.fullmatch(number) and luhn(number) else None


def _score(view: View, start: int, end: int, length: int, *, grouped: bool) -> float:
    standing = CUES.standing(view, start, end)
    if standing in (Standing.FOR, Standing.HEADING):
        return 0.97
    if standing is Standing.AGAINST:
        return 0.45 if grouped else 0.2
    if grouped:
        return 0.85
    if glued(view.folded, start, end) or (end - start) != length:
        return 0.3
    return 0.7 if length in (15, 16) else 0.4


RECOGNIZER = Recognizer(
    ("CREDIT_CARD",), "ISO/IEC 7812, networks' ranges; Luhn", ("carte de crédit", "Visa", "Mastercard", "card"), find
)
