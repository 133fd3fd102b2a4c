"""A text as the recognizers read it, and the way back to where its characters stood. *Data*.

A text is normalised once. What stands for one character becomes that character: no-break and thin spaces are spaces,
every dash is a hyphen, every digit of every script is an ASCII digit, accents are gone, look-alike letters (Cyrillic,
Greek, full-width, mathematical) are Latin. What hides or spells a character is undone, one level deep: zero-width and
bidirectional marks are dropped; HTML entities, JSON escapes and percent-encoding are read. `span` gives the original
offsets back.
"""

from __future__ import annotations

import html
import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Hashable
from functools import cache
from urllib.parse import unquote_to_bytes

_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U000e0000-\U000e01ef"
)
_TRIGGER = re.compile(rf"[{_HIDDEN}&%\\]")
_SEQUENCE = re.compile(
    rf"[{_HIDDEN}]+"
    r"|&(?:\#[0-9]{1,6}|\#[xX][0-9a-fA-F]{1,5}|[A-Za-z]{2,8}[0-9]{0,2});"
    r"|%(?:[2-7][0-9A-Fa-f]|[cdCD][0-9A-Fa-f]%[89abAB][0-9A-Fa-f]|[eE][0-9A-Fa-f](?:%[89abAB][0-9A-Fa-f]){2})"
    r"|\\{1,4}(?:u[0-9A-Fa-f]{4}|[nrt])"
)
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\v\f\u2800"
_COMMON = tuple(
    zip(
        "éèêëàâçîïôöùûüœÉÈÊÀÂÇÎÔ\u00a0\u202f\u2009’‘«»“”–—\u2011°º…",
        'eeeeaaciioouuuoEEEAACIO   \'\'""""---oo.',
        strict=True,
    )
)
_LOOKALIKE = dict(
    zip(
        "АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧονιρυχ",
        "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYXoviypx".replace("iypx", "ipux"),
        strict=True,
    )
)
_SIGNS = dict(
    zip(
        "‐‑‒–—―−﹘﹣⁃‘’‚‛ʼʹ′`´“”„‟«»‹›″⁄∕·•∙…°º№œŒæÆßøØłŁđĐıŠš⑆⑇⑈⑉",
        "----------" + "'" * 9 + '"' * 9 + "//...." + "oonoOaAsoOlLdDiSs" + "----",
        strict=True,
    )
)
_TABULAR = ("|", "\t", ";", ",")


@cache
def _table() -> dict[int, str]:
    """One character for one character; whatever is not in it stays."""
    table = {ord(character): " " for character in _SPACES} | {0x2028: "\n", 0x2029: "\n", 0x85: "\n"}
    ranges = ((0xAA, 0x250), (0x1E00, 0x1F00), (0x2070, 0x2190), (0x2460, 0x2500), (0xFF01, 0xFF5F), (0x1D400, 0x1D800))
    for low, high in ranges:
        for code in range(low, high):
            plain = unicodedata.normalize("NFKD", chr(code))
            if (
                plain
                and plain[0].isascii()
                and plain[0] != " "
                and all(unicodedata.combining(rest) for rest in plain[1:])
            ):
                table[code] = plain[0]
    for code in range(0x660, 0x1FC00):
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            table[code] = str(digit)
    return table | {ord(sign): plain for sign, plain in (_LOOKALIKE | _SIGNS).items()}


def flat(text: str) -> str:
    """The text without accents, odd spaces, odd dashes, odd digits, look-alikes; of the same length."""
    if text.isascii():
        return text
    for odd, plain in _COMMON:  # nearly every French text is done after these, at a tenth of the price of the table
        text = text.replace(odd, plain)
    return text if text.isascii() else text.translate(_table())


