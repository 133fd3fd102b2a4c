"""How a text is cut into units that are analysed, and remembered, each by itself. Pure.

A unit is one or more whole paragraphs, so that a value over two lines, a signature or a table stays in one piece. Where a
text must be cut inside a paragraph (a long table, a million digits), neighbours overlap, so that what stands on the cut is
whole in one of them. Cuts depend on the text alone: the same text is always cut the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

WHOLE = 2_000  # characters: a text no longer than this is one unit
ENOUGH = 600  # from here on, a blank line ends a unit
LONGEST = 8_000  # here a unit ends, blank line or not
OVERLAP = 240
ARMOUR = 12_000  # a private key between its armour lines stays whole up to this

_BLANK = re.compile(r"\n[ \t\r\u00a0>]*\n\s*")
_ARMOUR = re.compile(r"-----BEGIN [^\n]{1,60}-----")

Span = tuple[int, int, str, float]


def units(text: str) -> list[tuple[int, str]]:
    """The units of a text with their offsets; what is between them is blank."""
    if len(text) <= WHOLE:
        return [(0, text)] if text.strip() else []
    found: list[tuple[int, str]] = []
    for begin, end in _blocks(text):
        start = begin
        while end - start > LONGEST:
            cut = _cut(text, start)
            found.append((start, text[start:cut]))
            start = _overlapped(text, cut)
        found.append((start, text[start:end]))
    return [one for one in found if one[1].strip()]


def joined(parts: Iterable[tuple[int, Iterable[Span]]]) -> tuple[Span, ...]:
    """The findings of units as findings of the text, in order; what an overlap saw twice or in part is there once."""
    spans = sorted({(start + at, end + at, kind, score) for at, found in parts for start, end, kind, score in found})
    kept: list[Span] = []
    for one in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not any(other[2] == one[2] and other[0] <= one[0] and one[1] <= other[1] for other in reversed(kept[-8:])):
            kept.append(one)
    return tuple(sorted(kept))


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs taken together until there is enough; a line that ends with a colon keeps what follows."""
    start = 0
    keep_until = 0
    armours = [match.start() for match in _ARMOUR.finditer(text)]
    for match in _BLANK.finditer(text):
        while armours and armours[0] < match.start():
            begins = armours.pop(0)
            ends = text.find("-----END", begins, begins + ARMOUR)
            keep_until = max(keep_until, ends)
        if match.start() - start >= ENOUGH and match.start() > keep_until and text[match.start() - 1] != ":":
            yield start, match.start()
            start = match.end()
    yield start, len(text)


def _cut(text: str, start: int) -> int:
    """Where to end a unit that is too long: after a line, a sentence, a word, or anywhere."""
    low, high = start + LONGEST // 2, start + LONGEST
    for mark in ("\n", ". ", " "):
        at = text.rfind(mark, low, high)
        if at > 0:
            return at + len(mark)
    return high


def _overlapped(text: str, cut: int) -> int:
    """Where the next unit begins: before the cut, at the start of a line or a word."""
    low = cut - OVERLAP
    for mark in ("\n", " "):
        at = text.find(mark, low, cut - OVERLAP // 2)
        if at > 0:
            return at + 1
    return low