class View:
    """`plain` keeps case, `folded` is lower case; both of one length, in which recognizers give their offsets."""

    __slots__ = (
        "_ends",
        "_headings",
        "_lines",
        "_starts",
        "_tabbed",
        "folded",
        "has_digit",
        "known",
        "longest",
        "plain",
        "text",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: array[int] | None = None
        self._ends: array[int] | None = None
        self._tabbed = self._undone(text) if _TRIGGER.search(text) else text
        self.plain = flat(self._tabbed)
        self.folded = self.plain.lower()
        if len(self.folded) != len(self.plain):  # a letter whose lower case is longer (there is one in Unicode)
            self.folded = "".join(one.lower()[0] for one in self.plain)
        self.has_digit = _DIGIT.search(self.folded) is not None
        self.longest = max(map(len, self.folded.split()), default=0)
        self.known: dict[Hashable, bool] = {}
        self._lines: list[int] | None = None
        self._headings: list[int] = []

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in `plain` and `folded` as offsets in `text`."""
        if self._starts is None or self._ends is None or start >= end:
            return start, end
        return self._starts[start], self._ends[end - 1]

    def heading(self, at: int) -> str:
        """If `at` stands in a row of a table (Markdown, CSV), the heading of its column, folded; otherwise nothing."""
        if self._lines is None:
            self._lines, self._headings = _rows(self._tabbed)
        row = bisect_right(self._lines, at) - 1
        first = self._headings[row]
        if first in (-1, row):
            return ""
        head = self._line(first)
        delimiter = next((one for one in _TABULAR if one in head), "")
        column = self._tabbed.count(delimiter, self._lines[row], at) if delimiter else 0
        cells = head.split(delimiter, column + 1) if delimiter else []
        return words(flat(cells[column][:80])) if column < len(cells) else ""

    def _line(self, row: int) -> str:
        assert self._lines is not None
        end = self._lines[row + 1] if row + 1 < len(self._lines) else len(self._tabbed)
        return self._tabbed[self._lines[row] : end]

    def _undone(self, text: str) -> str:
        """The text with hidden characters dropped and spelled ones read; sets the way back if anything changed."""
        parts: list[str] = []
        starts, ends = array("l"), array("l")
        at = 0
        for match in _SEQUENCE.finditer(text):
            meant = _meant(match[0])
            if meant is None:
                continue
            start, end = match.span()
            parts += (text[at:start], meant)
            starts.extend(range(at, start))
            ends.extend(range(at + 1, start + 1))
            starts.extend([start] * len(meant))
            ends.extend([end] * len(meant))
            at = end
        if not parts:
            return text
        starts.extend(range(at, len(text)))
        ends.extend(range(at + 1, len(text) + 1))
        self._starts, self._ends = starts, ends
        return "".join([*parts, text[at:]])


_DIGIT = re.compile("[0-9]")
_CAMEL = re.compile("([a-z]{2})(?=[A-Z])")
_TAG = re.compile(
    "</?(?:time|b|strong|i|em|span|t[dhr]|p|br|div|li|[aou]l?|font|code|small|label|d[dtl]|h[1-6]|mark|tt)"
    "(?: [^<>\n]{0,60})?/?>[ ]?"
)


def words(plain: str) -> str:
    """What stands before a value, as words: `date_naissance`, `dateNaissance` are "date naissance"; HTML's own tags are gone."""
    if "<" in plain:
        plain = _TAG.sub(" ", plain)
    if "_" in plain:
        plain = plain.replace("_", " ")
    return (_CAMEL.sub(r"\1 ", plain) if _CAMEL.search(plain) else plain).lower()


def _meant(sequence: str) -> str | None:
    """What a sequence stands for; None if it is to be left as it is."""
    first = sequence[0]
    if first == "&":
        read = html.unescape(sequence)
        return read if len(read) == 1 else None
    if first == "%":
        try:
            return unquote_to_bytes(sequence).decode()
        except UnicodeDecodeError:
            return None
    if first == "\\":
        bare = sequence.lstrip("\\")
        read = chr(int(bare[1:], 16)) if bare[0] == "u" else "\n"
        return "" if _TRIGGER.match(read) and read not in "&%\\" else read
    return ""


def _rows(text: str) -> tuple[list[int], list[int]]:
    """Where each line starts, and for each the line that heads its table (-1: none)."""
    starts, headings = [0], []
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    starts.pop()
    previous: tuple[str, int] = ("", 0)
    head = -1
    for row, line in enumerate(text.split("\n")):
        shape = next(
            ((one, count) for one in _TABULAR if (count := line.count(one)) >= (2 if one == "," else 1)), ("", 0)
        )
        if shape[1] == 0:
            head = -1
        elif shape != previous:
            head = row
        previous = shape
        headings.append(head)
    return starts, headings
